"""Drift as findings: one for each column and window, so that its measures can be seen over time."""

from __future__ import annotations

import math
from datetime import datetime

from analyzers.findings import Finding, Measures
from analyzers.monitors.drift.comparing import ColumnDrift
from analyzers.monitors.drift.report import DriftReport
from analyzers.stores.base import Window
from shipper.fingerprint import digest

MEASURES = (
    "kolmogorov_smirnov",
    "wasserstein",
    "clipped",
    "share_moved",
    "population_stability_index",
    "population_stability_p",
    "jensen_shannon",
    "hellinger",
    "missing",
    "reference_missing",
)
"""Attributes of a column's drift that are kept."""


def drift_findings(
    report: DriftReport, window: Window, model: str | None, version: str | None
) -> list[Finding]:
    """Return a finding for each column that has rows, also of segments, and for all together.

    Args:
        report: The report on a window.
        window: The window; both ends are needed.
        model: The model, where it is one.
        version: Its version, where it is one.

    Raises:
        ValueError: If an end of the window is missing.
    """
    maker = _Maker(report, window.ends(), model, version)
    found = [maker.column(one) for one in report.columns if math.isfinite(one.share_moved)]
    found += [
        maker.column(one, value)
        for value, columns in report.segments.items()
        for one in columns
        if math.isfinite(one.share_moved)
    ]
    return found + maker.together()


class _Maker:
    def __init__(
        self,
        report: DriftReport,
        ends: tuple[datetime, datetime],
        model: str | None,
        version: str | None,
    ) -> None:
        self._report = report
        self._ends = ends
        self._model = model
        self._version = version

    def column(self, one: ColumnDrift, segment: str | None = None) -> Finding:
        """Return the finding of a column, of all rows or of those of a segment."""
        measures = Measures(
            name=one.column,
            category=one.kind,
            is_alarming=one.is_drifted,
            reference=self._report.reference,
            values=tuple((name, getattr(one, name)) for name in MEASURES),
        )
        said = _sentence(one)
        if segment is not None:
            said = f"In {segment}: {said}"
        return self._finding(
            one.column, said, one.n, one.share_moved, one.p, one.q, measures, segment
        )

    def together(self) -> list[Finding]:
        """Return the findings about all columns together."""
        found = []
        built, domain = self._report.reconstruction, self._report.domain
        if built is not None and built.error is not None:
            verdict = "no longer" if built.is_drifted else "still"
            found.append(
                self._finding(
                    "all numeric columns",
                    f"Numeric columns {verdict} go together as they did (p = {built.p or 0:.2g}).",
                    built.n, None, built.p, None,
                    self._all("all numeric columns", built.is_drifted, {
                        "reconstruction_error": built.error,
                        "reference_reconstruction_error": built.reference_error,
                    }),
                )
            )  # fmt: skip
        if domain is not None and domain.roc_auc is not None:
            verdict = "can" if domain.is_drifted else "cannot"
            by = ", ".join(name for name, _ in domain.columns)
            told = f", mostly by {by}" if domain.is_drifted and by else ""
            found.append(
                self._finding(
                    "all columns",
                    f"A classifier {verdict} tell rows from the reference's{told} "
                    f"(ROC AUC {domain.roc_auc:.3f}).",
                    domain.n, None, domain.p, None,
                    self._all("all columns", domain.is_drifted, {
                        "roc_auc": domain.roc_auc,
                        "roc_auc_low": domain.low,
                        "roc_auc_high": domain.high,
                    }),
                )
            )  # fmt: skip
        return found

    def _all(self, name: str, is_drifted: bool, values: dict[str, float | None]) -> Measures:
        return Measures(
            name, "multivariate", is_drifted, self._report.reference, tuple(values.items())
        )

    def _finding(
        self,
        subject: str,
        summary: str,
        n: int,
        effect: float | None,
        p: float | None,
        q: float | None,
        measures: Measures,
        segment: str | None = None,
    ) -> Finding:
        place = ("drift", self._model or "", self._version or "", subject)
        return Finding(
            kind="drift",
            id=digest(place if segment is None else (*place, segment)),
            subject=subject,
            summary=summary,
            model=self._model,
            version=self._version,
            segment=segment,
            since=self._ends[0],
            until=self._ends[1],
            n=n,
            requests=self._report.rows,
            effect=effect,
            p=p,
            q=q,
            onset=self._ends,
            last_seen=self._ends[1],
            severity="warning" if measures.is_alarming else "info",
            evidence=(measures,),
        )


def _sentence(column: ColumnDrift) -> str:
    if column.q is None:
        return f"{column.column} is not judged: {column.reason}."
    verdict = "has drifted" if column.is_drifted else "has not drifted"
    return (
        f"{column.column} {verdict}: {column.share_moved:.1%} of its values moved "
        f"(q = {column.q:.2g})."
    )

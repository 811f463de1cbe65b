"""Drift as findings: one for each column and window, so that its measures can be seen over time."""

from __future__ import annotations

import math

from analyzers.findings import Finding, Measures
from analyzers.monitors.drift import ColumnDrift
from analyzers.monitors.drift_report import DriftReport
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
    """Return a finding for each column that has rows.

    Args:
        report: The report on a window.
        window: The window; both ends are needed.
        model: The model, where it is one.
        version: Its version, where it is one.

    Raises:
        ValueError: If an end of the window is missing.
    """
    ends = window.ends()
    return [
        Finding(
            kind="drift",
            id=digest(("drift", model or "", version or "", column.column)),
            subject=column.column,
            summary=_sentence(column),
            model=model,
            version=version,
            since=ends[0],
            until=ends[1],
            n=column.n,
            requests=report.rows,
            effect=column.share_moved,
            p=column.p,
            q=column.q,
            onset=ends,
            last_seen=ends[1],
            severity="warning" if column.is_drifted else "info",
            evidence=(_measures(report, column),),
        )
        for column in report.columns
        if math.isfinite(column.share_moved)
    ]


def _measures(report: DriftReport, column: ColumnDrift) -> Measures:
    return Measures(
        name=column.column,
        category=column.kind,
        is_alarming=column.is_drifted,
        reference=report.reference,
        values=tuple((name, getattr(column, name)) for name in MEASURES),
    )


def _sentence(column: ColumnDrift) -> str:
    if column.q is None:
        return f"{column.column} is not judged: {column.reason}."
    verdict = "has drifted" if column.is_drifted else "has not drifted"
    return (
        f"{column.column} {verdict}: {column.share_moved:.1%} of its values moved "
        f"(q = {column.q:.2g})."
    )

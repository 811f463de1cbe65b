"""Performance as findings: of each window all predictions, each group, and what makes up charts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from analyzers.findings import Finding, Measures, Severity
from analyzers.monitors.performance.measures import Performance
from analyzers.monitors.performance.slices import PerformanceReport, Slice
from analyzers.stores.base import Window
from shipper.fingerprint import digest

MOST_CLASSES = 20
"""Classes up to which each cell of the confusion matrix is kept."""

NUMBERS = (
    "labelled", "coverage", "lag_median", "lag_p95", "error_rate", "duration_p50", "duration_p95",
    "duration_p99", "rating", "ratings",
)  # fmt: skip
"""Attributes of a performance that are kept beside its measures."""

Values = list[tuple[str, float | None]]


def performance_findings(
    report: PerformanceReport,
    classes: Sequence[str],
    window: Window,
    model: str | None,
    version: str | None,
) -> list[Finding]:
    """Return the findings of one window.

    Args:
        report: The report on the window, without windows of its own.
        classes: The classes, in the order of the confusion matrix.
        window: The window; both ends are needed.
        model: The model, where it is one.
        version: Its version, where it is one.

    Raises:
        ValueError: If an end of the window is missing.
    """
    if not report.overall.performance.rows:
        return []
    maker = _Maker(report, window, model, version)
    found = [maker.slice(report.overall, "all", "")]
    for scope, slices in report.groups.items():
        found += [maker.slice(one, scope, one.name) for one in slices]
    found += maker.details(report.overall.performance, classes)
    return found


class _Maker:
    def __init__(
        self, report: PerformanceReport, window: Window, model: str | None, version: str | None
    ) -> None:
        self._report = report
        self._ends = window.ends()
        self._model = model
        self._version = version

    def slice(self, one: Slice, scope: str, name: str) -> Finding:
        """Return the finding of some predictions."""
        found = one.performance
        values: Values = [(key, getattr(found, key)) for key in NUMBERS]
        values += [("loss", found.loss.mean), ("reference_loss", self._report.reference_loss)]
        values += [("is_mistaken", float(one.is_mistaken))]
        for measure in found.measures:
            values.append((measure.name, measure.value))
            if measure.low is not None and measure.high is not None:
                values.append((f"low.{measure.name}", measure.low))
                values.append((f"high.{measure.name}", measure.high))
        for measure in one.estimation.measures if one.estimation else ():
            values.append((f"estimated.{measure.name}", measure.value))
            values.append((f"estimated.low.{measure.name}", measure.low))
            values.append((f"estimated.high.{measure.name}", measure.high))
        labels = [("task", found.task or ""), ("positive", found.positive or "")]
        return self._finding(
            scope, name, found, values, labels,
            summary=_sentence(one, scope, self._report.reference_loss),
            is_alarming=one.is_worse,
            severity="warning" if one.is_worse or one.is_mistaken else "info",
            p=one.p, q=one.q,
        )  # fmt: skip

    def details(self, found: Performance, classes: Sequence[str]) -> Iterator[Finding]:
        """Yield each class, each cell of the confusion matrix, and each bin of calibration."""
        labels: list[tuple[str, str]] = [("task", found.task or "")]
        for one in found.classes:
            values: Values = [
                ("count", one.n), ("precision", one.precision), ("recall", one.recall),
                ("f1", one.f1),
            ]  # fmt: skip
            yield self._finding("class", one.name, found, values, labels, one.name)
        if len(classes) <= MOST_CLASSES:
            for actual, row in zip(classes, found.confusion, strict=False):
                for predicted, count in zip(classes, row, strict=True):
                    if count:
                        pair = [*labels, ("actual", actual), ("predicted", predicted)]
                        name = f"{actual} as {predicted}"
                        yield self._finding("cell", name, found, [("count", count)], pair, name)
        for bin_ in found.calibration:
            values = [
                ("count", bin_.n), ("probability", bin_.predicted), ("observed", bin_.observed)
            ]  # fmt: skip
            name = f"{math.floor(min(bin_.predicted, 0.999) * 10) / 10:.1f}"
            yield self._finding("bin", name, found, values, labels, f"scores from {name}")

    def _finding(
        self,
        scope: str,
        name: str,
        found: Performance,
        values: Sequence[tuple[str, float | None]],
        labels: Sequence[tuple[str, str]],
        summary: str,
        is_alarming: bool = False,
        severity: Severity = "info",
        p: float | None = None,
        q: float | None = None,
    ) -> Finding:
        model, version = self._model or "", self._version or ""
        subject = "performance" if not name else f"performance of {scope} {name}"
        return Finding(
            kind="performance",
            id=digest(("performance", model, version, scope, name)),
            subject=subject,
            summary=summary,
            model=self._model,
            version=name if scope == "version" else self._version,
            segment=name if scope == "segment" else None,
            since=self._ends[0],
            until=self._ends[1],
            n=found.labelled,
            requests=found.rows,
            effect=None,
            p=p,
            q=q,
            onset=self._ends,
            last_seen=self._ends[1],
            severity=severity,
            evidence=(
                Measures(
                    name, scope, is_alarming, self._report.reference, tuple(values), tuple(labels)
                ),
            ),
        )


def _sentence(one: Slice, scope: str, reference: float | None) -> str:
    found = one.performance
    who = "" if scope == "all" else f" of {scope} {one.name}"
    if not found.labelled:
        return f"The performance{who} is not known yet: {'; '.join(found.notes)}."
    name = "mean absolute error" if found.task == "regression" else "share of wrong classes"
    said = f"The {name}{who} is {found.loss.mean:.3g} over {found.labelled:,} labelled predictions"
    if one.q is None or reference is None:
        return f"{said}."
    verdict = "surely and much worse than" if one.is_worse else "beside"
    return f"{said}, {verdict} {reference:.3g} in the reference (q = {one.q:.2g})."

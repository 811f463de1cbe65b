"""Performance in words and numbers, the same in every format."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analyzers.monitors.performance.concept_drift import LossChange
from analyzers.monitors.performance.measures import Measure, Performance
from analyzers.monitors.performance.slices import PerformanceReport, Slice
from analyzers.reports.wording import duration, probability
from analyzers.root_cause.summaries import share_text

SHOWN_CHANGES = 3
SHOWN_CLASSES = 20

NAMES = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "precision_macro": "precision, macro",
    "recall_macro": "recall, macro",
    "f1_macro": "F1, macro",
    "precision_weighted": "precision, weighted",
    "f1_weighted": "F1, weighted",
    "roc_auc": "ROC AUC",
    "roc_auc_macro": "ROC AUC, one against the rest",
    "average_precision": "average precision",
    "brier_score": "Brier score",
    "calibration_error": "calibration error",
    "log_loss": "log loss",
    "mean_absolute_error": "MAE",
    "root_mean_squared_error": "RMSE",
    "mean_absolute_percentage_error": "MAPE",
    "r2": "R²",
    "quantile_loss": "quantile loss",
    "mean_error": "mean error",
}
"""What people call the measures."""


def is_regression(report: PerformanceReport) -> bool:
    """Return whether numbers were predicted."""
    return report.overall.performance.task == "regression"


def primary_measures(report: PerformanceReport) -> tuple[str, str]:
    """Return the two measures that stand in tables of slices."""
    if is_regression(report):
        return "mean_absolute_error", "root_mean_squared_error"
    return "accuracy", "roc_auc" if report.overall.performance.task == "binary" else "f1_macro"


def performance_headline(report: PerformanceReport) -> str:
    """Return the report in one sentence."""
    found = report.overall.performance
    if not found.labelled:
        return f"No performance yet: {'; '.join(found.notes) or 'nothing is labelled'}."
    name = primary_measures(report)[0]
    measured = next((one for one in found.measures if one.name == name), None)
    said = f"{NAMES[name]} {measure_text(measured)}"
    covered = f"{found.labelled:,} of {found.rows:,} predictions have a label"
    worse = [one for one in report.windows if one.is_worse]
    if worse:
        covered += f"; worse than the reference in {len(worse)} of {len(report.windows)} windows"
    return f"{said[:1].upper()}{said[1:]}; {covered}."


def performance_notes(report: PerformanceReport) -> list[str]:
    """Return what a reader must know beside the numbers."""
    found, notes = report.overall.performance, []
    if found.lag_median is not None and found.lag_p95 is not None:
        notes.append(
            f"labels came {duration(found.lag_median)} after their prediction (median; 95 % within "
            f"{duration(found.lag_p95)})"
        )
    if found.positive is not None:
        notes.append(f"the positive class is {found.positive!r}")
    notes += found.notes if found.labelled else ()
    counted = (
        (report.notes.duplicates, "predictions were there twice and count once"),
        (report.notes.without_id, "predictions have no id, which no label can reach"),
        (report.notes.corrected, "labels were corrected: the latest counts"),
        (report.notes.contradictory, "predictions have several labels of one time: none counts"),
        (report.notes.unreadable, "scores, ratings or times could not be read, and are missing"),
        (report.notes.unmatched, "labels are of predictions that are not among these"),
    )
    notes += [f"{number:,} {what}" for number, what in counted if number]
    if len(report.windows) > 1 and _is_estimated(report):
        primary = NAMES[primary_measures(report)[0]]
        notes.append(f"the estimate is of the {primary}, from the predictions alone")
    mistaken = [one.name for one in report.windows if one.is_mistaken]
    if mistaken:
        notes.append(
            f"the estimate was wrong in {len(mistaken)} of {len(report.windows)} windows (first: "
            f"{mistaken[0]}): what follows from the inputs has changed, and estimates of later "
            "windows cannot be trusted"
        )
    warned = dict.fromkeys(
        text
        for one in report.slices()
        for text in (one.estimation.warnings if one.estimation else ())
    )
    return [*notes, *warned]


def changes_text(changes: Sequence[LossChange], is_number: bool) -> list[str]:
    """Return the largest changes of the mean loss as sentences, in order of time."""
    what = "mean absolute error" if is_number else "share of wrong classes"
    largest = sorted(changes, key=lambda one: -abs(one.after - one.before))[:SHOWN_CHANGES]
    said = [
        f"since {one.since:%Y-%m-%d %H:%M} the {what} is {'up' if one.is_worse else 'down'} from "
        f"{_number(one.before)} to {_number(one.after)} ({one.detector})"
        for one in sorted(largest, key=lambda one: one.since)
    ]
    if len(changes) > len(largest):
        said.append(f"{len(changes) - len(largest)} smaller changes")
    return said


def slice_headers(report: PerformanceReport, first: str, is_wide: bool = True) -> tuple[str, ...]:
    """Return the headers of a table of slices; where there is room, with q-values."""
    primary, second = (NAMES[name] for name in primary_measures(report))
    headers = [first, "n", "known", "lag", primary, second]
    if _is_estimated(report):
        headers.append("estimate")
    return (*headers, "q", "") if is_wide else (*headers, "")


def slice_row(report: PerformanceReport, one: Slice, is_wide: bool = True) -> tuple[str, ...]:
    """Return the cells of a slice, in the order of the headers."""
    found = one.performance
    primary, second = primary_measures(report)
    measured = next((item for item in found.measures if item.name == primary), None)
    cells = [
        one.name,
        f"{found.rows:,}",
        share_text(found.coverage) if math.isfinite(found.coverage) else "",
        _lag(found.lag_median),
        _with_half(measured),
        _number(found.value(second)),
    ]
    if _is_estimated(report):
        said = one.estimation.value(primary) if one.estimation else None
        cells.append(_number(said))
    if is_wide:
        cells.append(probability(one.q))
    return (*cells, verdict(one))


def verdict(one: Slice) -> str:
    """Return what is remarkable about a slice, in a word or two."""
    words = []
    if one.is_worse:
        words.append("WORSE")
    if one.is_mistaken:
        words.append("estimate off")
    if one.target is not None and one.target.is_drifted:
        words.append("labels drifted")
    return ", ".join(words)


def measure_row(measure: Measure, estimated: Measure | None) -> tuple[str, str, str, str, str]:
    """Return the cells of a measure: name, value, interval, and the same as estimated."""
    return (
        NAMES.get(measure.name, measure.name),
        _number(measure.value),
        interval_text(measure),
        _number(estimated.value if estimated else None),
        interval_text(estimated),
    )


def measure_rows(one: Slice) -> list[tuple[str, str, str, str, str]]:
    """Return the rows of all measures of a slice."""
    said = {item.name: item for item in (one.estimation.measures if one.estimation else ())}
    return [measure_row(item, said.get(item.name)) for item in one.performance.measures]


def class_rows(found: Performance) -> list[tuple[str, ...]]:
    """Return the rows of all classes, the most frequent ones."""
    ranked = sorted(found.classes, key=lambda one: (-one.n, one.name))
    return [
        (one.name, f"{one.n:,}", f"{one.predicted:,}", _number(one.precision), _number(one.recall),
         _number(one.f1))
        for one in ranked[:SHOWN_CLASSES]
    ]  # fmt: skip


CLASS_HEADERS = ("class", "true", "predicted", "precision", "recall", "F1")
MEASURE_HEADERS = ("measure", "value", "95 %", "estimated", "95 %")


def measure_text(measure: Measure | None) -> str:
    """Return a measure with its interval."""
    if measure is None:
        return "is not known"
    interval = interval_text(measure)
    return f"{_number(measure.value)} ({interval})" if interval else _number(measure.value)


def value_text(measure: Measure | None) -> str:
    """Return a measure's value."""
    return _number(measure.value if measure else None) or "-"


def interval_text(measure: Measure | None) -> str:
    """Return an interval, or nothing where there is none."""
    if measure is None or measure.low is None or measure.high is None:
        return ""
    return f"{_number(measure.low)} to {_number(measure.high)}"


def _lag(seconds: float | None) -> str:
    """Return a lag in its largest unit."""
    if seconds is None:
        return ""
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def _with_half(measure: Measure | None) -> str:
    """Return a measure and half of its interval."""
    if measure is None or measure.low is None or measure.high is None:
        return _number(measure.value if measure else None)
    return f"{_number(measure.value)} ±{_number((measure.high - measure.low) / 2)}"


def _is_estimated(report: PerformanceReport) -> bool:
    return any(one.estimation is not None for one in report.slices())


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}"

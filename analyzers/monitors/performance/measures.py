"""Performance: how good predictions were, of those whose outcome is known by now.

Every measure stands beside the share of predictions that have a label (coverage) and how long
labels took (lag): labels that come late are rarely like those that come early.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from analyzers.monitors.performance.outcomes import Flags, Floats, Outcomes, Places
from analyzers.statistics import classification as confusion
from analyzers.statistics.intervals import Estimate
from analyzers.statistics.probabilities import (
    CalibrationBin,
    brier_score,
    calibration_curve,
    calibration_error,
    log_loss,
)
from analyzers.statistics.ranking_quality import average_precision, roc_auc
from analyzers.statistics.regression import (
    determination,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_error,
    quantile_loss,
    root_mean_squared_error,
)

Task = Literal["binary", "multiclass", "regression"]

THRESHOLD = 0.5
"""Score from which a row counts as positive, where the model names no class."""

MOST_CLASSES = 50
"""Classes up to which a confusion matrix is shown."""

SUM_TOLERANCE = 0.01
"""How far the probabilities of all classes may sum up from one."""

Measures = dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of performance.

    Attributes:
        name: Its name.
        value: Its value.
        low: Lower end of its 95 % confidence interval, or None.
        high: Upper end, or None.
    """

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ClassPerformance:
    """How well one class was predicted.

    Attributes:
        name: The class.
        n: Rows that are of it.
        predicted: Rows that were predicted as it.
        precision: Share of those predicted that are of it, or None.
        recall: Share of its rows that were predicted, or None.
        f1: Harmonic mean of both, or None.
    """

    name: str
    n: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class Loss:
    """What each prediction cost: 1 for a wrong class, or the absolute error.

    Attributes:
        n: Number of predictions.
        mean: Mean loss; NaN without any.
        variance: Variance of one loss.
    """

    n: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Performance:
    """How good some predictions were.

    Attributes:
        task: `binary`, `multiclass` or `regression`; None where it cannot be told.
        rows: Predictions.
        labelled: Those whose outcome is known, and that can be compared with it.
        coverage: Their share.
        lag_median: Median seconds from a prediction to its first label, or None.
        lag_p95: 95th percentile of the same, or None.
        error_rate: Share of the predictions that failed.
        duration_p50: Median seconds that a prediction took, or None.
        duration_p95: 95th percentile of the same, or None.
        duration_p99: 99th percentile of the same, or None.
        ratings: Predictions that were rated.
        rating: Mean rating, or None.
        positive: The positive class, or None.
        loss: What is tested against a reference.
        measures: The measures.
        classes: How well each class was predicted.
        confusion: Counts: a row for each true class, a column for each predicted one.
        calibration: Predicted probabilities and how often they came true.
        notes: What could not be judged, and why.
    """

    task: Task | None
    rows: int
    labelled: int
    coverage: float
    lag_median: float | None
    lag_p95: float | None
    error_rate: float
    duration_p50: float | None
    duration_p95: float | None
    duration_p99: float | None
    ratings: int
    rating: float | None
    positive: str | None
    loss: Loss
    measures: tuple[Measure, ...] = ()
    classes: tuple[ClassPerformance, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def value(self, name: str) -> float | None:
        """Return the value of a measure; None where it was not taken."""
        return next((one.value for one in self.measures if one.name == name), None)


def task_of(outcomes: Outcomes, positive: int | None) -> Task | None:
    """Return what kind of prediction the rows are; None where it cannot be told."""
    if outcomes.is_regression:
        return "regression"
    if positive is not None:
        return "binary"
    return "multiclass" if outcomes.classes else None


def with_classes(outcomes: Outcomes, positive: int | None) -> Outcomes:
    """Return the rows with a predicted class where there was a score alone."""
    if positive is None or len(outcomes.classes) != 2 or (outcomes.predicted >= 0).any():
        return outcomes
    scored = np.isfinite(outcomes.score)
    decided = np.where(outcomes.score >= THRESHOLD, positive, 1 - positive)
    return replace(outcomes, predicted=np.where(scored, decided, -1))


def losses(outcomes: Outcomes) -> tuple[Flags, Floats]:
    """Return which rows can be judged, and what those cost: 0 or 1, or the absolute error."""
    if outcomes.is_regression:
        judged = np.isfinite(outcomes.value) & np.isfinite(outcomes.actual_value)
        return judged, np.abs(outcomes.value - outcomes.actual_value)[judged]
    judged = (outcomes.predicted >= 0) & (outcomes.actual >= 0)
    return judged, (outcomes.predicted != outcomes.actual)[judged].astype(float)


def measure(outcomes: Outcomes, positive: int | None) -> Performance:
    """Return how good predictions were.

    Args:
        outcomes: The rows; of any number.
        positive: Place of the positive class, or None.
    """
    outcomes = with_classes(outcomes, positive)
    task = task_of(outcomes, positive)
    judged, lost = losses(outcomes)
    known = outcomes.select(judged)
    shown = known.lag[np.isfinite(known.lag)]
    took = outcomes.duration[np.isfinite(outcomes.duration)]
    rated = outcomes.rating[np.isfinite(outcomes.rating)]
    found = Performance(
        task=task,
        rows=outcomes.rows,
        labelled=known.rows,
        coverage=known.rows / outcomes.rows if outcomes.rows else math.nan,
        lag_median=_percentile(shown, 50),
        lag_p95=_percentile(shown, 95),
        error_rate=float(outcomes.failed.mean()) if outcomes.rows else math.nan,
        duration_p50=_percentile(took, 50),
        duration_p95=_percentile(took, 95),
        duration_p99=_percentile(took, 99),
        ratings=rated.size,
        rating=float(rated.mean()) if rated.size else None,
        positive=outcomes.classes[positive] if positive is not None else None,
        loss=loss_of(lost, task),
    )
    if not known.rows:
        return replace(found, notes=(_why_not(outcomes),))
    if task == "regression":
        return replace(found, measures=_listed(_of_numbers(known)))
    return _with_classes(found, known, positive)


def loss_of(lost: Floats, task: Task | None) -> Loss:
    """Return the mean and variance of losses; shares are kept from a variance of zero."""
    n = lost.size
    if not n:
        return Loss(0, math.nan, math.nan)
    mean = float(lost.mean())
    if task == "regression":
        return Loss(n, mean, float(lost.var(ddof=1)) if n > 1 else math.nan)
    smoothed = (float(lost.sum()) + 1) / (n + 2)
    return Loss(n, mean, smoothed * (1 - smoothed))


def _with_classes(found: Performance, known: Outcomes, positive: int | None) -> Performance:
    names = known.classes
    matrix = confusion.confusion_matrix(known.actual, known.predicted, len(names))
    measures: Measures = {"accuracy": confusion.accuracy(matrix)}
    notes: list[str] = []
    curve: list[CalibrationBin] = []
    if positive is not None:
        measures |= {
            "precision": confusion.precision(matrix, positive),
            "recall": confusion.recall(matrix, positive),
            "f1": confusion.f1(matrix, positive),
        }
    measures |= {
        "precision_macro": confusion.macro_precision(matrix),
        "recall_macro": confusion.macro_recall(matrix),
        "f1_macro": confusion.averaged_f1(matrix, is_weighted=False),
        "precision_weighted": _alone(confusion.weighted_precision(matrix)),
        "f1_weighted": confusion.averaged_f1(matrix, is_weighted=True),
    }
    if positive is not None:
        came_true = known.actual == positive
        measures |= {
            "roc_auc": roc_auc(known.score, came_true),
            "average_precision": average_precision(known.score, came_true),
        }
    else:
        came_true = known.actual == known.predicted
    if np.isfinite(known.score).any():
        outside = int(((known.score < 0) | (known.score > 1)).sum())
        if outside:
            notes.append(f"{outside:,} scores are no probabilities: they are ranked, not more")
        curve = calibration_curve(known.score, came_true)
        measures["brier_score"] = brier_score(known.score, came_true)
        measures["calibration_error"] = _alone(calibration_error(curve))
        if positive is not None:
            measures["log_loss"] = log_loss(known.score, came_true)
    else:
        notes.append("without scores there is no ROC AUC, log loss or calibration")
    if positive is None and known.probabilities is not None:
        measures |= _of_probabilities(known, notes)
    return replace(
        found,
        measures=_listed(measures),
        classes=tuple(_by_class(names, matrix)),
        confusion=tuple(map(tuple, matrix.tolist())) if len(names) <= MOST_CLASSES else (),
        calibration=tuple(curve),
        notes=tuple(notes),
    )


def _of_numbers(known: Outcomes) -> Measures:
    a, p = known.actual_value, known.value
    return {
        "mean_absolute_error": mean_absolute_error(a, p),
        "root_mean_squared_error": root_mean_squared_error(a, p),
        "mean_absolute_percentage_error": mean_absolute_percentage_error(a, p),
        "r2": determination(a, p),
        "quantile_loss": quantile_loss(a, p),
        "mean_error": mean_error(a, p),
    }


def _of_probabilities(known: Outcomes, notes: list[str]) -> Measures:
    """Return what needs the probability of every class: one against the rest, and log loss."""
    p = known.probabilities
    assert p is not None  # noqa: S101
    sums = p.sum(axis=1)
    usable = np.abs(sums - 1) <= SUM_TOLERANCE
    if not usable.all():
        notes.append(f"the probabilities of {int((~usable).sum()):,} rows do not sum to one")
    p, actual = p[usable], known.actual[usable]
    if not p.size:
        return {}
    areas = [roc_auc(p[:, place], actual == place).value for place in range(p.shape[1])]
    defined = [area for area in areas if math.isfinite(area)]
    given = p[np.arange(actual.size), actual]
    return {
        "roc_auc_macro": _alone(float(np.mean(defined)) if defined else math.nan),
        "log_loss": log_loss(given, np.ones(given.size)),
    }


def _by_class(names: tuple[str, ...], matrix: Places) -> Iterator[ClassPerformance]:
    for place, name in enumerate(names):
        n, predicted = int(matrix[place].sum()), int(matrix[:, place].sum())
        if n or predicted:
            yield ClassPerformance(
                name, n, predicted,
                _known(confusion.precision(matrix, place).value),
                _known(confusion.recall(matrix, place).value),
                _known(confusion.f1(matrix, place).value),
            )  # fmt: skip


def _why_not(outcomes: Outcomes) -> str:
    if not outcomes.rows:
        return "there are no predictions"
    if not outcomes.is_labelled.any():
        return "no prediction has a label yet"
    if np.isfinite(outcomes.actual_value).any() != np.isfinite(outcomes.value).any():
        return "predictions and labels are not of one kind: classes here, numbers there"
    return "no labelled prediction has a class or a number"


def _listed(measures: Measures) -> tuple[Measure, ...]:
    return tuple(
        Measure(name, one.value, _known(one.low), _known(one.high))
        for name, one in measures.items()
        if math.isfinite(one.value)
    )


def _alone(value: float) -> Estimate:
    return Estimate(value, math.nan, math.nan)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _percentile(values: Floats, share: float) -> float | None:
    return float(np.percentile(values, share)) if values.size else None

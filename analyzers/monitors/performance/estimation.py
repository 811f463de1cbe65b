"""Performance without labels: what it should be if the model errs as it did in the reference.

Classifiers: the scores of the reference are calibrated, and each measure is what it is expected to
be if every row comes true with its calibrated probability (confidence-based performance
estimation). Regressors: boosted trees say what error the inputs let expect (direct loss
estimation). Both see shifts of the inputs. Neither sees a change of what follows from them (concept
drift): only labels show that, and where they have come the report compares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzers.monitors.performance.measures import Measure, with_classes
from analyzers.monitors.performance.outcome_profiles import ALL, OutcomeProfile, loss_inputs
from analyzers.monitors.performance.outcomes import Floats, Outcomes, Places
from analyzers.statistics.isotonic import Steps

MINIMUM_ROWS = 50
DRAWS = 200
RANKED_DRAWS = 30
OUTSIDE = 0.05
"""Share of the scores beyond those of the reference from which a warning is due."""

WIDTH = 1.959964
"""Standard errors of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Estimation:
    """Performance as it should be.

    Attributes:
        rows: Predictions that it rests on.
        measures: The measures, with intervals that hold the uncertainty of calibration, too.
        warnings: Why it may be wrong.
    """

    rows: int
    measures: tuple[Measure, ...] = ()
    warnings: tuple[str, ...] = ()

    def value(self, name: str) -> float | None:
        """Return the value of a measure; None where it was not estimated."""
        return next((one.value for one in self.measures if one.name == name), None)


def estimate(
    outcomes: Outcomes, positive: int | None, profile: OutcomeProfile, seed: int = 0
) -> Estimation:
    """Estimate performance from predictions alone; labels are not looked at.

    Args:
        outcomes: The predictions.
        positive: Place of the positive class, or None.
        profile: What is known of the reference's outcomes.
        seed: Seed of the draws behind the intervals.

    Source:
        J. Kivimäki et al., Confidence-Based Estimators for Predictive Performance in Model
        Monitoring, Journal of Artificial Intelligence Research 82 (2025); NannyML's documentation
        of both methods.
    """
    outcomes = with_classes(outcomes, positive)
    if profile.task == "regression":
        return _regression(outcomes, profile)
    if not profile.steps:
        return Estimation(0, warnings=("the reference has no scores to calibrate",))
    rows = np.isfinite(outcomes.score) & (outcomes.predicted >= 0)
    if int(rows.sum()) < MINIMUM_ROWS:
        return Estimation(int(rows.sum()), warnings=(f"fewer than {MINIMUM_ROWS} scores",))
    chosen = outcomes.select(rows)
    if profile.task == "binary":
        if positive is None or chosen.classes[positive] != profile.positive:
            return Estimation(0, warnings=("the classes are not those of the reference",))
        return _binary(chosen, positive, profile.steps[ALL], seed)
    return _multiclass(chosen, profile, seed)


def _binary(chosen: Outcomes, positive: int, steps: Steps, seed: int) -> Estimation:
    draw = np.random.default_rng(seed)
    place = steps.places(chosen.score)
    says_yes = chosen.predicted == positive
    kinds = len(steps.n)
    yes = np.bincount(place[says_yes], minlength=kinds)
    no = np.bincount(place[~says_yes], minlength=kinds)
    p = steps.probabilities()
    drawn = _perturbed(steps, draw, DRAWS)
    expected = _confusion((yes * p).sum(), yes.sum(), (no * p).sum(), no.sum())
    simulated = _confusion(
        draw.binomial(yes, drawn).sum(axis=1), yes.sum(), draw.binomial(no, drawn).sum(axis=1),
        no.sum(),
    )  # fmt: skip
    found = [
        _measure(name, float(value), float(np.nanstd(simulated[name])))
        for name, value in expected.items()
        if np.isfinite(value)
    ]
    found += _ranked(chosen.score, place, steps, p, drawn[:RANKED_DRAWS])
    squares = float(np.mean(p[place] * (1 - chosen.score) ** 2 + (1 - p[place]) * chosen.score**2))
    if ((chosen.score >= 0) & (chosen.score <= 1)).all():
        deviation = math.sqrt(squares * (1 - squares) / chosen.rows) if squares < 1 else 0.0
        found.append(_measure("brier_score", squares, deviation))
    return Estimation(chosen.rows, tuple(found), _warnings(chosen, steps))


def _confusion(
    hits: Floats | float, yes: int, misses: Floats | float, no: int
) -> dict[str, Floats]:
    """Return measures from expected or simulated counts; ``hits`` are true among ``yes``."""
    hits, misses = np.asarray(hits, dtype=float), np.asarray(misses, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "accuracy": (hits + no - misses) / (yes + no),
            "precision": hits / yes if yes else np.full_like(hits, np.nan),
            "recall": hits / (hits + misses),
            "f1": 2 * hits / (yes + hits + misses),
        }


def _ranked(scores: Floats, place: Places, steps: Steps, p: Floats, drawn: Floats) -> list[Measure]:
    """Return the expected area under the ROC curve."""
    order = np.argsort(scores, kind="stable")
    ranked, at = scores[order], place[order]
    first = np.append(0, np.flatnonzero(np.diff(ranked)) + 1)
    area = _expected_area(p[at], first)
    if not math.isfinite(area):
        return []
    positives = float(p[at].sum())
    sampling = _hanley_mcneil(area, positives, scores.size - positives)
    areas = [_expected_area(one[at], first) for one in drawn]
    return [_measure("roc_auc", area, math.sqrt(sampling + float(np.var(areas))))]


def _expected_area(p: Floats, first: NDArray[np.int64]) -> float:
    """Return the expected share of pairs in the right order, of rows sorted by score.

    Args:
        p: Probability of each row to be positive.
        first: Where each run of equal scores begins.
    """
    yes, no = np.add.reduceat(p, first), np.add.reduceat(1 - p, first)
    itself = np.add.reduceat(p * (1 - p), first)  # a row is no pair with itself
    below = np.cumsum(no) - no
    right = float((yes * below + (yes * no - itself) / 2).sum())
    pairs = float(yes.sum() * no.sum() - itself.sum())
    return right / pairs if pairs > 0 else math.nan


def _hanley_mcneil(area: float, m: float, n: float) -> float:
    """Return the variance of an area with so many positives and negatives.

    Source:
        J. Hanley, B. McNeil, The Meaning and Use of the Area under a Receiver Operating
        Characteristic Curve, Radiology 143 (1982).
    """
    if m <= 1 or n <= 1:
        return math.nan
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (m - 1) * (first - area**2) + (n - 1) * (second - area**2)
    return max(0.0, (area * (1 - area) + spread) / (m * n))


def _multiclass(chosen: Outcomes, profile: OutcomeProfile, seed: int) -> Estimation:
    draw = np.random.default_rng(seed)
    expected = variance = 0.0
    warnings: list[str] = []
    for place, name in enumerate(chosen.classes):
        rows = chosen.predicted == place
        steps = profile.steps.get(name) or profile.steps.get(ALL)
        if not rows.any() or steps is None:
            continue
        n = np.bincount(steps.places(chosen.score[rows]), minlength=len(steps.n))
        expected += float((n * steps.probabilities()).sum())
        variance += float(draw.binomial(n, _perturbed(steps, draw, DRAWS)).sum(axis=1).var())
        warnings += _warnings(chosen.select(rows), steps, f" of {name}")
    total = chosen.rows
    found = _measure("accuracy", expected / total, math.sqrt(variance) / total)
    return Estimation(total, (found,), tuple(warnings))


def _regression(outcomes: Outcomes, profile: OutcomeProfile) -> Estimation:
    rows = np.isfinite(outcomes.value)
    n = int(rows.sum())
    if n < MINIMUM_ROWS:
        return Estimation(n, warnings=(f"fewer than {MINIMUM_ROWS} predictions",))
    absolute, squared = (profile.loss_models.get(name) for name in ("absolute", "squared"))
    if absolute is None or squared is None:
        return Estimation(0, warnings=("the reference has too few labels to learn errors from",))
    inputs = loss_inputs(outcomes.select(rows))
    missing = [name for name in absolute.inputs if name not in inputs]
    notes = tuple(f"the input {name} is not there: its median is taken" for name in missing)
    mean = float(absolute.expected(inputs).mean())
    square = float(squared.expected(inputs).mean())
    spread = math.sqrt(1 / n + 1 / absolute.n)
    root = math.sqrt(square)
    found = [_measure("mean_absolute_error", mean, absolute.deviation * spread, math.inf)]
    if root > 0:
        deviation = squared.deviation * spread / (2 * root)
        found.append(_measure("root_mean_squared_error", root, deviation, math.inf))
    return Estimation(n, tuple(found), notes)


def _perturbed(steps: Steps, draw: np.random.Generator, draws: int) -> Floats:
    """Return what the probabilities of the steps may truly be, shape (draws, steps)."""
    successes, n = np.array(steps.successes), np.array(steps.n)
    return draw.beta(successes + 0.5, n - successes + 0.5, size=(draws, n.size))


def _warnings(chosen: Outcomes, steps: Steps, what: str = "") -> tuple[str, ...]:
    outside = float(((chosen.score < steps.lowest) | (chosen.score > steps.highest)).mean())
    if outside < OUTSIDE:
        return ()
    return (f"{outside:.0%} of the scores{what} lie beyond those of the reference",)


def _measure(name: str, value: float, deviation: float, highest: float = 1.0) -> Measure:
    half = WIDTH * deviation
    return Measure(name, value, max(0.0, value - half), min(highest, value + half))

"""How good predicted probabilities are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analyzers.statistics.intervals import Estimate, mean_of

Floats = NDArray[np.float64]

BINS = 10
SMALLEST = float(np.finfo(np.float64).eps)
"""Probabilities nearer to 0 or 1 count as this near: a certain error would cost infinitely much."""


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows whose predicted probabilities are alike.

    Attributes:
        n: Number of rows.
        predicted: Mean predicted probability.
        observed: Share of the rows for which it came true.
    """

    n: int
    predicted: float
    observed: float


def brier_score(probabilities: ArrayLike, outcomes: ArrayLike) -> Estimate:
    """Mean squared difference of a predicted probability and what came true.

    Args:
        probabilities: Probabilities, shape (n,); rows without one in [0, 1] are left out.
        outcomes: Whether it came true, shape (n,).

    Source:
        G. Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather
        Review 78 (1950); as scikit-learn's ``brier_score_loss``.
    """
    p, y = _checked(probabilities, outcomes)
    return mean_of((p - y) ** 2, 0.0, 1.0)


def log_loss(probabilities: ArrayLike, outcomes: ArrayLike) -> Estimate:
    """Mean negative logarithm of the probability given to what came true.

    Args:
        probabilities: Probabilities, shape (n,); rows without one in [0, 1] are left out.
        outcomes: Whether it came true, shape (n,).

    Source:
        C. Bishop, Pattern Recognition and Machine Learning, 2006, equation 4.90; as scikit-learn's
        ``log_loss``.
    """
    p, y = _checked(probabilities, outcomes)
    given = np.clip(np.where(y > 0, p, 1 - p), SMALLEST, 1 - SMALLEST)
    return mean_of(-np.log(given), 0.0)


def calibration_curve(
    probabilities: ArrayLike, outcomes: ArrayLike, bins: int = BINS
) -> list[CalibrationBin]:
    """Compare predicted probabilities with how often they came true.

    Args:
        probabilities: Probabilities, shape (n,); rows without one in [0, 1] are left out.
        outcomes: Whether it came true, shape (n,).
        bins: Number of bins of equal width.

    Returns:
        The bins that have rows, in order.

    Source:
        M. DeGroot, S. Fienberg, The Comparison and Evaluation of Forecasters, The Statistician 32
        (1983); as scikit-learn's ``calibration_curve``.
    """
    p, y = _checked(probabilities, outcomes)
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], p)
    n = np.bincount(place, minlength=bins)
    predicted = np.bincount(place, weights=p, minlength=bins)
    observed = np.bincount(place, weights=y, minlength=bins)
    return [
        CalibrationBin(int(n[b]), float(predicted[b] / n[b]), float(observed[b] / n[b]))
        for b in range(bins)
        if n[b]
    ]


def calibration_error(curve: list[CalibrationBin]) -> float:
    """Mean distance of predicted and observed shares over the bins, by rows; NaN without any.

    Args:
        curve: The calibration curve.

    Source:
        M. Naeini, G. Cooper, M. Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian
        Binning, AAAI 2015 (expected calibration error). With few rows in a bin it is above zero
        also for a perfectly calibrated model.
    """
    rows = sum(one.n for one in curve)
    if not rows:
        return math.nan
    return sum(one.n * abs(one.predicted - one.observed) for one in curve) / rows


def _checked(probabilities: ArrayLike, outcomes: ArrayLike) -> tuple[Floats, Floats]:
    p = np.atleast_1d(np.asarray(probabilities, dtype=float))
    y = np.atleast_1d(np.asarray(outcomes, dtype=float))
    if p.shape != y.shape or p.ndim != 1:
        raise ValueError("each probability needs an outcome")
    usable = (p >= 0) & (p <= 1) & np.isfinite(y)
    return p[usable], y[usable]

"""How well numbers were predicted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analyzers.statistics.intervals import UNDEFINED, Estimate, mean_of, with_deviation

Floats = NDArray[np.float64]


def mean_absolute_error(actual: ArrayLike, predicted: ArrayLike) -> Estimate:
    """Mean absolute difference, in the unit of the values.

    Args:
        actual: True values, shape (n,); rows without two finite values are left out.
        predicted: Predicted values, shape (n,).

    Source:
        R. Hyndman, A. Koehler, Another Look at Measures of Forecast Accuracy, International Journal
        of Forecasting 22 (2006); as scikit-learn's.
    """
    a, p = _checked(actual, predicted)
    return mean_of(np.abs(a - p), 0.0)


def root_mean_squared_error(actual: ArrayLike, predicted: ArrayLike) -> Estimate:
    """Root of the mean squared difference, in the unit of the values.

    Args:
        actual: True values, shape (n,); rows without two finite values are left out.
        predicted: Predicted values, shape (n,).

    Source:
        As ``mean_absolute_error``; the ends of the interval are roots of those of the mean.
    """
    a, p = _checked(actual, predicted)
    squares = mean_of((a - p) ** 2, 0.0)
    return Estimate(*(math.sqrt(x) for x in (squares.value, squares.low, squares.high)))


def mean_absolute_percentage_error(actual: ArrayLike, predicted: ArrayLike) -> Estimate:
    """Mean absolute difference as a share of the true value; rows that are truly 0 are left out.

    Args:
        actual: True values, shape (n,); rows without two finite values are left out.
        predicted: Predicted values, shape (n,).

    Source:
        As ``mean_absolute_error``. scikit-learn divides by a tiny number where the true value is 0,
        so that one such row decides everything; here such rows have no percentage.
    """
    a, p = _checked(actual, predicted)
    used = a != 0
    return mean_of(np.abs((a[used] - p[used]) / a[used]), 0.0)


def determination(actual: ArrayLike, predicted: ArrayLike) -> Estimate:
    """Share of the variance that is explained, R²; below 0 for less than the mean would.

    Args:
        actual: True values, shape (n,); rows without two finite values are left out.
        predicted: Predicted values, shape (n,).

    Returns:
        The estimate, with an interval by the delta method; undefined with fewer than two rows or
        where all true values are equal.

    Source:
        S. Wright, Correlation and Causation, Journal of Agricultural Research 20 (1921); as
        scikit-learn's ``r2_score``.
    """
    a, p = _checked(actual, predicted)
    if a.size < 2 or a.min() == a.max():
        return UNDEFINED
    residual, total = (a - p) ** 2, (a - a.mean()) ** 2
    ratio = float(residual.sum() / total.sum())
    influence = (residual - ratio * total) / total.mean()
    deviation = float(influence.std(ddof=1)) / math.sqrt(a.size)
    return with_deviation(1 - ratio, deviation, highest=1.0)


def quantile_loss(actual: ArrayLike, predicted: ArrayLike, share: float = 0.5) -> Estimate:
    """Mean pinball loss: what a forecast of a quantile is judged by.

    Args:
        actual: True values, shape (n,); rows without two finite values are left out.
        predicted: Predicted values, shape (n,).
        share: The quantile that was predicted, in (0, 1).

    Raises:
        ValueError: If the share is not in (0, 1).

    Source:
        R. Koenker, G. Bassett, Regression Quantiles, Econometrica 46 (1978); as scikit-learn's
        ``mean_pinball_loss``.
    """
    if not 0 < share < 1:
        raise ValueError("the share of a quantile must lie between 0 and 1")
    a, p = _checked(actual, predicted)
    return mean_of(np.maximum(share * (a - p), (share - 1) * (a - p)), 0.0)


def mean_error(actual: ArrayLike, predicted: ArrayLike) -> Estimate:
    """Mean of predicted less true value: above 0 where predictions are too high.

    Args:
        actual: True values, shape (n,); rows without two finite values are left out.
        predicted: Predicted values, shape (n,).

    Source:
        As ``mean_absolute_error``.
    """
    a, p = _checked(actual, predicted)
    return mean_of(p - a)


def _checked(actual: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    a, p = (np.atleast_1d(np.asarray(x, dtype=float)) for x in (actual, predicted))
    if a.shape != p.shape or a.ndim != 1:
        raise ValueError("each row needs a true and a predicted value")
    usable = np.isfinite(a) & np.isfinite(p)
    return a[usable], p[usable]

"""How well scores put positives before negatives."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analyzers.statistics.intervals import UNDEFINED, Estimate, odds_scaled

Floats = NDArray[np.float64]


def roc_auc(scores: ArrayLike, positives: ArrayLike) -> Estimate:
    """Probability that a positive has a higher score than a negative; ties count half.

    Args:
        scores: Scores, shape (n,); rows without a finite one are left out.
        positives: Whether each row is positive, shape (n,).

    Returns:
        The area under the ROC curve with DeLong's variance; undefined with one class alone.

    Raises:
        ValueError: If the shapes differ.

    Source:
        E. DeLong, D. DeLong, D. Clarke-Pearson, Comparing the Areas under Two or More Correlated
        Receiver Operating Characteristic Curves, Biometrics 44 (1988), computed as X. Sun, W. Xu,
        IEEE Signal Processing Letters 21 (2014).
    """
    x, y = _checked(scores, positives)
    m, n = int(y.sum()), int(y.size - y.sum())
    if not m or not n:
        return UNDEFINED
    positive, negative = np.sort(x[y]), np.sort(x[~y])
    # for each positive the negatives below it, and for each negative the positives above it
    above = (_left(negative, positive) + _right(negative, positive)) / 2 / n
    below = 1 - (_left(positive, negative) + _right(positive, negative)) / 2 / m
    area = float(above.mean())
    variance = (above.var(ddof=1) / m if m > 1 else math.nan) + (
        below.var(ddof=1) / n if n > 1 else math.nan
    )
    return odds_scaled(area, math.sqrt(variance) if variance >= 0 else math.nan)


def average_precision(scores: ArrayLike, positives: ArrayLike) -> Estimate:
    """Area under the precision-recall curve, without interpolation.

    Args:
        scores: Scores, shape (n,); rows without a finite one are left out.
        positives: Whether each row is positive, shape (n,).

    Returns:
        The estimate; undefined without a positive row.

    Raises:
        ValueError: If the shapes differ.

    Source:
        As scikit-learn's ``average_precision_score``; the logit interval of K. Boyd, K. Eng,
        C. Page, Area under the Precision-Recall Curve, ECML PKDD 2013.
    """
    x, y = _checked(scores, positives)
    m = int(y.sum())
    if not m:
        return UNDEFINED
    order = np.argsort(-x, kind="stable")
    ranked, hit = x[order], y[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), ranked.size - 1)  # of each run of ties
    hits = np.cumsum(hit)[last]
    precision = hits / (last + 1)
    value = float((np.diff(hits, prepend=0) * precision).sum() / m)
    return odds_scaled(value, math.sqrt(max(0.0, value * (1 - value)) / m))


def _left(sorted_values: Floats, asked: Floats) -> Floats:
    return np.searchsorted(sorted_values, asked, side="left").astype(float)


def _right(sorted_values: Floats, asked: Floats) -> Floats:
    return np.searchsorted(sorted_values, asked, side="right").astype(float)


def _checked(scores: ArrayLike, positives: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    x = np.atleast_1d(np.asarray(scores, dtype=float))
    y = np.atleast_1d(np.asarray(positives, dtype=bool))
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError("each score needs to be of a positive or a negative")
    usable = np.isfinite(x)
    return x[usable], y[usable]

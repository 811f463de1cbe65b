"""How far two distributions over the same bins lie apart, from their counts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]

SMOOTHING = 0.5
"""Added to each count of a bin before logarithms: Jeffreys' prior keeps an empty bin finite."""


def population_stability_index(reference: ArrayLike, current: ArrayLike) -> float:
    """Symmetrised Kullback-Leibler divergence of two sets of counts, ``sum (q - p) ln(q / p)``.

    Bins that are empty on both sides are left out; half a count is added to each of the others.

    Args:
        reference: Counts by bin, shape (k,); a bin for missing values is one of them.
        current: Counts in the same bins.

    Returns:
        A value from 0 on, without an upper bound; NaN where either side has no values.

    Raises:
        ValueError: If the shapes differ, or a count is negative or not finite.

    Source:
        H. Jeffreys, An Invariant Form for the Prior Probability in Estimation Problems, Proceedings
        of the Royal Society A 186 (1946); in credit scoring N. Siddiqi, Credit Risk Scorecards,
        2006, chapter 8.
    """
    p, q = _shares(reference, current, SMOOTHING)
    return float(((q - p) * np.log(q / p)).sum()) if p.size else math.nan


def population_stability_p_value(index: float, n: int, m: int, bins: int) -> float:
    """Probability of so large an index, or a larger one, without any drift.

    Without drift it is distributed as ``(1/n + 1/m)`` times chi-squared with ``bins - 1`` degrees
    of freedom: with few values a large index is no news.

    Args:
        index: The index.
        n: Values on one side.
        m: Values on the other.
        bins: Bins that are not empty on both sides.

    Returns:
        A p-value in [0, 1]; 1 with fewer than two bins, or without values on a side.

    Source:
        B. Yurdakul, J. Naranjo, Statistical Properties of the Population Stability Index, Journal
        of Risk Model Validation 14 (2020).
    """
    if n <= 0 or m <= 0 or bins < 2 or math.isnan(index):
        return 1.0
    return float(stats.chi2.sf(index / (1 / n + 1 / m), bins - 1))


def jensen_shannon_distance(reference: ArrayLike, current: ArrayLike) -> float:
    """Square root of the Jensen-Shannon divergence, in bits: 0 for equal shares, 1 for disjoint.

    Args:
        reference: Counts by bin, shape (k,).
        current: Counts in the same bins.

    Returns:
        A value from 0 to 1; NaN where either side has no values.

    Source:
        D. Endres, J. Schindelin, A New Metric for Probability Distributions, IEEE Transactions on
        Information Theory 49 (2003).
    """
    p, q = _shares(reference, current, 0.0)
    if not p.size:
        return math.nan
    middle = (p + q) / 2
    divergence = stats.entropy(p, middle, base=2) / 2 + stats.entropy(q, middle, base=2) / 2
    return float(math.sqrt(min(1.0, max(0.0, divergence))))


def hellinger_distance(reference: ArrayLike, current: ArrayLike) -> float:
    """Distance of the square roots of two sets of shares: 0 for equal shares, 1 for disjoint.

    Args:
        reference: Counts by bin, shape (k,).
        current: Counts in the same bins.

    Returns:
        A value from 0 to 1; NaN where either side has no values.

    Source:
        E. Hellinger, Neue Begründung der Theorie quadratischer Formen von unendlichvielen
        Veränderlichen, Journal für die reine und angewandte Mathematik 136 (1909).
    """
    p, q = _shares(reference, current, 0.0)
    if not p.size:
        return math.nan
    return float(min(1.0, math.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2)))


def share_moved(reference: ArrayLike, current: ArrayLike) -> float:
    """Share of the values that would have to change their bin: total variation distance.

    Args:
        reference: Counts by bin, shape (k,).
        current: Counts in the same bins.

    Returns:
        A value from 0 to 1; NaN where either side has no values.

    Source:
        D. Levin, Y. Peres, Markov Chains and Mixing Times, 2nd ed., chapter 4.
    """
    p, q = _shares(reference, current, 0.0)
    return float(np.abs(p - q).sum() / 2) if p.size else math.nan


def occupied_bins(reference: ArrayLike, current: ArrayLike) -> int:
    """Return the number of bins that are not empty on both sides."""
    a, b = _counts(reference, current)
    return int(((a + b) > 0).sum())


def _counts(reference: ArrayLike, current: ArrayLike) -> tuple[Floats, Floats]:
    a, b = (np.atleast_1d(np.asarray(x, dtype=float)) for x in (reference, current))
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError("both sides need counts of the same bins")
    if not np.isfinite(a).all() or not np.isfinite(b).all() or (a < 0).any() or (b < 0).any():
        raise ValueError("counts must be finite and not negative")
    return a, b


def _shares(reference: ArrayLike, current: ArrayLike, smoothing: float) -> tuple[Floats, Floats]:
    """Return the shares of the bins that are not empty on both sides; none without values."""
    a, b = _counts(reference, current)
    if not a.sum() or not b.sum():
        return np.empty(0), np.empty(0)
    used = (a + b) > 0
    a, b = a[used] + smoothing, b[used] + smoothing
    return a / a.sum(), b / b.sum()

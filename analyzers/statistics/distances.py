"""How far two numeric distributions lie apart, from what lies below each of some edges."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

LARGE = 2_000
"""Values from which the exact distribution takes long and its limit is as good."""

Floats = NDArray[np.float64]


def kolmogorov_smirnov(reference: ArrayLike, current: ArrayLike) -> float:
    """Largest difference of two cumulative distributions at the same points.

    Over edges in place of all values it is a lower bound; with edges at quantiles of the reference
    it is less than the true one by at most the share between two edges.

    Args:
        reference: Cumulative shares, shape (k,).
        current: Cumulative shares at the same points.

    Returns:
        A value from 0 to 1; NaN without points or with NaN among them.

    Source:
        N. Smirnov, Table for Estimating the Goodness of Fit of Empirical Distributions, Annals of
        Mathematical Statistics 19 (1948).
    """
    a, b = _pair(reference, current)
    return float(np.abs(a - b).max()) if a.size else math.nan


def kolmogorov_smirnov_p_value(statistic: float, n: int, m: int) -> float:
    """Probability of so large a difference, or a larger one, between samples of one distribution.

    Args:
        statistic: The difference.
        n: Values on one side.
        m: Values on the other.

    Returns:
        A p-value in [0, 1], from the two-sided one-sample distribution with ``n m / (n + m)``
        values, of more than 2,000 of them from its limit (within a few per cent); 1 without values
        on a side. With ties, and over edges, it is conservative.

    Source:
        As SciPy's ``ks_2samp`` does: J. Hodges, The Significance Probability of the Smirnov
        Two-Sample Test, Arkiv för Matematik 3 (1958); the limit's argument after M. Stephens, Use
        of the Kolmogorov-Smirnov and Related Statistics Without Extensive Tables, Journal of the
        Royal Statistical Society B 32 (1970).
    """
    if n <= 0 or m <= 0 or math.isnan(statistic):
        return 1.0
    size = max(1, round(n * m / (n + m)))
    if size > LARGE:
        root = math.sqrt(size)
        p = stats.kstwobign.sf((root + 0.12 + 0.11 / root) * statistic)
    else:
        p = stats.kstwo.sf(statistic, size)
    return float(np.clip(p, 0.0, 1.0))


def wasserstein(edges: ArrayLike, reference: ArrayLike, current: ArrayLike) -> float:
    """Area between two cumulative distributions that run straight between edges.

    Args:
        edges: Rising edges, shape (k,).
        reference: Cumulative shares at the edges, shape (k,).
        current: The same of the other side.

    Returns:
        The distance in the unit of the edges; 0 with one edge, NaN with none or with NaN.

    Raises:
        ValueError: If the shapes differ, or the edges do not rise.

    Source:
        S. Vallender, Calculation of the Wasserstein Distance Between Probability Distributions on
        the Line, Theory of Probability and Its Applications 18 (1974).
    """
    x = np.atleast_1d(np.asarray(edges, dtype=float))
    a, b = _pair(reference, current)
    if x.shape != a.shape:
        raise ValueError("each edge needs one cumulative share of either side")
    if not x.size or np.isnan(a).any() or np.isnan(b).any():
        return math.nan
    if (np.diff(x) <= 0).any():
        raise ValueError("edges must rise")
    left, right = (a - b)[:-1], (a - b)[1:]
    width = np.diff(x)
    # between two edges the difference is a straight line; where it crosses zero, two triangles
    same = left * right >= 0
    size = np.abs(left) + np.abs(right)
    area = np.where(same, size / 2, (left**2 + right**2) / (2 * np.where(size > 0, size, 1.0)))
    return float((area * width).sum())


def _pair(reference: ArrayLike, current: ArrayLike) -> tuple[Floats, Floats]:
    a, b = (np.atleast_1d(np.asarray(x, dtype=float)) for x in (reference, current))
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError("both sides need values at the same points")
    return a, b

"""Whether events come more often than they used to."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import stats


def rate_increase(count: int, baseline: Sequence[int]) -> float:
    """One-sided p-value: is a count larger than counts of equal spans before it let expect?

    Given the sum of all, the count is binomial if nothing changed. Where the baseline varies more
    than a Poisson process does, both are divided by its index of dispersion (variance over mean)
    first, so that a series with bursts needs more than a burst to be called rising.

    Args:
        count: Events in the span.
        baseline: Events in spans of equal length before it, such as the same hours of other days.

    Returns:
        A p-value in (0, 1]; 1 without a baseline or without events.

    Raises:
        ValueError: If a count is negative.

    Source:
        J. Przyborowski, H. Wilenski, Homogeneity of Results in Testing Samples from Poisson
        Series, Biometrika 31 (1940); dispersion as in P. McCullagh, J. Nelder, Generalized Linear
        Models, 2nd ed., section 6.2.
    """
    m = len(baseline)
    dispersion = _dispersion(count, baseline)
    if count == 0 or m == 0:
        return 1.0
    x, rest = math.floor(count / dispersion), math.ceil(sum(baseline) / dispersion)
    if x == 0:
        return 1.0
    return float(min(1.0, max(stats.binom.sf(x - 1, x + rest, 1 / (m + 1)), 1e-300)))


def rate_decrease(count: int, baseline: Sequence[int]) -> float:
    """One-sided p-value: is a count smaller than counts of equal spans before it let expect?

    Args:
        count: Events in the span.
        baseline: Events in spans of equal length before it.

    Returns:
        A p-value in (0, 1]; 1 without a baseline or without events in it.

    Raises:
        ValueError: If a count is negative.

    Source:
        As ``rate_increase``.
    """
    m = len(baseline)
    dispersion = _dispersion(count, baseline)
    if m == 0 or not sum(baseline):
        return 1.0
    x, rest = math.ceil(count / dispersion), math.floor(sum(baseline) / dispersion)
    return float(min(1.0, max(stats.binom.cdf(x, x + rest, 1 / (m + 1)), 1e-300)))


def _dispersion(count: int, baseline: Sequence[int]) -> float:
    """Return the index of dispersion of a baseline, at least 1."""
    if count < 0 or any(item < 0 for item in baseline):
        raise ValueError("counts cannot be negative")
    m, total = len(baseline), sum(baseline)
    if m < 2 or not total:
        return 1.0
    mean = total / m
    variance = sum((item - mean) ** 2 for item in baseline) / (m - 1)
    return max(1.0, variance / mean)

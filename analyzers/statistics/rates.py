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
    if count < 0 or any(item < 0 for item in baseline):
        raise ValueError("counts cannot be negative")
    m = len(baseline)
    if count == 0 or m == 0:
        return 1.0
    total = sum(baseline)
    dispersion = 1.0
    if m > 1 and total:
        mean = total / m
        variance = sum((item - mean) ** 2 for item in baseline) / (m - 1)
        dispersion = max(1.0, variance / mean)
    x, rest = math.floor(count / dispersion), math.ceil(total / dispersion)
    if x == 0:
        return 1.0
    return float(min(1.0, max(stats.binom.sf(x - 1, x + rest, 1 / (m + 1)), 1e-300)))

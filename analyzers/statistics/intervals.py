"""Estimates with their confidence intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, and the interval that covers the true one in 95 of 100 samples.

    Attributes:
        value: The value; NaN where it is not defined.
        low: Lower end of the interval; NaN where it cannot be said.
        high: Upper end.
    """

    value: float
    low: float
    high: float


UNDEFINED = Estimate(math.nan, math.nan, math.nan)


def proportion(successes: float, n: float) -> Estimate:
    """Share of successes with Wilson's score interval.

    Args:
        successes: Number of successes, from 0 to ``n``.
        n: Number of trials.

    Returns:
        The estimate; undefined without trials.

    Raises:
        ValueError: If the successes are negative, or more than the trials.

    Source:
        E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, Journal
        of the American Statistical Association 22 (1927).
    """
    if not 0 <= successes <= n:
        raise ValueError("successes must lie between 0 and the number of trials")
    if n == 0:
        return UNDEFINED
    z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))
    share = successes / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (middle - half) / scale, (middle + half) / scale
    return Estimate(share, 0.0 if successes == 0 else low, 1.0 if successes == n else high)


def with_deviation(
    value: float, deviation: float, lowest: float = -math.inf, highest: float = math.inf
) -> Estimate:
    """Return a value with the interval of a normal distribution around it.

    Args:
        value: The value.
        deviation: Its standard error; NaN where it cannot be said.
        lowest: The least that it can be; the interval ends there.
        highest: The most that it can be.

    Source:
        L. Wasserman, All of Statistics, 2004, theorem 6.16.
    """
    if not math.isfinite(deviation):
        return Estimate(value, math.nan, math.nan)
    half = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * deviation
    return Estimate(value, max(lowest, value - half), min(highest, value + half))


def mean_of(values: ArrayLike, lowest: float = -math.inf, highest: float = math.inf) -> Estimate:
    """Return the mean of values with the interval of the central limit theorem.

    Args:
        values: The values, shape (n,); what is not finite is left out.
        lowest: The least that a mean can be; the interval ends there.
        highest: The most that it can be.

    Returns:
        The estimate; undefined without values, without an interval with one.

    Source:
        As ``with_deviation``.
    """
    given = np.atleast_1d(np.asarray(values, dtype=float))
    given = given[np.isfinite(given)]
    if not given.size:
        return UNDEFINED
    deviation = float(given.std(ddof=1)) / math.sqrt(given.size) if given.size > 1 else math.nan
    return with_deviation(float(given.mean()), deviation, lowest, highest)


def odds_scaled(value: float, deviation: float) -> Estimate:
    """Return a value between 0 and 1 with an interval that is even on the scale of log-odds.

    Near 0 and 1 an even interval around the value itself would leave them.

    Args:
        value: The value.
        deviation: Its standard error.

    Returns:
        The estimate; without an interval at exactly 0 or 1.

    Source:
        K. Boyd, K. Eng, C. Page, Area under the Precision-Recall Curve: Point Estimates and
        Confidence Intervals, ECML PKDD 2013, section 3.2.
    """
    if not 0 < value < 1 or not math.isfinite(deviation):
        return Estimate(value, math.nan, math.nan)
    middle = math.log(value / (1 - value))
    half = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * deviation / (value * (1 - value))
    low, high = (1 / (1 + math.exp(-min(700.0, middle + sign * half))) for sign in (-1, 1))
    return Estimate(value, low, high)

"""Intervals: published values, and ends that stay where the values can be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analyzers.statistics.intervals import mean_of, odds_scaled, proportion, with_deviation


def test_wilson_as_scipy_has_it() -> None:
    """For every count of some trials."""
    for n in (1, 7, 250):
        for k in range(n + 1):
            found = proportion(k, n)
            theirs = stats.binomtest(k, n).proportion_ci(method="wilson")
            assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_a_published_interval() -> None:
    """Newcombe (1998), table I: 81 of 263 has .2553 to .3662; 0 of 20 ends at .1611."""
    found = proportion(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert proportion(0, 20).high == pytest.approx(0.1611, abs=5e-5)


def test_a_mean_and_its_interval() -> None:
    """1.96 standard errors on either side."""
    found = mean_of([1.0, 2.0, 3.0, 4.0])
    half = 1.959964 * np.std([1, 2, 3, 4], ddof=1) / 2
    assert (found.value, found.high - found.value) == pytest.approx((2.5, half))
    assert mean_of([0.0, 0.0, 0.1], lowest=0.0).low == 0


def test_an_interval_on_the_scale_of_odds_stays_inside() -> None:
    """Near one it is longer below than above."""
    found = odds_scaled(0.98, 0.02)
    assert 0 < found.low < 0.98 < found.high < 1
    assert 0.98 - found.low > found.high - 0.98
    assert math.isnan(odds_scaled(1.0, 0.1).low)


def test_nothing_known() -> None:
    """No trials, no values, no deviation."""
    assert math.isnan(proportion(0, 0).value)
    assert math.isnan(mean_of([math.nan]).value)
    assert math.isnan(mean_of([3.0]).low)
    assert math.isnan(with_deviation(1.0, math.nan).high)
    with pytest.raises(ValueError, match="successes"):
        proportion(3, 2)

"""A rising rate is told from noise, bursts and nothing."""

from __future__ import annotations

import numpy as np
import pytest

from analyzers.statistics.rates import rate_increase


def test_against_a_case_by_hand() -> None:
    """Three events after none in one span: all three on one side of a coin."""
    assert rate_increase(3, [0]) == pytest.approx(1 / 8)
    assert rate_increase(2, [0, 0, 0]) == pytest.approx(1 / 16)


def test_poisson_noise_is_no_rise() -> None:
    """The test holds its level."""
    draw = np.random.default_rng(1)
    low = sum(
        rate_increase(int(draw.poisson(20)), draw.poisson(20, 7).tolist()) < 0.01
        for _ in range(2000)
    )
    assert low <= 30


def test_a_doubling_is_found() -> None:
    """At a hundred events."""
    assert rate_increase(200, [100, 95, 104, 99, 101, 98, 103]) < 1e-9


def test_a_burst_among_bursts_is_none() -> None:
    """What comes in bursts needs more."""
    assert rate_increase(60, [0, 55, 0, 0, 48, 0, 0]) > 0.01
    assert rate_increase(60, [14, 16, 15, 13, 17, 14, 14]) < 1e-6


@pytest.mark.parametrize(("count", "baseline"), [(0, [1, 2]), (5, []), (0, [])])
def test_nothing_to_compare(count: int, baseline: list[int]) -> None:
    """No evidence."""
    assert rate_increase(count, baseline) == 1.0


def test_negative_counts() -> None:
    """There are none."""
    with pytest.raises(ValueError, match="negative"):
        rate_increase(-1, [1])

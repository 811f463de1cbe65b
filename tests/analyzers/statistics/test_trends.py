"""A rise is told by its size and by how surely it is one."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.statistics.trends import rise


def test_against_all_ways_to_choose_the_last() -> None:
    """Of 10 levels the two highest come last: one way of the 45 to choose two."""
    size, p = rise([1, 2, 1, 2, 3, 2, 1, 2, 9, 10], 2)
    assert size == pytest.approx(10 / 2)
    assert p == pytest.approx(1 / math.comb(10, 2))


def test_against_a_count_by_hand() -> None:
    """The p-value is the share of pairs whose rank sum is as large as that of the last two."""
    levels = [5.0, 1.0, 4.0, 2.0, 3.0, 6.0]
    wanted = sum(sorted(levels).index(level) for level in levels[-2:])
    sums = [sum(pair) for pair in combinations(range(6), 2)]
    assert rise(levels, 2)[1] == pytest.approx(sum(s >= wanted for s in sums) / len(sums))


@pytest.mark.parametrize(
    "levels", [[], [1.0], [1.0, 2.0, 3.0, 4.0], [math.nan] * 9, [0.0] * 9, [-1.0] * 9]
)
def test_too_little_says_nothing(levels: list[float]) -> None:
    """No values, too few of them, or nothing to be a multiple of."""
    size, p = rise(levels, 2)
    assert math.isnan(size)
    assert p == 1.0


def test_what_is_not_finite_is_left_out() -> None:
    """And the rest is as if it had never been there."""
    assert rise([1, math.nan, 2, 1, math.inf, 9, 9], 2) == rise([1, 2, 1, 9, 9], 2)


def test_a_tail_of_nothing_is_an_error() -> None:
    """At least one level must be new."""
    with pytest.raises(ValueError, match="at least one"):
        rise([1, 2, 3], 0)


@given(st.lists(st.floats(0.1, 1e6), min_size=5, max_size=40), st.integers(1, 3))
def test_always_a_probability(levels: list[float], tail: int) -> None:
    """And a positive size, where there is one."""
    size, p = rise(levels, tail)
    assert 0 <= p <= 1
    assert math.isnan(size) or size > 0

"""Changes of a rate are found where they are, and not where there are none."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.statistics.change_points import (
    Segment,
    change_interval,
    poisson_segments,
)


def cost(counts: list[int]) -> float:
    """Return twice the negative log-likelihood of one rate, written out."""
    total = sum(counts)
    return 2 * (total - (total * math.log(total / len(counts)) if total else 0.0))


def best_of_all(counts: list[int], penalty: float) -> float:
    """Return the least cost of all ways to cut a series, by trying them."""
    n = len(counts)
    return min(
        sum(cost(counts[a:b]) + penalty for a, b in zip((0, *cuts), (*cuts, n), strict=True))
        for size in range(n)
        for cuts in combinations(range(1, n), size)
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=9), st.floats(0.1, 20))
def test_the_cut_is_the_best_of_all(counts: list[int], penalty: float) -> None:
    """Pruning loses nothing."""
    found = poisson_segments(counts, penalty=penalty)
    assert [found[0].begin, found[-1].end] == [0, len(counts)]
    assert all(one.end == other.begin for one, other in pairwise(found))
    total = sum(cost(counts[s.begin : s.end]) + penalty for s in found)
    assert total == pytest.approx(best_of_all(counts, penalty), rel=1e-9, abs=1e-9)


def test_a_step_is_found_where_it_is() -> None:
    """And the way back."""
    draw = np.random.default_rng(1)
    counts = np.concatenate([draw.poisson(0.3, 100), draw.poisson(6, 40), draw.poisson(0.3, 60)])
    found = poisson_segments(counts)
    assert [s.begin for s in found] == pytest.approx([0, 100, 140], abs=1)
    assert found[1].rate == pytest.approx(6, rel=0.2)


def test_constant_rates_are_rarely_cut() -> None:
    """Over all rates: in fewer than one of a hundred series."""
    draw = np.random.default_rng(2)
    cut = sum(
        len(poisson_segments(draw.poisson(rate, 300))) > 1
        for rate in (0.02, 0.2, 2, 20)
        for _ in range(150)
    )
    assert cut <= 6


def test_more_requests_are_no_change() -> None:
    """Errors that follow the traffic have one rate."""
    draw = np.random.default_rng(3)
    requests = np.repeat([100, 1000, 100], 50)
    errors = draw.binomial(requests, 0.02)
    assert len(poisson_segments(errors, requests)) == 1
    assert len(poisson_segments(errors)) > 1


def test_the_interval_holds_the_true_place() -> None:
    """At least nine times of ten; the sharper the change, the narrower."""
    draw = np.random.default_rng(4)
    held = 0
    widths = []
    for _ in range(300):
        place = int(draw.integers(20, 80))
        high = draw.uniform(2, 6)
        counts = np.concatenate([draw.poisson(0.5, place), draw.poisson(high, 100 - place)])
        interval = change_interval(counts)
        assert interval is not None
        best, first, last = interval
        assert first <= best <= last
        held += first <= place <= last
        widths.append(last - first)
    assert held / 300 >= 0.9
    assert np.median(widths) <= 5


@pytest.mark.parametrize("counts", [[], [5]])
def test_too_few_buckets(counts: list[int]) -> None:
    """Nothing, or one segment; no place of a change."""
    assert [s.count for s in poisson_segments(counts)] == counts
    assert change_interval(counts) is None


def test_nothing_happened() -> None:
    """One segment of rate 0, also without any exposure."""
    assert poisson_segments([0, 0, 0]) == [Segment(0, 3, 0.0, 3.0)]
    (segment,) = poisson_segments([0, 0], [0, 0])
    assert segment.rate == 0.0
    assert change_interval([0, 0]) is None


@pytest.mark.parametrize(
    ("counts", "exposure"),
    [([1, math.nan], None), ([1, math.inf], None), ([-1, 2], None), ([1, 2], [1, -1]),
     ([1, 2], [1]), ([1, 2], [0, 1])],
)  # fmt: skip
def test_what_is_no_series_of_counts(counts: list[float], exposure: list[float] | None) -> None:
    """Said, not computed."""
    with pytest.raises(ValueError, match=r"counts|exposure"):
        poisson_segments(counts, exposure)

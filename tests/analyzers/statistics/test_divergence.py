"""Divergences of counts: closed forms, SciPy as a cross-check, and nothing to divide by."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from analyzers.statistics.divergence import (
    hellinger_distance,
    jensen_shannon_distance,
    occupied_bins,
    population_stability_index,
    population_stability_p_value,
    share_moved,
)

MEASURES = (population_stability_index, jensen_shannon_distance, hellinger_distance, share_moved)
COUNTS = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=1, max_size=20
)


def test_population_stability_of_a_shifted_normal() -> None:
    """Against the normal distribution's shares of the same deciles: .926 at one sigma."""
    deciles = stats.norm.ppf(np.linspace(0, 1, 11))
    p, q = np.diff(stats.norm.cdf(deciles)), np.diff(stats.norm.cdf(deciles - 1))
    closed = float(((q - p) * np.log(q / p)).sum())
    assert closed == pytest.approx(0.926, abs=0.001)
    assert population_stability_index(p * 1e9, q * 1e9) == pytest.approx(closed, rel=1e-6)


def test_the_null_of_the_index() -> None:
    """Without drift its p-values are uniform: 5 % lie below .05."""
    draw = np.random.default_rng(3)
    shares = np.full(10, 0.1)
    p = []
    for _ in range(2000):
        a, b = draw.multinomial(2000, shares), draw.multinomial(3000, shares)
        index = population_stability_index(a, b)
        p.append(population_stability_p_value(index, 2000, 3000, occupied_bins(a, b)))
    assert 0.035 < float(np.mean(np.array(p) < 0.05)) < 0.065


def test_closed_forms_of_two_bins() -> None:
    """A quarter moves from one of two bins to the other."""
    a, b = [50, 50], [75, 25]
    assert share_moved(a, b) == pytest.approx(0.25)
    wanted = math.sqrt(
        ((math.sqrt(0.5) - math.sqrt(0.75)) ** 2 + (math.sqrt(0.5) - math.sqrt(0.25)) ** 2) / 2
    )
    assert hellinger_distance(a, b) == pytest.approx(wanted)
    assert jensen_shannon_distance(a, b) == pytest.approx(jensenshannon(a, b, base=2))


@pytest.mark.parametrize("measure", MEASURES)
def test_equal_shares_are_no_distance(measure: Callable[..., float]) -> None:
    """Whatever the numbers; with half a count added, nearly."""
    assert measure([1000, 3000], [2000, 6000]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("measure", MEASURES[1:])
def test_disjoint_counts_are_one(measure: Callable[..., float]) -> None:
    """The largest distance there is."""
    assert measure([5, 0], [0, 9]) == pytest.approx(1)


@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_on_a_side_is_no_number(measure: Callable[..., float]) -> None:
    """And counts that are none are an error."""
    assert math.isnan(measure([0, 0], [1, 2]))
    assert math.isnan(measure([], []))
    with pytest.raises(ValueError, match="same bins"):
        measure([1], [1, 2])
    for wrong in (math.nan, math.inf, -1):
        with pytest.raises(ValueError, match="finite and not negative"):
            measure([1, wrong], [1, 1])


@pytest.mark.parametrize(
    ("index", "n", "m", "bins"),
    [(1.0, 0, 5, 3), (1.0, 5, 0, 3), (1.0, 5, 5, 1), (math.nan, 5, 5, 3)],
)
def test_without_values_nothing_is_sure(index: float, n: int, m: int, bins: int) -> None:
    """P is one."""
    assert population_stability_p_value(index, n, m, bins) == 1.0


@given(COUNTS)
def test_distances_are_bounded_and_symmetric(pairs: list[tuple[int, int]]) -> None:
    """From 0 to 1, and the same from either side."""
    a, b = zip(*pairs, strict=True)
    for measure in MEASURES:
        there, back = measure(a, b), measure(b, a)
        if not sum(a) or not sum(b):
            assert math.isnan(there)
            continue
        assert there == pytest.approx(back, abs=1e-12)
        assert there >= 0
        assert measure is population_stability_index or there <= 1

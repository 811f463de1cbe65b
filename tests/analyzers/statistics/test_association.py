"""Association measures agree with closed forms, and handle what is not there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analyzers.statistics.association import excess_share, fisher_exact_greater, lift


def test_fishers_tea_tasting() -> None:
    """Fisher's own example: three of four cups right has p = 17/70."""
    assert fisher_exact_greater(3, 4, 1, 4)[0] == pytest.approx(17 / 70)
    assert fisher_exact_greater(4, 4, 0, 4)[0] == pytest.approx(1 / 70)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_equal_to_scipy(a: int, b: int, c: int, d: int) -> None:
    """The vectorised form gives what ``scipy.stats.fisher_exact`` gives."""
    found = fisher_exact_greater(a, a + b, c, c + d)[0]
    if a + b and c + d:
        expected = stats.fisher_exact([[a, b], [c, d]], alternative="greater").pvalue
        assert found == pytest.approx(expected, rel=1e-9)
    else:
        assert found == 1.0


def test_many_tables_at_once() -> None:
    """Arrays and scalars are broadcast."""
    assert fisher_exact_greater([4, 3], 4, [0, 1], 4) == pytest.approx([1 / 70, 17 / 70])


def test_very_small_p_values_stay_above_zero() -> None:
    """A p-value of 0 would claim certainty."""
    assert 0 < fisher_exact_greater(100_000, 100_000, 0, 900_000)[0] < 1e-300


@pytest.mark.parametrize(
    "table", [(5, 4, 0, 4), (-1, 4, 0, 4), (math.nan, 4, 0, 4), (1, math.inf, 0, 4)]
)
def test_impossible_tables_give_nan(table: tuple[float, float, float, float]) -> None:
    """Counts that cannot be are not tested."""
    assert np.isnan(fisher_exact_greater(*table)[0])


def test_no_tables() -> None:
    """Nothing asked, nothing answered."""
    assert fisher_exact_greater([], [], [], []).shape == (0,)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ((8, 10, 2, 20), 8.0),
        ((5, 10, 10, 20), 1.0),
        ((0, 10, 5, 20), 0.0),
        ((5, 10, 0, 20), math.inf),
    ],
)
def test_lift(table: tuple[float, float, float, float], expected: float) -> None:
    """Share among the events over share among the others."""
    assert lift(*table) == expected


@pytest.mark.parametrize("table", [(0, 0, 1, 2), (1, 2, 0, 0), (0, 5, 0, 5), (math.nan, 1, 1, 1)])
def test_lift_of_nothing_is_nan(table: tuple[float, float, float, float]) -> None:
    """An empty group, or a value that nobody has, has no lift."""
    assert math.isnan(lift(*table))


def test_excess_share() -> None:
    """1 separates wholly, 0 not at all, -1 the other way."""
    assert excess_share(5, 5, 0, 7) == 1
    assert excess_share(1, 2, 2, 4) == 0
    assert excess_share(0, 5, 7, 7) == -1
    assert math.isnan(excess_share(0, 0, 1, 2))

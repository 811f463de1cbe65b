"""Distances of numeric distributions: shifted normals in closed form, and SciPy's on samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analyzers.statistics.distances import (
    kolmogorov_smirnov,
    kolmogorov_smirnov_p_value,
    wasserstein,
)

POINTS = np.linspace(-12, 12, 4001)


@pytest.mark.parametrize("shift", [0.0, 0.2, 1.0, -2.0])
def test_shifted_normals(shift: float) -> None:
    """KS is 2 Phi(m / 2) - 1, W1 is |m|."""
    a, b = stats.norm.cdf(POINTS), stats.norm.cdf(POINTS - shift)
    assert kolmogorov_smirnov(a, b) == pytest.approx(
        2 * stats.norm.cdf(abs(shift) / 2) - 1, abs=1e-5
    )
    assert wasserstein(POINTS, a, b) == pytest.approx(abs(shift), abs=1e-4)


@given(
    st.lists(st.integers(-50, 50), min_size=1, max_size=60),
    st.lists(st.integers(-50, 50), min_size=1, max_size=60),
)
def test_samples_against_scipy(one: list[int], other: list[int]) -> None:
    """Over all values as edges the statistic is the exact one."""
    edges = np.arange(-51, 52)
    a = np.searchsorted(np.sort(one), edges, side="right") / len(one)
    b = np.searchsorted(np.sort(other), edges, side="right") / len(other)
    assert kolmogorov_smirnov(a, b) == pytest.approx(stats.ks_2samp(one, other).statistic)


@pytest.mark.parametrize(("n", "relative"), [(3000, 1e-6), (30_000, 0.03)])
def test_the_p_value_is_scipys(n: int, relative: float) -> None:
    """That of its asymptotic mode, from the limit within 3 %."""
    draw = np.random.default_rng(5)
    a, b = draw.normal(size=n), draw.normal(0.02, 1, size=n)
    found = stats.ks_2samp(a, b, method="asymp")
    assert 1e-6 < found.pvalue < 0.9
    assert kolmogorov_smirnov_p_value(found.statistic, n, n) == pytest.approx(
        found.pvalue, rel=relative
    )


def test_crossing_lines_are_two_triangles() -> None:
    """From -.5 to .5 over one unit: a quarter in all."""
    assert wasserstein([0, 1], [0.0, 1.0], [0.5, 0.5]) == pytest.approx(0.25)


def test_nothing_to_compare() -> None:
    """No points, NaN among them, one edge, and what is wrong."""
    assert math.isnan(kolmogorov_smirnov([], []))
    assert math.isnan(wasserstein([], [], []))
    assert math.isnan(wasserstein([0, 1], [0.0, math.nan], [0.0, 1.0]))
    assert wasserstein([3], [0.2], [0.9]) == 0
    assert kolmogorov_smirnov_p_value(0.5, 0, 9) == 1.0
    assert kolmogorov_smirnov_p_value(math.nan, 9, 9) == 1.0
    with pytest.raises(ValueError, match="rise"):
        wasserstein([1, 1], [0.0, 1.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="each edge"):
        wasserstein([1, 2, 3], [0.0, 1.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="same points"):
        kolmogorov_smirnov([0.1], [0.1, 0.2])

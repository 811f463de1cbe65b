"""A shift is found when it is sure and large, and noise alarms nobody."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from analyzers.monitors.drift.comparing import MAXIMUM_Q, ColumnDrift, compare
from analyzers.monitors.references.columns import count_numbers, profile_categories, profile_numbers
from analyzers.monitors.references.profiles import CategoryProfile, ColumnProfile, NumberProfile

Floats = NDArray[np.float64]


def numbers(reference: Floats, current: Floats) -> ColumnDrift:
    """Compare one numeric column."""
    profile = profile_numbers(reference)
    assert profile is not None
    (found,) = compare({"x": profile}, {"x": count_numbers(current, profile.edges)})
    return found


def categories(
    reference: Mapping[str, int], current: Mapping[str, int], missing: int = 0
) -> ColumnDrift:
    """Compare one column of categories."""
    known = profile_categories(reference, 0)
    (found,) = compare({"c": known}, {"c": profile_categories(current, missing)})
    return found


@pytest.mark.parametrize("shift", [0.2, 0.5, 1.0])
def test_shifted_normals_in_closed_form(shift: float) -> None:
    """KS, W1 in standard deviations, and PSI over deciles of the normal distribution."""
    draw = np.random.default_rng(1)
    found = numbers(draw.normal(size=200_000), draw.normal(shift, 1, size=200_000))
    assert found.kolmogorov_smirnov == pytest.approx(2 * stats.norm.cdf(shift / 2) - 1, abs=0.006)
    assert found.wasserstein == pytest.approx(shift, abs=0.02)
    deciles = stats.norm.ppf(np.linspace(0, 1, 11))
    p, q = np.diff(stats.norm.cdf(deciles)), np.diff(stats.norm.cdf(deciles - shift))
    wanted = float(((q - p) * np.log(q / p)).sum())
    assert found.population_stability_index == pytest.approx(wanted, rel=0.04)
    assert found.is_drifted


def test_a_small_shift_is_found_in_five_thousand() -> None:
    """0.2 standard deviations, in 99 of 100 draws at least."""
    draw = np.random.default_rng(2)
    found = [
        numbers(draw.normal(size=5000), draw.normal(0.2, 1, size=5000)).is_drifted
        for _ in range(100)
    ]
    assert sum(found) >= 99


@pytest.mark.parametrize(("n", "runs"), [(100, 300), (500, 300), (5000, 100)])
def test_stable_columns_alarm_nobody(n: int, runs: int) -> None:
    """Twenty of them: at most two in a hundred runs flag any, within what chance allows."""
    draw = np.random.default_rng(n)
    flagged = 0
    for _ in range(runs):
        profiles: dict[str, ColumnProfile] = {}
        counts = {}
        for place in range(20):
            profile = profile_numbers(draw.normal(size=n))
            assert profile is not None
            profiles[f"x{place}"] = profile
            counts[f"x{place}"] = count_numbers(draw.normal(size=n), profile.edges)
        flagged += any(column.is_drifted for column in compare(profiles, counts))
    assert stats.binomtest(flagged, runs, 0.02, alternative="greater").pvalue > 0.01


@pytest.mark.parametrize("outlier", [1e6, -1e6])
@pytest.mark.parametrize("side", ["reference", "current"])
def test_one_outlier_changes_little(outlier: float, side: str) -> None:
    """Neither hides a shift nor makes one: PSI and W1 move by less than 5 %."""
    draw = np.random.default_rng(4)
    reference, current = draw.normal(size=10_000), draw.normal(1, 1, size=10_000)
    clean = numbers(reference, current)
    (reference if side == "reference" else current)[0] = outlier
    dirty = numbers(reference, current)
    assert clean.wasserstein is not None
    assert dirty.wasserstein == pytest.approx(clean.wasserstein, rel=0.05)
    assert dirty.population_stability_index == pytest.approx(
        clean.population_stability_index, rel=0.05
    )
    assert side == "reference" or dirty.clipped == pytest.approx(1e-4)


@pytest.mark.parametrize("n", [200, 5000])
def test_half_a_column_gone_missing_always_alarms(n: int) -> None:
    """Though the values that are left are as they were."""
    draw = np.random.default_rng(n)
    current = draw.normal(size=n)
    current[draw.random(n) < 0.5] = math.nan
    found = numbers(draw.normal(size=n), current)
    assert found.is_drifted
    assert found.missing == pytest.approx(0.5, abs=0.1)
    assert categories({"a": n // 2, "b": n // 2}, {"a": n // 4, "b": n // 4}, n // 2).is_drifted


def test_a_tail_of_a_few_rows_is_not_judged() -> None:
    """However far away they lie."""
    found = numbers(np.arange(1000.0), np.array([1e5, 2e5]))
    assert (found.p, found.is_drifted) == (None, False)
    assert found.reason == "fewer than 50 rows"


def test_sure_but_small_is_no_drift() -> None:
    """A million rows find a hundredth of a standard deviation; it matters to nobody."""
    draw = np.random.default_rng(6)
    found = numbers(draw.normal(size=1_000_000), draw.normal(0.01, 1, size=1_000_000))
    assert found.q is not None
    assert found.q < MAXIMUM_Q
    assert not found.is_drifted


def test_a_column_of_two_values() -> None:
    """Frequent values have bins of their own: 10 % moved from 0 to 1."""
    found = numbers(np.repeat([0.0, 1.0], [800, 200]), np.repeat([0.0, 1.0], [700, 300]))
    assert found.kolmogorov_smirnov == pytest.approx(0.1)
    assert found.is_drifted


def test_constant_columns() -> None:
    """The same constant is no drift, another one is."""
    same = numbers(np.full(500, 3.0), np.full(500, 3.0))
    assert (same.is_drifted, same.kolmogorov_smirnov, same.wasserstein) == (False, 0.0, 0.0)
    assert numbers(np.full(500, 3.0), np.full(500, 4.0)).is_drifted


def test_new_and_vanished_categories() -> None:
    """Named with their counts."""
    found = categories({"free": 600, "gold": 400}, {"free": 600, "platinum": 400})
    assert found.is_drifted
    assert found.new == (("platinum", 400),)
    assert found.vanished == (("gold", 400),)
    assert found.share_moved == pytest.approx(0.4)


def test_texts_where_numbers_were() -> None:
    """Said, and not judged."""
    profile = profile_numbers(np.arange(100.0))
    assert profile is not None
    (found,) = compare({"x": profile}, {"x": CategoryProfile(100, 0, {"a": 100})})
    assert found.reason == "it was a number and is a category now"
    assert not found.is_drifted


def test_nothing_at_all() -> None:
    """No rows now, all of them missing, infinite values, and no columns."""
    assert numbers(np.arange(100.0), np.array([])).reason == "it has no rows"
    gone = numbers(np.arange(100.0), np.full(100, math.nan))
    assert (gone.is_drifted, gone.missing) == (True, 1.0)
    wild = np.where(np.arange(100) % 2, math.inf, 1.0)
    assert numbers(np.arange(100.0), wild).missing == 0.5
    assert profile_numbers(np.array([])) is None
    assert profile_numbers(np.full(3, math.inf)) is None
    assert compare({}, {}) == []
    assert isinstance(profile_numbers(np.array([7.0])), NumberProfile)

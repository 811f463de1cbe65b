"""The G-test of two sets of counts, with rare categories pooled."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analyzers.statistics.categories import homogeneity_p_value


def test_against_scipy() -> None:
    """Without rare categories it is the likelihood-ratio test of the table."""
    a, b = [120, 340, 90], [150, 280, 130]
    wanted = stats.chi2_contingency([a, b], correction=False, lambda_="log-likelihood").pvalue
    assert homogeneity_p_value(a, b) == pytest.approx(wanted)


def test_against_the_formula() -> None:
    """G is twice the sum of observed times log of observed over expected."""
    g = 2 * sum(
        observed * math.log(observed / expected)
        for observed, expected in ((30, 40), (70, 60), (50, 40), (50, 60))
    )
    assert homogeneity_p_value([30, 70], [50, 50]) == pytest.approx(stats.chi2.sf(g, 1))


def test_rare_categories_are_pooled() -> None:
    """A hundred categories of one value each say nothing."""
    draw = np.random.default_rng(1)
    p = []
    for _ in range(300):
        shares = np.append(np.full(100, 0.002), 0.8)
        a, b = draw.multinomial(500, shares), draw.multinomial(500, shares)
        p.append(homogeneity_p_value(a, b))
    assert 0.02 < float(np.mean(np.array(p) < 0.05)) < 0.09


@pytest.mark.parametrize(
    ("a", "b"), [([], []), ([0, 0], [1, 2]), ([5], [9]), ([1, 0], [1, 1]), ([2, 1, 1], [1, 1, 1])]
)
def test_too_little_says_nothing(a: list[int], b: list[int]) -> None:
    """P is one."""
    assert homogeneity_p_value(a, b) == 1.0


def test_what_is_no_count_is_an_error() -> None:
    """Negative, not finite, or of other categories."""
    with pytest.raises(ValueError, match="same categories"):
        homogeneity_p_value([1], [1, 2])
    with pytest.raises(ValueError, match="finite"):
        homogeneity_p_value([1, math.nan], [1, 2])

"""Predicted probabilities: scikit-learn's numbers, and what cannot be judged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.calibration import calibration_curve as theirs

from analyzers.statistics.probabilities import (
    brier_score,
    calibration_curve,
    calibration_error,
    log_loss,
)

ROWS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=80)


@given(ROWS)
def test_as_scikit_learn_has_it(rows: list[tuple[float, bool]]) -> None:
    """Also at probabilities of exactly 0 and 1."""
    p, y = (np.array(side) for side in zip(*rows, strict=True))
    assert brier_score(p, y).value == pytest.approx(metrics.brier_score_loss(y, p, pos_label=True))
    assert log_loss(p, y).value == pytest.approx(metrics.log_loss(y, p, labels=[False, True]))
    curve = calibration_curve(p, y)
    observed, predicted = theirs(y, p, n_bins=10)
    assert [one.observed for one in curve] == pytest.approx(list(observed))
    assert [one.predicted for one in curve] == pytest.approx(list(predicted))
    assert sum(one.n for one in curve) == len(rows)


def test_calibration_error_by_hand() -> None:
    """Twelve rows at .9 of which nine come true, four at .1 of which one does."""
    p = [0.9] * 12 + [0.1] * 4
    y = [1] * 9 + [0] * 3 + [1] + [0] * 3
    found = calibration_error(calibration_curve(p, y))
    assert found == pytest.approx((12 * 0.15 + 4 * 0.15) / 16)


def test_a_calibrated_model_has_little_error() -> None:
    """And one that is too sure of itself has the error that it has."""
    draw = np.random.default_rng(0)
    p = draw.uniform(size=200_000)
    y = draw.uniform(size=200_000) < p
    assert calibration_error(calibration_curve(p, y)) < 0.005
    # where the truth is p, but (1 + 2p - 1) / 2 pushed to the ends is said
    said = np.where(p < 0.5, p / 2, (1 + p) / 2)
    assert calibration_error(calibration_curve(said, y)) == pytest.approx(0.125, abs=0.005)


def test_what_is_no_probability_is_left_out() -> None:
    """NaN, infinity, 1.2 and -0.1 are none; n says how many were judged."""
    p = [0.2, math.nan, math.inf, 1.2, -0.1]
    assert brier_score(p, [0] * 5).value == pytest.approx(0.04)
    assert calibration_curve(p, [0] * 5)[0].n == 1
    assert math.isnan(brier_score([], []).value)
    assert math.isnan(calibration_error([]))
    with pytest.raises(ValueError, match="needs an outcome"):
        log_loss([0.5], [1, 0])

"""Measures of regression: scikit-learn's numbers, closed forms, intervals that cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from analyzers.statistics.regression import (
    determination,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_error,
    quantile_loss,
    root_mean_squared_error,
)

VALUE = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
ROWS = st.lists(st.tuples(VALUE, VALUE), min_size=2, max_size=60)
MEASURES = (
    mean_absolute_error,
    root_mean_squared_error,
    mean_absolute_percentage_error,
    determination,
    quantile_loss,
    mean_error,
)


@given(ROWS, st.floats(0.01, 0.99))
def test_as_scikit_learn_has_it(rows: list[tuple[float, float]], share: float) -> None:
    """Every measure that scikit-learn has, too."""
    a, p = (np.array(side) for side in zip(*rows, strict=True))
    assert mean_absolute_error(a, p).value == pytest.approx(
        metrics.mean_absolute_error(a, p), rel=1e-6, abs=1e-9
    )
    assert root_mean_squared_error(a, p).value == pytest.approx(
        metrics.root_mean_squared_error(a, p), rel=1e-6, abs=1e-9
    )
    assert quantile_loss(a, p, share).value == pytest.approx(
        metrics.mean_pinball_loss(a, p, alpha=share), rel=1e-6, abs=1e-9
    )
    if a.min() < a.max():
        assert determination(a, p).value == pytest.approx(
            metrics.r2_score(a, p), rel=1e-6, abs=1e-6
        )
    if (a != 0).all():
        assert mean_absolute_percentage_error(a, p).value == pytest.approx(
            metrics.mean_absolute_percentage_error(a, p), rel=1e-6, abs=1e-9
        )


def test_intervals_cover_the_truth() -> None:
    """Errors of N(0, 1) around values of N(0, 2): MAE sqrt(2 / pi), RMSE 1, R² .75."""
    truth = {
        mean_absolute_error: math.sqrt(2 / math.pi),
        root_mean_squared_error: 1.0,
        determination: 0.75,
        mean_error: 0.0,
        quantile_loss: math.sqrt(2 / math.pi) / 2,
    }
    draw = np.random.default_rng(4)
    covered = dict.fromkeys(truth, 0)
    for _ in range(1000):
        a = draw.normal(0, 2, size=400)
        p = a + draw.normal(size=400)
        for measure, value in truth.items():
            found = measure(a, p)
            covered[measure] += found.low <= value <= found.high
    assert all(925 < count < 975 for count in covered.values())


def test_a_true_zero_has_no_percentage() -> None:
    """scikit-learn answers 2e15 here."""
    assert mean_absolute_percentage_error([0.0, 10.0], [0.5, 11.0]).value == pytest.approx(0.1)


def test_nothing_to_judge() -> None:
    """No rows, nothing finite, one value: no number, no exception."""
    for measure in MEASURES:
        assert math.isnan(measure([], []).value)
        assert math.isnan(measure([math.nan, math.inf], [1.0, 1.0]).value)
        with pytest.raises(ValueError, match="true and a predicted"):
            measure([1.0], [1.0, 2.0])
    assert math.isnan(determination([2.0, 2.0], [1.0, 3.0]).value)
    one = mean_absolute_error([1.0], [3.0])
    assert (one.value, math.isnan(one.low)) == (2.0, True)
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_loss([1.0], [1.0], 1.0)

"""Changes of a mean: found soon, dated rightly, and never where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from analyzers.statistics.sequential import adaptive_windowing, page_hinkley

Floats = NDArray[np.float64]


def sea(n: int, threshold: float, draw: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Return inputs and labels of a SEA concept with a tenth of the labels turned over.

    W. Street, Y. Kim, A Streaming Ensemble Algorithm (SEA) for Large-Scale Classification, KDD 2001.
    """
    inputs = draw.uniform(0, 10, (n, 3))
    return inputs, (inputs[:, 0] + inputs[:, 1] <= threshold) ^ (draw.random(n) < 0.1)


@pytest.mark.parametrize("seed", range(5))
def test_a_sea_concept_change_is_found(seed: int) -> None:
    """Within 250 steps, dated to within 50, and nothing before it."""
    draw = np.random.default_rng(seed)
    model = LogisticRegression().fit(*sea(2000, 7, draw))
    parts = [sea(5000, threshold, draw) for threshold in (7, 9.5)]
    errors = np.concatenate([model.predict(x) != y for x, y in parts]).astype(float)
    first = adaptive_windowing(errors)[0]
    assert 5000 < first.found <= 5250
    assert abs(first.since - 5000) <= 50
    assert first.before < 0.12 < first.after
    rise = page_hinkley(errors)[0]
    assert 5000 < rise.found <= 5500
    assert abs(rise.since - 5000) <= 250


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_a_stationary_stream_alarms_nobody(share: float) -> None:
    """300,000 errors of one rate."""
    errors = (np.random.default_rng(1).random(300_000) < share).astype(float)
    assert not adaptive_windowing(errors)
    assert not page_hinkley(errors)


def test_a_fall_is_a_change_too_but_no_rise() -> None:
    """ADWIN looks both ways, Page and Hinkley's test for what gets worse."""
    draw = np.random.default_rng(2)
    errors = np.concatenate([draw.random(3000) < 0.4, draw.random(3000) < 0.1]).astype(float)
    (found,) = adaptive_windowing(errors)
    assert found.after < found.before
    assert not page_hinkley(errors)


def test_every_change_is_found() -> None:
    """Three levels, two changes."""
    draw = np.random.default_rng(3)
    errors = np.concatenate([draw.random(4000) < share for share in (0.1, 0.3, 0.6)]).astype(float)
    assert [round(one.since, -3) for one in adaptive_windowing(errors)] == [4000, 8000]
    assert [round(one.since, -3) for one in page_hinkley(errors)] == [4000, 8000]


def test_nothing_to_watch() -> None:
    """No values, one value, equal values, nothing finite; places count what was left out."""
    for values in ([], [1.0], [0.5] * 1000, [math.nan, math.inf] * 100):
        assert not adaptive_windowing(values)
        assert not page_hinkley(values)
    clean = np.repeat([0.0, 1.0], 500)
    holes = np.insert(clean, 100, [math.nan] * 50)
    assert adaptive_windowing(holes)[0].since == adaptive_windowing(clean)[0].since + 50
    with pytest.raises(ValueError, match="delta"):
        adaptive_windowing([0.0], delta=1.0)

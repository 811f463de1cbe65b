"""The correction for multiple tests is Benjamini and Hochberg's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.statistics.multiple_testing import benjamini_hochberg


def test_the_papers_example() -> None:
    """Benjamini and Hochberg 1995, section 3.2: at q = .05 four of fifteen are rejected."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4


def test_nothing_one_and_missing() -> None:
    """No test, one test, and tests that could not be made."""
    assert benjamini_hochberg([]).shape == (0,)
    assert benjamini_hochberg([0.03]) == pytest.approx([0.03])
    assert benjamini_hochberg([np.nan, 0.03])[1] == pytest.approx(0.03)
    assert np.isnan(benjamini_hochberg([np.nan, np.nan])).all()


def test_what_is_no_probability_is_refused() -> None:
    """A p-value above 1 is a mistake elsewhere."""
    with pytest.raises(ValueError, match="0 and 1"):
        benjamini_hochberg([1.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_q_values_are_at_least_p_and_keep_its_order(p: list[float]) -> None:
    """Correction never makes a result look better."""
    q = benjamini_hochberg(p)
    assert (q >= np.asarray(p) - 1e-12).all()
    assert (q <= 1).all()
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= -1e-12).all()

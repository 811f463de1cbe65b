"""Correct p-values for the number of questions asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """Return q-values: the least false discovery rate at which each p-value would count.

    Args:
        p: p-values, shape (k,). NaN (a test that could not be made) stays NaN and is not counted
            among the tests.

    Returns:
        q-values, shape (k,); empty for no tests.

    Raises:
        ValueError: If a p-value lies outside [0, 1].

    Source:
        Y. Benjamini, Y. Hochberg, Controlling the False Discovery Rate, Journal of the Royal
        Statistical Society B 57 (1995).
    """
    values = np.atleast_1d(np.asarray(p, dtype=float)).copy()
    made = ~np.isnan(values)
    if made.any():
        values[made] = stats.false_discovery_control(values[made], method="bh")
    return values

"""How strongly a value goes with failure, and how surprising that is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


def fisher_exact_greater(
    with_event: ArrayLike, events: ArrayLike, with_other: ArrayLike, others: ArrayLike
) -> Floats:
    """One-sided p-values of Fisher's exact test: is the value over-represented among the events?

    The probability, with all margins fixed and no association, of at least ``with_event`` of the
    events having the value (upper tail of the hypergeometric distribution).

    Args:
        with_event: Events that have the value; shape (k,) or scalar, as all arguments.
        events: Events in all.
        with_other: Other observations that have the value.
        others: Other observations in all.

    Returns:
        p-values in (0, 1]; NaN where a count is negative, not finite, or larger than its total.
        Without events, or without others, nothing can be concluded: 1.

    Source:
        R. A. Fisher, The Logic of Inductive Inference, Journal of the Royal Statistical Society
        98 (1935); A. Agresti, Categorical Data Analysis, 3rd ed., section 3.5.
    """
    a, n, b, m = (
        np.atleast_1d(np.asarray(x, dtype=float)) for x in (with_event, events, with_other, others)
    )
    a, n, b, m = np.broadcast_arrays(a, n, b, m)
    with np.errstate(invalid="ignore"):
        valid = np.isfinite(a + n + b + m) & (a >= 0) & (b >= 0) & (a <= n) & (b <= m)
    p = np.full(a.shape, np.nan)
    p[valid] = 1.0
    valid &= (n > 0) & (m > 0)
    if valid.any():
        tail = stats.hypergeom.sf(a[valid] - 1, n[valid] + m[valid], a[valid] + b[valid], n[valid])
        p[valid] = np.clip(tail, np.finfo(float).tiny, 1.0)
    return p


def lift(with_event: float, events: float, with_other: float, others: float) -> float:
    """How many times as frequent the value is among the events as among the others.

    Returns:
        P(value | event) / P(value | other); infinity where no other observation has the value,
        NaN where either group is empty or neither has it.

    Source:
        S. Brin, R. Motwani, J. Ullman, S. Tsur, Dynamic Itemset Counting, SIGMOD 1997 (there
        called interest), here against the complement, which makes it the relative frequency of
        case-control studies.
    """
    counts = (with_event, events, with_other, others)
    if not all(map(math.isfinite, counts)) or events <= 0 or others <= 0:
        return math.nan
    share, other_share = with_event / events, with_other / others
    if other_share == 0:
        return math.inf if share > 0 else math.nan
    return share / other_share


def excess_share(with_event: float, events: float, with_other: float, others: float) -> float:
    """How much more of the events than of the others have the value.

    Returns:
        P(value | event) - P(value | other), from -1 to 1; NaN where either group is empty. It is
        1 where the value separates the two groups wholly.

    Source:
        W. J. Youden, Index for Rating Diagnostic Tests, Cancer 3 (1950).
    """
    counts = (with_event, events, with_other, others)
    if not all(map(math.isfinite, counts)) or events <= 0 or others <= 0:
        return math.nan
    return with_event / events - with_other / others

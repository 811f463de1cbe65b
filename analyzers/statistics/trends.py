"""Whether a level has risen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def rise(levels: ArrayLike, tail: int) -> tuple[float, float]:
    """How far, and how surely, the last levels of a series lie above all before them.

    The size is the highest of the last levels over the median of those before. The p-value is that
    of the one-sided Mann-Whitney test of the last against the others; neighbouring levels are not
    independent, so that it is too small for slow series: ask for a size as well.

    Args:
        levels: The series, shape (n,); what is not finite is left out.
        tail: How many of its last levels are the new ones.

    Returns:
        Size and p-value; ``(nan, 1)`` with fewer than ``2 * tail + 1`` levels or with a median of
        zero or less.

    Raises:
        ValueError: If ``tail`` is less than 1.

    Source:
        H. B. Mann, D. R. Whitney, On a Test of Whether One of Two Random Variables Is
        Stochastically Larger than the Other, Annals of Mathematical Statistics 18 (1947).
    """
    if tail < 1:
        raise ValueError("at least one level must be new")
    values = np.atleast_1d(np.asarray(levels, dtype=float))
    values = values[np.isfinite(values)]
    if values.size < 2 * tail + 1:
        return float("nan"), 1.0
    before, after = values[:-tail], values[-tail:]
    middle = float(np.median(before))
    if middle <= 0:
        return float("nan"), 1.0
    # exact: the normal approximation cannot reach small p-values with so few new levels
    p = stats.mannwhitneyu(after, before, alternative="greater", method="exact").pvalue
    return float(after.max()) / middle, float(p)

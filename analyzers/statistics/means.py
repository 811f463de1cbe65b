"""Whether a mean has risen."""

from __future__ import annotations

import math

from scipy import stats


def mean_increase(
    mean: float, variance: float, n: int, reference: float, reference_variance: float, m: int
) -> float:
    """One-sided p-value of Welch's test: is a mean larger than that of a reference?

    Args:
        mean: The mean.
        variance: Variance of one value.
        n: Number of values.
        reference: Mean of the reference.
        reference_variance: Variance of one of its values.
        m: Number of its values.

    Returns:
        A p-value in [0, 1]; 1 with fewer than two values on a side, or with what is not finite.

    Source:
        B. L. Welch, The Generalization of Student's Problem When Several Different Population
        Variances Are Involved, Biometrika 34 (1947).
    """
    known = (mean, variance, reference, reference_variance)
    if n < 2 or m < 2 or not all(map(math.isfinite, known)):
        return 1.0
    if variance <= 0 and reference_variance <= 0:
        return 0.0 if mean > reference else 1.0
    found = stats.ttest_ind_from_stats(
        mean, math.sqrt(variance), n, reference, math.sqrt(reference_variance), m,
        equal_var=False, alternative="greater",
    )  # fmt: skip
    return float(found.pvalue)

"""Whether two sets of counts of categories come from one distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

MINIMUM_EXPECTED = 5.0
"""Expected count on either side below which a category is pooled with other rare ones."""


def homogeneity_p_value(reference: ArrayLike, current: ArrayLike) -> float:
    """p-value of the G-test that both sides have the same shares.

    Categories that are expected fewer than five times on either side are pooled, so that the
    chi-squared distribution is a good approximation.

    Args:
        reference: Counts by category, shape (k,).
        current: Counts of the same categories.

    Returns:
        A p-value in [0, 1]; 1 where fewer than two categories are left, or a side has no values.

    Raises:
        ValueError: If the shapes differ, or a count is negative or not finite.

    Source:
        A. Agresti, Categorical Data Analysis, 3rd ed., section 3.2; pooling by W. Cochran, Some
        Methods for Strengthening the Common Chi-Squared Tests, Biometrics 10 (1954).
    """
    a, b = (np.atleast_1d(np.asarray(x, dtype=float)) for x in (reference, current))
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError("both sides need counts of the same categories")
    if not np.isfinite(a).all() or not np.isfinite(b).all() or (a < 0).any() or (b < 0).any():
        raise ValueError("counts must be finite and not negative")
    n, m = a.sum(), b.sum()
    if not n or not m:
        return 1.0
    expected = (a + b) * min(n, m) / (n + m)
    rare = expected < MINIMUM_EXPECTED
    if rare.any():
        a = np.append(a[~rare], a[rare].sum())
        b = np.append(b[~rare], b[rare].sum())
        if (a[-1] + b[-1]) * min(n, m) / (n + m) < MINIMUM_EXPECTED and a.size > 1:
            # still rare together: they go to the rarest of the others
            place = int(np.argmin(a[:-1] + b[:-1]))
            a[place] += a[-1]
            b[place] += b[-1]
            a, b = a[:-1], b[:-1]
    if a.size < 2:
        return 1.0
    table = np.vstack([a, b])
    return float(stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue)

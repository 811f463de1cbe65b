"""Columns of values as profiles, and as counts over the edges of a profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analyzers.monitors.references.profiles import (
    MOST_CATEGORIES,
    CategoryProfile,
    NumberProfile,
    number_edges,
    profile_of,
    quantile_places,
    scale_of,
)
from analyzers.stores.numbers import Histogram

Floats = NDArray[np.float64]


def profile_numbers(values: Floats) -> NumberProfile | None:
    """Return the profile of a numeric column; None where no value is finite.

    Args:
        values: The column, shape (n,); what is NaN or infinite counts as missing.
    """
    finite = np.sort(values[np.isfinite(values)])
    if not finite.size:
        return None
    # order statistics, not interpolated: an edge is a value that occurs
    quantiles = finite[quantile_places(finite.size)]
    lower, median, upper = (float(finite[round(q * (finite.size - 1))]) for q in (0.25, 0.5, 0.75))
    iqr = upper - lower
    edges = number_edges(quantiles.tolist(), median, iqr)
    histogram = _count_sorted(finite, values.size - finite.size, edges)
    return profile_of(histogram, median, scale_of(iqr, float(finite.std())))


def count_numbers(values: Floats, edges: Iterable[float]) -> Histogram:
    """Return the histogram of a column over edges; the bins are those of a store's answer."""
    finite = np.sort(values[np.isfinite(values)])
    return _count_sorted(finite, values.size - finite.size, list(edges))


def profile_categories(counts: Mapping[str, int], missing: int) -> CategoryProfile:
    """Return the profile of a column of categories.

    Args:
        counts: How often each category occurs.
        missing: Rows without one.
    """
    ranked = Counter(dict(sorted(counts.items()))).most_common()
    kept = dict(ranked[:MOST_CATEGORIES])
    other = sum(count for _, count in ranked[MOST_CATEGORIES:])
    return CategoryProfile(sum(counts.values()), missing, kept, other)


def _count_sorted(finite: Floats, missing: int, edges: list[float]) -> Histogram:
    below = np.searchsorted(finite, edges, side="left")
    last = int(np.searchsorted(finite, edges[-1], side="right"))  # the last bin is closed
    cumulative = [*map(int, below[:-1]), last]
    counts = tuple(b - a for a, b in pairwise(cumulative))
    return Histogram(
        edges=tuple(edges),
        counts=counts,
        below=cumulative[0],
        above=finite.size - last,
        missing=int(missing),
    )

"""Profiles of columns: how they were distributed, small enough to read and to keep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzers.stores.numbers import Histogram

EDGES = 200
"""Quantiles of the reference at which distributions are compared."""

TAIL_EDGES = 8
"""Edges on either side, between the reference's extremes and where values are clipped."""

CLIP = 10.0
"""Interquartile ranges around the median beyond which a value counts as lying there."""

MOST_CATEGORIES = 1_000
"""Categories that are kept by name, the most frequent; the others are counted together."""

_EXTREMES = np.array([1e-4, 3e-4, 1e-3, 2e-3, 3.5e-3])
_TAIL = np.geomspace(1 / 64, 1, TAIL_EDGES)

_NORMAL_IQR = 1.3489795
"""Interquartile range of a normal distribution with a standard deviation of one."""


@dataclass(frozen=True, slots=True)
class NumberProfile:
    """How a numeric column was distributed.

    Attributes:
        n: Number of finite values.
        missing: Rows without one.
        edges: Rising edges: quantiles of the reference, and some beyond its extremes.
        counts: Values in each bin between edges; bins are ``[a, b)``, the last one is closed.
        below: Values under the first edge, where values are clipped.
        above: Values over the last edge.
        median: The median.
        scale: Standard deviation of a normal distribution with the same interquartile range; that
            of the values, or 1, where the range is zero.
    """

    n: int
    missing: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int
    median: float
    scale: float

    kind = "number"

    def cumulative(self) -> list[int]:
        """Return the number of values below each edge, of the last one up to it."""
        return list(accumulate((self.below, *self.counts)))


@dataclass(frozen=True, slots=True)
class CategoryProfile:
    """How often each category occurred.

    Attributes:
        n: Number of values.
        missing: Rows without one.
        counts: The most frequent categories and their counts.
        other: Values of all other categories.
    """

    n: int
    missing: int
    counts: Mapping[str, int]
    other: int = 0

    kind = "category"


ColumnProfile = NumberProfile | CategoryProfile


def number_edges(quantiles: Sequence[float], median: float, iqr: float) -> list[float]:
    """Return the edges for a column with these quantiles, of which the first and last are extremes.

    Every distinct quantile is one, so that a value that is frequent has a bin of its own; beyond
    the extremes more follow, up to where values are clipped. What lies beyond that has no edge: one
    wild value would stretch the distance between distributions.
    """
    extent = abs(quantiles[-1] - quantiles[0])
    reach = CLIP * (iqr or max(extent, abs(median), 1.0))
    lower, upper = median - reach, median + reach
    inner = sorted({value for value in quantiles if lower <= value <= upper})
    low = inner[0]
    high = math.nextafter(inner[-1], math.inf)
    inner.append(high)
    if lower < low:
        inner += map(float, low - (low - lower) * _TAIL)
    if upper > high:
        inner += map(float, high + (upper - high) * _TAIL)
    return sorted(set(inner))


def tail_shares() -> list[float]:
    """Return the shares whose quantiles are edges: even, and denser in the tails.

    There distances are long.
    """
    shares = np.concatenate([np.linspace(0, 1, EDGES + 1), _EXTREMES, 1 - _EXTREMES])
    return [float(share) for share in np.unique(shares)]


def quantile_places(n: int) -> NDArray[np.int64]:
    """Return the places of those quantiles in ``n`` sorted values."""
    return np.unique(np.round(np.array(tail_shares()) * (n - 1)).astype(np.int64))


def scale_of(iqr: float, deviation: float) -> float:
    """Return what a column's distances are measured in."""
    if iqr > 0:
        return iqr / _NORMAL_IQR
    return deviation if deviation > 0 and math.isfinite(deviation) else 1.0


def profile_of(histogram: Histogram, median: float, scale: float) -> NumberProfile:
    """Return the profile of a column from its counts over its own edges."""
    return NumberProfile(
        histogram.n,
        histogram.missing,
        histogram.edges,
        histogram.counts,
        histogram.below,
        histogram.above,
        median,
        scale,
    )


def column_document(profile: ColumnProfile) -> dict[str, Any]:
    """Return a profile as plain values, ready for JSON."""
    shared = {"kind": profile.kind, "n": profile.n, "missing": profile.missing}
    if isinstance(profile, CategoryProfile):
        return {**shared, "counts": dict(profile.counts), "other": profile.other}
    return {
        **shared,
        "median": profile.median,
        "scale": profile.scale,
        "edges": list(profile.edges),
        "counts": list(profile.counts),
        "below": profile.below,
        "above": profile.above,
    }


def read_column(document: Mapping[str, Any]) -> ColumnProfile:
    """Return a profile from plain values.

    Raises:
        KeyError, TypeError, ValueError: If they are none.
    """
    n, missing = int(document["n"]), int(document["missing"])
    if document["kind"] == "category":
        counts = {str(name): int(count) for name, count in document["counts"].items()}
        return CategoryProfile(n, missing, counts, int(document.get("other", 0)))
    edges = tuple(float(edge) for edge in document["edges"])
    counts_ = tuple(int(count) for count in document["counts"])
    if len(counts_) != len(edges) - 1 or any(b <= a for a, b in pairwise(edges)):
        raise ValueError("edges must rise, with one count for each bin between them")
    return NumberProfile(
        n,
        missing,
        edges,
        counts_,
        int(document["below"]),
        int(document["above"]),
        float(document["median"]),
        float(document["scale"]),
    )

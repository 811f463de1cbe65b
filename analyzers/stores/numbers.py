"""What stores say of numeric fields: histograms over given edges, and moments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values fall into each bin; bins are ``[a, b)``, the last one is closed.

    Attributes:
        edges: Bin edges, B + 1 of them, rising.
        counts: Values in each of the B bins.
        below: Values under the first edge.
        above: Values over the last edge.
        missing: Records without a value.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int
    above: int
    missing: int

    @property
    def n(self) -> int:
        """Number of values."""
        return self.below + sum(self.counts) + self.above


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the values of a field.

    The sums are those of the values themselves: where the mean is far from zero beside the spread,
    the variance loses about ``(mean / deviation) ** 2 * 1e-16`` of its precision.

    Attributes:
        n: Number of values.
        missing: Records without a value.
        sum: Sum of the values.
        sum_of_squares: Sum of their squares.
        minimum: The smallest, or None.
        maximum: The largest, or None.
    """

    n: int
    missing: int
    sum: float
    sum_of_squares: float
    minimum: float | None
    maximum: float | None

    @property
    def mean(self) -> float | None:
        """Arithmetic mean, or None without values."""
        return self.sum / self.n if self.n else None

    @property
    def variance(self) -> float | None:
        """Unbiased sample variance, or None with fewer than two values."""
        if self.n < 2:
            return None
        return max(0.0, (self.sum_of_squares - self.sum * self.sum / self.n) / (self.n - 1))


@dataclass(frozen=True, slots=True)
class TimeLevel:
    """Level of a field among the records with a key, in the bucket that begins at ``start``."""

    key: str
    start: datetime
    n: int
    mean: float
    maximum: float


def checked_edges(edges: Sequence[float]) -> tuple[float, ...]:
    """Return bin edges as floats.

    Raises:
        ValueError: If there are fewer than two, one is not finite, or they do not rise.
    """
    checked = tuple(float(edge) for edge in edges)
    if len(checked) < 2 or not all(map(math.isfinite, checked)):
        raise ValueError("a histogram needs at least two finite edges")
    if any(left >= right for left, right in pairwise(checked)):
        raise ValueError("the edges of a histogram must rise")
    return checked

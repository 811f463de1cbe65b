"""Whether the mean of a stream of values changes, found while the stream goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

BUCKETS = 5
"""Buckets of one size before two of them become one of twice the size."""

SHORTEST = 5
"""Values on either side of a cut, at least."""


@dataclass(frozen=True, slots=True)
class MeanChange:
    """A change of the mean.

    Attributes:
        found: Place of the value at which it was found.
        since: Place of the value at which the mean seems to have changed.
        before: Mean before.
        after: Mean since.
    """

    found: int
    since: int
    before: float
    after: float


def adaptive_windowing(values: ArrayLike, delta: float = 0.002, every: int = 8) -> list[MeanChange]:
    """Find changes of the mean of values from 0 to 1 with ADWIN.

    A window grows as long as no cut of it gives two parts whose means differ by more than chance
    allows; where one does, the older part is dropped.

    Args:
        values: The stream, shape (n,); what is not finite is left out, what lies beyond 0 or 1
            counts as lying there.
        delta: Bound on the probability of a false alarm at one look.
        every: Values between looks.

    Returns:
        The changes, in order.

    Raises:
        ValueError: If delta is not between 0 and 1, or ``every`` is less than 1.

    Source:
        A. Bifet, R. Gavaldà, Learning from Time-Changing Data with Adaptive Windowing, SIAM
        International Conference on Data Mining 2007; the bound with the variance, of section 3.2.
    """
    if not 0 < delta < 1 or every < 1:
        raise ValueError("delta must lie between 0 and 1, and every be 1 or more")
    stream, places = _finite(values)
    stream = np.clip(stream, 0.0, 1.0)
    window = _Window()
    found: list[MeanChange] = []
    for place, value in enumerate(stream.tolist()):
        window.add(value)
        if (place + 1) % every or window.n < 2 * SHORTEST:
            continue
        change = window.cut(delta)
        if change is not None:
            kept, before, after = change
            began = place + 1 - kept
            found.append(MeanChange(int(places[place]), int(places[began]), before, after))
            while window.cut(delta) is not None:
                pass
    return found


def page_hinkley(
    values: ArrayLike, allowance: float = 0.1, threshold: float = 100.0, shortest: int = 30
) -> list[MeanChange]:
    """Find rises of the mean with the test of Page and Hinkley.

    Deviations above the mean so far, less an allowance, are summed up; a rise is found where the
    sum lies far above its lowest point, and the test begins anew.

    Args:
        values: The stream, shape (n,); what is not finite is left out.
        allowance: Deviation that is not counted, in standard deviations so far.
        threshold: Height from which a rise is found, in standard deviations.
        shortest: Values before the first alarm.

    Returns:
        The rises, in order.

    Source:
        E. Page, Continuous Inspection Schemes, Biometrika 41 (1954); D. Hinkley, Inference about
        the Change-Point from Cumulative Sum Tests, Biometrika 58 (1971).
    """
    stream, places = _finite(values)
    found: list[MeanChange] = []
    start, mean, squares, height, lowest, lowest_at = 0, 0.0, 0.0, 0.0, 0.0, 0
    for place, value in enumerate(stream.tolist()):
        n = place - start + 1
        step = value - mean
        mean += step / n
        squares += step * (value - mean)
        deviation = math.sqrt(squares / n)
        if deviation <= 0:
            continue
        height += (value - mean) / deviation - allowance
        if height < lowest:
            lowest, lowest_at = height, place
        if n >= shortest and height - lowest > threshold:
            began = max(start, lowest_at) + 1
            before = float(stream[start:began].mean())
            after = float(stream[began : place + 1].mean())
            found.append(MeanChange(int(places[place]), int(places[began]), before, after))
            start, mean, squares, height, lowest, lowest_at = place + 1, 0.0, 0.0, 0.0, 0.0, place
    return found


def _finite(values: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    given = np.atleast_1d(np.asarray(values, dtype=float))
    places = np.flatnonzero(np.isfinite(given))
    return given[places], places


class _Window:
    """The latest values as buckets, the oldest largest, each with its number, sum and squares."""

    def __init__(self) -> None:
        self.n = 0
        # one list for each size: 1, 2, 4, ... values; the oldest bucket of a size comes first
        self._rows: list[list[tuple[float, float]]] = [[]]

    def add(self, value: float) -> None:
        """Take in a value."""
        self.n += 1
        self._rows[0].append((value, value * value))
        size = 0
        while len(self._rows[size]) > BUCKETS:
            if size + 1 == len(self._rows):
                self._rows.append([])
            (a, aa), (b, bb) = self._rows[size][:2]
            del self._rows[size][:2]
            self._rows[size + 1].append((a + b, aa + bb))
            size += 1

    def cut(self, delta: float) -> tuple[int, float, float] | None:
        """Drop the older part where two parts differ; return how many stay, and both means."""
        counts: list[int] = []
        sums: list[float] = []
        squares = 0.0
        for size in range(len(self._rows) - 1, -1, -1):
            for one, square in self._rows[size]:
                counts.append(1 << size)
                sums.append(one)
                squares += square
        n = np.cumsum(counts)[:-1]
        total = float(sum(sums))
        older = np.cumsum(sums)[:-1]
        newer_n = self.n - n
        # neither part may be too short; the harmonic number of values leaves that many out
        first, second = n - SHORTEST + 1, newer_n - SHORTEST + 1
        usable = (first >= 1) & (second >= 1)
        if not usable.any():
            return None
        before, after = older / n, (total - older) / newer_n
        variance = max(0.0, squares / self.n - (total / self.n) ** 2)
        inverse = 1 / np.maximum(first, 1) + 1 / np.maximum(second, 1)
        logarithm = math.log(2 * math.log(self.n) / delta)
        bound = np.sqrt(2 * inverse * variance * logarithm) + 2 / 3 * inverse * logarithm
        excess = np.where(usable, np.abs(before - after) - bound, -np.inf)
        best = int(np.argmax(excess))
        if excess[best] <= 0:
            return None
        self._drop(best + 1)
        return int(newer_n[best]), float(before[best]), float(after[best])

    def _drop(self, buckets: int) -> None:
        for size in range(len(self._rows) - 1, -1, -1):
            gone = min(buckets, len(self._rows[size]))
            del self._rows[size][:gone]
            self.n -= gone << size
            buckets -= gone
        while len(self._rows) > 1 and not self._rows[-1]:
            self._rows.pop()

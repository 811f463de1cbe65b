"""When an error group began: the change of its rate, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analyzers.errors.groups import ErrorGroup
from analyzers.statistics.change_points import Segment, change_interval, poisson_segments
from analyzers.stores.base import TimeCount

BUCKETS = 720
"""Most buckets in which a window is looked at."""

AS_STEEP = 0.5
"""Share of the rise in rate of the largest rise from which an earlier one is the same fault."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Onset:
    """When a group began.

    Attributes:
        earliest: Begin of the interval.
        latest: End of the interval.
        is_inside: Whether it began inside the window; otherwise it was there all along.
        rate_before: Errors for each request (or second, without requests) before it.
        rate_after: The same after it.
    """

    earliest: datetime
    latest: datetime
    is_inside: bool
    rate_before: float = 0.0
    rate_after: float = 0.0


def bucket_seconds(since: datetime, until: datetime) -> float:
    """Return a width, in whole seconds, that cuts a window into at most ``BUCKETS`` buckets."""
    return float(max(1, math.ceil((until - since).total_seconds() / BUCKETS)))


def find_onset(
    group: ErrorGroup,
    errors: Sequence[TimeCount],
    requests: Sequence[TimeCount],
    since: datetime,
    until: datetime,
    width: float,
) -> Onset:
    """Find the rise of a group's rate that brought the most errors.

    Args:
        group: The group.
        errors: Its errors in buckets.
        requests: Requests to its services in the same buckets; the rate is for each of them. None
            of them: the rate is over time.
        since: Begin of the window.
        until: End of the window.
        width: Width of the buckets, in seconds.
    """
    start, counts, exposure = _series(errors, requests, since, until, width)
    segments = poisson_segments(counts, exposure)
    rise = _first_rise(segments)
    if rise is None:
        return Onset(since, max(since, group.first_seen), is_inside=False)
    before, after = segments[rise - 1], segments[rise]
    begin, end = before.begin, after.end
    interval = change_interval(counts[begin:end], exposure[begin:end])
    _, low, high = interval or (0, after.begin - begin, after.begin - begin)
    earliest = start + timedelta(seconds=(begin + low) * width)
    latest = start + timedelta(seconds=(begin + high + 1) * width)
    if before.count == 0 and rise == 1:  # it began with its first error
        latest = min(latest, group.first_seen)
        earliest = min(earliest, latest)
    return Onset(max(since, earliest), latest, True, before.rate, after.rate)


def _first_rise(segments: Sequence[Segment]) -> int | None:
    """Return the first rise that is about as steep as the one that brought the most errors.

    Of a fault that comes and goes, the onset is its first coming.
    """
    rises = [
        (after.rate - before.rate, after.exposure, place)
        for place, (before, after) in enumerate(pairwise(segments), 1)
        if after.rate > before.rate
    ]
    if not rises:
        return None
    steepness = max(rises, key=lambda rise: rise[0] * rise[1])[0]
    return next(place for steep, _, place in rises if steep >= AS_STEEP * steepness)


def _series(
    errors: Sequence[TimeCount],
    requests: Sequence[TimeCount],
    since: datetime,
    until: datetime,
    width: float,
) -> tuple[datetime, Floats, Floats]:
    """Return the begin of the first bucket, and errors and exposure in all of them."""
    epoch = since.timestamp() // width * width
    start = datetime.fromtimestamp(epoch, since.tzinfo)
    size = max(1, math.ceil((until.timestamp() - epoch) / width))
    counts = np.zeros(size)
    exposure = np.zeros(size)
    for series, items in ((counts, errors), (exposure, requests)):
        for item in items:
            place = int((item.start.timestamp() - epoch) // width)
            if 0 <= place < size:
                series[place] += item.count
    if not exposure.any():
        return start, counts, np.ones(size)
    # an error may be written a bucket later than its request
    return start, counts, np.maximum(exposure, counts)

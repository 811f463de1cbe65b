"""A group's onset is where its rate rose, with the interval that the records allow."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from analyzers.errors.groups import ErrorGroup, group_patterns
from analyzers.root_cause.onset import bucket_seconds, find_onset
from analyzers.stores.base import TimeCount
from tests.analyzers.conftest import START
from tests.analyzers.errors.test_groups import pattern

UNTIL = START + timedelta(hours=1)


def group_seen(first: float, last: float) -> ErrorGroup:
    """Return a group that was seen between two seconds."""
    found = pattern("f", first_seen=at(first), last_seen=at(last))
    return group_patterns([found])[0]


def at(seconds: float) -> datetime:
    """Return a time so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def counts(seconds: list[float]) -> list[TimeCount]:
    """Return events in buckets of five seconds."""
    starts = sorted({int(moment // 5) * 5 for moment in seconds})
    return [
        TimeCount("", at(start), sum(start <= moment < start + 5 for moment in seconds))
        for start in starts
    ]


def steady(begin: float, end: float, rate: float, seed: int = 1) -> list[float]:
    """Return random times at a rate."""
    draw = random.Random(seed)
    found = [begin]
    while found[-1] < end:
        found.append(found[-1] + draw.expovariate(rate))
    return found[1:-1]


def test_a_group_that_is_new_began_with_its_first_error() -> None:
    """There is nothing before it; the interval ends with the first error."""
    errors = steady(1800, 3600, 0.5)
    onset = find_onset(group_seen(errors[0], errors[-1]), counts(errors), [], START, UNTIL, 5)
    assert onset.is_inside
    assert onset.latest == at(errors[0])
    assert at(1700) < onset.earliest <= onset.latest
    assert onset.rate_before == 0


def test_a_group_that_comes_and_goes_began_when_it_first_came() -> None:
    """Not with the burst that brought the most errors."""
    errors = [*steady(1200, 1260, 1.0, 4), *steady(2000, 2060, 1.1, 5), *steady(3000, 3200, 1.2, 6)]
    onset = find_onset(group_seen(errors[0], errors[-1]), counts(errors), [], START, UNTIL, 5)
    assert onset.is_inside
    assert at(1150) < onset.earliest <= onset.latest < at(1220)


def test_a_group_that_became_more_frequent() -> None:
    """The rise counts, not the first error."""
    errors = sorted([*steady(0, 3600, 0.02, 2), *steady(2400, 3600, 0.5, 3)])
    onset = find_onset(group_seen(errors[0], errors[-1]), counts(errors), [], START, UNTIL, 5)
    assert onset.is_inside
    assert onset.earliest <= at(2410)
    assert at(2395) <= onset.latest <= at(2460)
    assert onset.rate_after > 5 * onset.rate_before


def test_a_group_that_was_there_all_along_has_no_onset() -> None:
    """At one rate."""
    errors = steady(0, 3600, 0.05)
    onset = find_onset(group_seen(errors[0], errors[-1]), counts(errors), [], START, UNTIL, 5)
    assert not onset.is_inside
    assert onset.earliest == START


def test_more_traffic_is_no_onset() -> None:
    """Ten times the requests, ten times the errors."""
    requests = sorted([*steady(0, 3600, 2, 4), *steady(1800, 3600, 18, 5)])
    errors = [moment for place, moment in enumerate(requests) if place % 40 == 0]
    group = group_seen(errors[0], errors[-1])
    assert not find_onset(group, counts(errors), counts(requests), START, UNTIL, 5).is_inside
    assert find_onset(group, counts(errors), [], START, UNTIL, 5).is_inside


def test_windows_of_any_length_have_few_buckets() -> None:
    """From a minute to a year."""
    for length in (timedelta(minutes=1), timedelta(hours=1), timedelta(days=365)):
        width = bucket_seconds(START, START + length)
        assert width >= 1
        assert length.total_seconds() / width <= 720

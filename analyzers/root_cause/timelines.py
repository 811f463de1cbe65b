"""What an incident looks like over time: errors, requests, resources, and the cause itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from analyzers.findings import Cause, Levels, Timeline
from analyzers.root_cause.causes import TOGETHER
from analyzers.root_cause.testimony.growth import AMOUNTS
from analyzers.root_cause.testimony.resources import SHARES
from analyzers.stores.base import Condition, Store, Where, Window

BUCKETS = 60
MOST_SERIES = 4
"""Hosts in one picture: those with the highest level."""

USUAL_RESOURCES = ("system.memory.actual.used.pct", "system.cpu.total.norm.pct")
"""Shown beside those that a cause names."""

_FEATURES = "ml.features."
_NUMBERS = f"{_FEATURES}number."


def bucket_of(window: Window) -> float:
    """Return the width of a window's buckets, in seconds."""
    since, until = window.ends()
    return max(1.0, round((until - since).total_seconds() / BUCKETS))


def error_timeline(
    store: Store, window: Window, where: Where, fingerprints: tuple[str, ...]
) -> Timeline:
    """Return the errors over time.

    Raises:
        StoreError: If the store cannot be read.
    """
    seconds = bucket_of(window)
    mine = [*where, Condition("error.fingerprint", "any_of", fingerprints)]
    counts = store.time_counts("error", seconds, window, mine)
    return Timeline(seconds, tuple((item.start, item.count) for item in counts))


def levels_of(
    store: Store, window: Window, requests: Where, causes: Sequence[Cause]
) -> list[Levels]:
    """Return what else to show on the same axis of time.

    Requests, the feature or value that is the first cause, and resources on the hosts: those that
    a cause names, then the usual ones. What has no records is left out.

    Args:
        store: Where the records are.
        window: The time to show; both ends are known.
        requests: Conditions for the requests to the incident's services.
        causes: Its causes, the best first.

    Raises:
        StoreError: If the store cannot be read.
    """
    found: list[Levels | None] = [_requests(store, window, requests)]
    found += [_cause(store, window, requests, cause) for cause in causes[:1]]
    named = [cause.field for cause in causes if cause.category == "resource"]
    fields = list(dict.fromkeys([*named, *USUAL_RESOURCES]))[: max(2, len(named))]
    found += [_resource(store, window, field) for field in fields]
    return [levels for levels in found if levels is not None and levels.series]


def _requests(store: Store, window: Window, requests: Where) -> Levels:
    seconds = bucket_of(window)
    counts = store.time_counts("prediction", seconds, window, requests)
    line = tuple((item.start, float(item.count)) for item in counts)
    return Levels("requests", "", seconds, (("requests", line),) if line else ())


def _cause(store: Store, window: Window, requests: Where, cause: Cause) -> Levels | None:
    """Return the mean of a feature, or the share of the requests that have a value, over time."""
    seconds = bucket_of(window)
    if cause.field.startswith(_NUMBERS):
        levels = store.time_levels(
            "prediction", cause.field, seconds, window, "service.name", requests
        )
        name = f"mean of {cause.field.removeprefix(_NUMBERS)}"
        return Levels(
            name, cause.field, seconds, _series([(a.key, a.start, a.mean) for a in levels])
        )
    if not cause.field.startswith(_FEATURES) or TOGETHER in cause.field:
        return None
    met = [*requests, Condition(cause.field, "any_of", (cause.value,))]
    every = {i.start: i.count for i in store.time_counts("prediction", seconds, window, requests)}
    some = {i.start: i.count for i in store.time_counts("prediction", seconds, window, met)}
    line = tuple((start, some.get(start, 0) / count) for start, count in sorted(every.items()))
    word = "missing" if cause.category == "missing-feature" else f"= {cause.value}"
    feature = cause.value if cause.category == "missing-feature" else cause.field.rpartition(".")[2]
    return Levels(f"share with {feature} {word}", cause.field, seconds, ((feature, line),))


def _resource(store: Store, window: Window, field: str) -> Levels:
    seconds = bucket_of(window)
    levels = store.time_levels("resource", field, seconds, window, "host.name")
    name = {**SHARES, **AMOUNTS}.get(field, field)
    series = _series([(level.key, level.start, level.mean) for level in levels])
    highest = sorted(series, key=lambda one: (-max(value for _, value in one[1]), one[0]))
    return Levels(name, field, seconds, tuple(sorted(highest[:MOST_SERIES])))


def _series(
    points: Sequence[tuple[str, datetime, float]],
) -> tuple[tuple[str, tuple[tuple[datetime, float], ...]], ...]:
    found: dict[str, list[tuple[datetime, float]]] = {}
    for key, moment, value in points:
        found.setdefault(key, []).append((moment, value))
    return tuple((key, tuple(line)) for key, line in sorted(found.items()))

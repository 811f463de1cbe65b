"""Which causes explain an error group, the best first; none where nothing does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from analyzers.errors.groups import ErrorGroup
from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.causes import MINIMUM_SCORE, TIE, order_of
from analyzers.root_cause.onset import Onset, bucket_seconds, find_onset
from analyzers.root_cause.testimony import WITNESSES
from analyzers.root_cause.testimony.changes import HORIZON
from analyzers.stores.base import Condition, Store, TimeCount, Where, Window

MOST_ERRORS_READ = 200_000
"""Error records that are read for their traces; of more, a sample is."""


class Explanations:
    """Explains the error groups of a window.

    Args:
        store: Where the records are.
        window: Time to look at; both ends are needed.
        groups: All groups of the window, the most frequent first.
        services: Services that each group was seen in.
        where: Conditions of the user.
        most: Groups that can be explained: the first ones. The others can still be causes.

    Raises:
        ValueError: If an end of the window is open.
        StoreError: If the store cannot be read.
    """

    def __init__(
        self,
        store: Store,
        window: Window,
        groups: Sequence[ErrorGroup],
        services: Mapping[str, Sequence[str]],
        where: Where = (),
        most: int = 50,
    ) -> None:
        if window.since is None or window.until is None:
            raise ValueError("causes are looked for in a window with both ends")
        self._store = store
        self._window = window
        self._since, self._until = window.since, window.until
        self._where = where
        self._services = services
        self._by_fingerprint = {f: group for group in groups for f in group.fingerprints}
        self._width = bucket_seconds(self._since, self._until)
        self._events = store.lifecycle_events(Window(self._since - HORIZON, self._until))
        self._errors = self._errors_by_group(groups[:most])
        self._requests: dict[tuple[str, ...], list[TimeCount]] = {}
        self._traces = self._read_traces(sum(group.count for group in groups))

    def onset(self, group: ErrorGroup) -> Onset:
        """Return when a group began."""
        return find_onset(
            group,
            self._errors.get(group.id, []),
            self._requests_to(tuple(self._services.get(group.id, ()))),
            self._since,
            self._until,
            self._width,
        )

    def causes(self, group: ErrorGroup) -> list[Cause]:
        """Return the causes of a group, the best first; none where nothing explains it.

        Raises:
            StoreError: If the store cannot be read.
        """
        case = Case(
            self._store,
            self._window,
            self._where,
            group,
            self.onset(group),
            tuple(self._services.get(group.id, ())),
            self._events,
            self._by_fingerprint,
            self._traces,
        )
        return rank(cause for witness in WITNESSES for cause in witness(case))

    def _errors_by_group(self, groups: Sequence[ErrorGroup]) -> dict[str, list[TimeCount]]:
        found: dict[str, list[TimeCount]] = {}
        meant = tuple(f for group in groups for f in group.fingerprints)
        where = [*self._where, Condition("error.fingerprint", "any_of", meant)]
        for item in self._store.time_counts(
            "error", self._width, self._window, where, "error.fingerprint"
        ):
            group = self._by_fingerprint.get(item.key)
            if group is not None:
                found.setdefault(group.id, []).append(item)
        return found

    def _requests_to(self, services: tuple[str, ...]) -> list[TimeCount]:
        if services not in self._requests:
            named = [Condition("service.name", "any_of", services)] if services else []
            self._requests[services] = self._store.time_counts(
                "prediction", self._width, self._window, [*self._where, *named]
            )
        return self._requests[services]

    def _read_traces(self, total: int) -> dict[str, dict[str, datetime]]:
        """Return, for each trace with an error, when each group was first seen in it."""
        share = min(1.0, MOST_ERRORS_READ / max(total, 1))
        traces: dict[str, dict[str, datetime]] = {}
        fields = ("trace.id", "error.fingerprint", "@timestamp")
        where = [Condition("trace.id", "exists")]
        for page in self._store.scan("error", fields, self._window, where, sample=share):
            for trace, fingerprint, moment in page:
                group = self._by_fingerprint.get(fingerprint)
                if group is not None:
                    seen = traces.setdefault(trace, {})
                    seen[group.id] = min(moment, seen.get(group.id, moment))
        return traces


def rank(candidates: Iterable[Cause]) -> list[Cause]:
    """Return the causes that explain enough, the best first, each only once.

    A value that a better cause brought, such as the version of a deployment, is that cause's
    evidence and no cause of its own.
    """
    ranked = sorted((cause for cause in candidates if cause.score >= MINIMUM_SCORE), key=order_of)
    found: list[Cause] = []
    for cause in ranked:
        if not any(_is_the_same(cause, better) for better in found):
            found.append(cause)
    return found


def is_a_tie(causes: Sequence[Cause]) -> bool:
    """Return whether the first two causes explain equally much in the same way."""
    return (
        len(causes) > 1
        and causes[0].category == causes[1].category
        and causes[0].score - causes[1].score < TIE
    )


def _is_the_same(cause: Cause, better: Cause) -> bool:
    return (
        better.category == "change"
        and cause.field in ("ml.model.version", "service.version")
        and cause.value == better.value
    )


def until_now(window: Window, first: datetime, last: datetime) -> Window:
    """Return a window with both ends, from the times of its records where one is open."""
    return Window(window.since or first, window.until or last + timedelta(milliseconds=1))

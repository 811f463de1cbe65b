"""Asks all witnesses about the error groups of a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from analyzers.errors.groups import ErrorGroup
from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.onset import Onset, bucket_seconds, find_onset
from analyzers.root_cause.ranking import rank
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
        where: Where = (),
        most: int = 50,
    ) -> None:
        self._store = store
        self._window = window
        self._since, self._until = window.ends()
        self._where = where
        self._by_fingerprint = {f: group for group in groups for f in group.fingerprints}
        self._services = self._read_services()
        self._width = bucket_seconds(self._since, self._until)
        self._events = store.lifecycle_events(Window(self._since - HORIZON, self._until))
        known = store.coverage(Window(self._since - HORIZON, self._since)).first
        self._recorded_since = known or self._since
        self._errors = self._errors_by_group(groups[:most])
        self._requests: dict[tuple[str, ...], list[TimeCount]] = {}
        self._onsets: dict[str, Onset] = {}
        self._traces = self._read_traces(sum(group.count for group in groups))

    def services(self, group: ErrorGroup) -> tuple[str, ...]:
        """Return the services that a group was seen in."""
        return self._services.get(group.id, ())

    def onset(self, group: ErrorGroup) -> Onset:
        """Return when a group began."""
        if group.id not in self._onsets:
            self._onsets[group.id] = find_onset(
                group,
                self._errors.get(group.id, []),
                self._requests_to(self.services(group)),
                self._since,
                self._until,
                self._width,
            )
        return self._onsets[group.id]

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
            self.services(group),
            self._events,
            self._recorded_since,
            self._by_fingerprint,
            self._traces,
        )
        return rank(cause for witness in WITNESSES for cause in witness(case))

    def _read_services(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for item in self._store.value_counts(
            "error", "service.name", self._window, self._where, by="error.fingerprint"
        ):
            group = self._by_fingerprint.get(item.key)
            if group is not None:
                names = (*found.get(group.id, ()), item.value)
                found[group.id] = tuple(sorted(set(names)))
        return found

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


def with_both_ends(window: Window, first: datetime, last: datetime) -> Window:
    """Return a window with both ends, from the times of its records where one is open."""
    return Window(window.since or first, window.until or last + timedelta(milliseconds=1))

"""What witnesses are asked about: one error group, since when, and among which requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzers.errors.groups import ErrorGroup
from analyzers.root_cause.onset import Onset
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.stores.base import Condition, LifecycleEvent, Store, Where, Window

SHORTEST_BASELINE = timedelta(minutes=5)
"""Least time before the onset that is compared with what came after."""

TOTAL = 0.95
"""Share of the requests that fail from which the others of the same time are too few, or too odd,
to be all that the failed ones are compared with."""


@dataclass(frozen=True, slots=True)
class Case:
    """One error group that is to be explained.

    Attributes:
        store: Where the records are.
        window: The whole window; both ends are known.
        where: Conditions of the user.
        group: The group.
        onset: When it began.
        services: Services that it was seen in.
        events: Changes from a day before the window on, in order.
        recorded_since: Since when there are records, but no longer than the events are known for.
        groups: All groups of the window, by fingerprint.
        traces: For each trace, when each group was first seen in it.
    """

    store: Store
    window: Window
    where: Where
    group: ErrorGroup
    onset: Onset
    services: tuple[str, ...]
    events: Sequence[LifecycleEvent]
    recorded_since: datetime
    groups: Mapping[str, ErrorGroup]
    traces: Mapping[str, Mapping[str, datetime]]

    @property
    def span(self) -> Window:
        """From the onset to the last error: what happened to others is compared in it."""
        until = self.group.last_seen + timedelta(milliseconds=1)
        return Window(min(self.onset.earliest, self.group.last_seen), until)

    @property
    def span_and_before(self) -> Window | None:
        """The span and as much time before it; None where the window holds nothing before it.

        The baseline of a failure that leaves no other request to compare with.
        """
        since, until = self.span.ends()
        first = self.window.ends()[0]
        if not self.onset.is_inside or since - first < SHORTEST_BASELINE:
            return None
        return Window(max(first, since - max(until - since, SHORTEST_BASELINE)), until)

    @property
    def requests(self) -> Where:
        """Conditions for all requests to the group's services."""
        if not self.services:
            return self.where
        return [*self.where, Condition("service.name", "any_of", self.services)]

    @property
    def failed(self) -> Where:
        """Conditions for the requests that failed with the group."""
        mine = Condition("error.fingerprint", "any_of", self.group.fingerprints)
        return [*self.requests, mine]

    def failing_hosts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many requests failed on each host, and how many there were in all.

        Where no prediction failed, the errors themselves count, and there is nothing they are a
        part of.
        """
        failed = self.by_host("prediction", self.failed)
        if sum(failed.values()) < MINIMUM_FAILED:
            return self.by_host("error", self.failed), {}
        return failed, self.by_host("prediction", self.requests)

    def by_host(self, kind: str, where: Where) -> dict[str, int]:
        """Return how many records of the span there are on each host."""
        return self.by_value("host.name", kind, where)

    def by_value(self, field: str, kind: str, where: Where) -> dict[str, int]:
        """Return how many records of the span have each value of a field."""
        counts = self.store.value_counts(kind, field, self.span, where)
        return {item.value: item.count for item in counts}

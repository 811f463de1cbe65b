"""What witnesses are asked about: one error group, since when, and among which requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzers.errors.groups import ErrorGroup
from analyzers.root_cause.onset import Onset
from analyzers.stores.base import Condition, LifecycleEvent, Store, Where, Window

MINIMUM_FAILED = 5
"""Failed requests below which nothing is concluded."""


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
    groups: Mapping[str, ErrorGroup]
    traces: Mapping[str, Mapping[str, datetime]]

    @property
    def span(self) -> Window:
        """From the onset to the last error: what happened to others is compared in it."""
        until = self.group.last_seen + timedelta(milliseconds=1)
        return Window(min(self.onset.earliest, self.group.last_seen), until)

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

"""What a store says about error groups, asked in as few questions as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from analyzers.errors.groups import ErrorGroup
from analyzers.findings import (
    Breakdown,
    Change,
    Contrast,
    Description,
    Evidence,
    Finding,
    StackTrace,
    Timeline,
)
from analyzers.root_cause.case import SHORTEST_BASELINE
from analyzers.root_cause.contrast import Scope, contrast_groups
from analyzers.root_cause.severity import severity_of
from analyzers.root_cause.summaries import summarise, title
from analyzers.stores.base import Condition, Store, Where, Window

BREAKDOWN_FIELDS = (
    "ml.model.name",
    "ml.model.version",
    "service.name",
    "service.version",
    "host.name",
)
MAXIMUM_CONTRASTS = 6

LONG = 0.5
"""Share of the time of all errors from which a group was there all along."""

CHANGE_HORIZON = timedelta(hours=24)
"""How long before an onset a change may still be named."""


class ErrorEvidence:
    """What the store says about all groups, asked in as few questions as possible."""

    def __init__(
        self, store: Store, window: Window, where: Where, groups: Sequence[ErrorGroup], width: float
    ) -> None:
        self.store = store
        self.window = window
        self.where = where
        self.width = width
        moments = [m for group in groups for m in (group.first_seen, group.last_seen)]
        moments = moments or [datetime.now(UTC)]
        self.seen = min(moments), max(moments)
        self.owner = {f: group.id for group in groups for f in group.fingerprints}
        self.breakdowns = {field: self._by_group(field) for field in BREAKDOWN_FIELDS if groups}
        self.services = {group.id: self._services(group) for group in groups}
        self.contrasts, self.totals = self._contrast(groups, self._span)
        # where nothing tells it from the others of its time, those before and after may
        bare = [group for group in groups if not self.contrasts[group.id]]
        self.contrasts |= self._contrast(bare, self._span_and_around)[0]
        self.events = store.lifecycle_events(window)
        self.timelines: dict[str, dict[datetime, int]] = {}
        for item in store.time_counts("error", width, window, where, "error.fingerprint"):
            if item.key in self.owner:
                line = self.timelines.setdefault(self.owner[item.key], {})
                line[item.start] = line.get(item.start, 0) + item.count

    def _span(self, group: ErrorGroup) -> Window:
        """Return the whole buckets in which a group was seen, or any was for one that stayed.

        Groups with one span are compared in one question.
        """
        seen = group.first_seen, group.last_seen
        if seen[1] - seen[0] >= LONG * (self.seen[1] - self.seen[0]):
            seen = self.seen
        begin = seen[0].timestamp() // self.width * self.width
        end = (seen[1].timestamp() // self.width + 1) * self.width
        return self._within(datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC))

    def _within(self, since: datetime, until: datetime) -> Window:
        first, last = self.window.since or since, self.window.until or until
        return Window(max(since, first), min(until, last))

    def _span_and_around(self, group: ErrorGroup) -> Window:
        """Return its span, and as much time before and after it."""
        since, until = self._span(group).ends()
        length = max(until - since, SHORTEST_BASELINE)
        return self._within(since - length, until + length)

    def _contrast(
        self, groups: Sequence[ErrorGroup], span: Callable[[ErrorGroup], Window]
    ) -> tuple[dict[str, list[Contrast]], dict[str, tuple[int, int]]]:
        return contrast_groups(
            self.store,
            {group.id: group.fingerprints for group in groups},
            {group.id: Scope(span(group), self.services[group.id]) for group in groups},
            self.where,
        )

    def _by_group(self, field: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for item in self.store.value_counts(
            "error", field, self.window, self.where, "error.fingerprint"
        ):
            if item.key in self.owner:
                values = found.setdefault(self.owner[item.key], {})
                values[item.value] = values.get(item.value, 0) + item.count
        return found

    def _services(self, group: ErrorGroup) -> tuple[str, ...]:
        return tuple(self.breakdowns.get("service.name", {}).get(group.id, ()))

    def breakdown(self, group: ErrorGroup, field: str) -> Breakdown | None:
        """Return how often each value of a field occurs in the group, most frequent first."""
        values = self.breakdowns.get(field, {}).get(group.id)
        if not values:
            return None
        return Breakdown(field, tuple(sorted(values.items(), key=lambda item: (-item[1], item[0]))))

    def timeline(self, group: ErrorGroup) -> Timeline:
        """Return the group's errors over time."""
        return Timeline(self.width, tuple(sorted(self.timelines.get(group.id, {}).items())))

    def _of_its_services(self, group: ErrorGroup) -> list[Condition]:
        services = self.services[group.id]
        return [Condition("service.name", "any_of", services)] if services else []

    def onset(self, group: ErrorGroup) -> tuple[datetime, datetime]:
        """Return the last answered request before the first error, and that error."""
        answered = [
            Condition("event.outcome", "any_of", ("success",)),
            *self._of_its_services(group),
        ]
        before = self.store.last_before("prediction", group.first_seen, answered)
        return (before or group.first_seen, group.first_seen)

    def stack_trace(self, group: ErrorGroup) -> StackTrace | None:
        """Return the stack trace of the group's earliest record."""
        record = self.store.first_record(
            "error", self.window, [Condition("error.fingerprint", "any_of", group.fingerprints)]
        )
        if record is None:
            return None
        text = record.get("error", {}).get("stack_trace")
        return StackTrace(record["event"]["id"], text) if text else None

    def change(self, onset: tuple[datetime, datetime], models: Sequence[str]) -> Change | None:
        """Return the last change to one of the models before the onset."""
        candidates = [
            event
            for event in self.events
            if event.time <= onset[1]
            and onset[1] - event.time <= CHANGE_HORIZON
            and (not models or event.model in models)
        ]
        if not candidates:
            return None
        event = max(candidates, key=lambda event: event.time)
        return Change(
            event.time,
            event.action,
            event.model,
            event.version,
            event.previous_version,
            event.reason,
            (onset[1] - event.time).total_seconds(),
        )


def make_finding(
    group: ErrorGroup, gathered: ErrorEvidence, since: datetime | None, until: datetime | None
) -> Finding:
    """Return the finding of one group with all its evidence."""
    breakdowns = [
        found
        for found in (gathered.breakdown(group, field) for field in BREAKDOWN_FIELDS)
        if found is not None
    ]
    values = {item.field: tuple(value for value, _ in item.values) for item in breakdowns}
    models = values.get("ml.model.name", ())
    versions = values.get("ml.model.version", ())
    onset = gathered.onset(group)
    contrasts = gathered.contrasts.get(group.id, [])[:MAXIMUM_CONTRASTS]
    failed, others = gathered.totals.get(group.id, (0, 0))
    effect = failed / (failed + others) if failed else None
    evidence: list[Evidence] = [
        Description(
            group.type,
            group.types,
            group.culprit,
            group.template,
            group.message,
            group.fingerprints,
        ),
        *breakdowns,
        gathered.timeline(group),
        *contrasts,
    ]
    change = gathered.change(onset, models)
    if change is not None:
        evidence.append(change)
    trace = gathered.stack_trace(group)
    if trace is not None:
        evidence.append(trace)
    return Finding(
        kind="error-group",
        id=group.id,
        subject=title(group),
        summary=summarise(group, contrasts, versions, failed),
        model=models[0] if len(models) == 1 else None,
        version=versions[0] if len(versions) == 1 else None,
        since=since,
        until=until,
        n=group.count,
        requests=failed + others if failed else 0,
        effect=effect,
        p=contrasts[0].p if contrasts else None,
        q=contrasts[0].q if contrasts else None,
        onset=onset,
        last_seen=group.last_seen,
        severity=severity_of(effect, failed),
        evidence=tuple(evidence),
    )

"""The error report: groups, when they began, whom they touch, and what goes with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from analyzers.errors.groups import ErrorGroup, group_patterns
from analyzers.findings import (
    Breakdown,
    Change,
    Contrast,
    Description,
    Evidence,
    Finding,
    Severity,
    StackTrace,
    Timeline,
    plain,
)
from analyzers.root_cause.contrast import MINIMUM_FAILED, contrast_groups
from analyzers.stores.base import Condition, Coverage, LifecycleEvent, Store, Where, Window

BREAKDOWN_FIELDS = (
    "ml.model.name",
    "ml.model.version",
    "service.name",
    "service.version",
    "host.name",
)

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead a clock may be before its records count as dated in the future."""

MAXIMUM_CONTRASTS = 6
CHANGE_HORIZON = timedelta(hours=24)
"""How long before an onset a change may still be named."""

CRITICAL_SHARE = 0.01
"""Share of the requests in its span from which an error group is critical, if it failed enough."""

_BUCKETS = 60
_WIDTHS = (
    0.25,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    43200,
    86400,
)


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """All that a report shows.

    Attributes:
        store: Where the records are.
        since: Begin of the window: asked for, or the earliest record.
        until: End of the window: asked for, or the latest record.
        coverage: What the store holds and could not use.
        requests: Number of predictions.
        failed: Number of failed predictions.
        bucket_seconds: Width of the time buckets.
        traffic: Predictions in time buckets.
        events: Life-cycle events of the window.
        findings: Error groups, the most severe first.
        omitted: Groups that were left out because of a limit.
    """

    store: str
    since: datetime | None
    until: datetime | None
    coverage: Coverage
    requests: int
    failed: int
    bucket_seconds: float
    traffic: Timeline
    events: tuple[LifecycleEvent, ...]
    findings: tuple[Finding, ...]
    omitted: int = 0

    def document(self) -> dict[str, Any]:
        """Return the report as plain values, ready for JSON."""
        document: dict[str, Any] = {
            "kind": "error-report",
            "store": self.store,
            "since": plain(self.since),
            "until": plain(self.until),
            "coverage": plain(self.coverage),
            "requests": self.requests,
            "failed": self.failed,
            "traffic": plain(self.traffic),
            "events": plain(self.events),
            "findings": [finding.document() for finding in self.findings],
            "omitted": self.omitted,
        }
        return document


def report_errors(store: Store, window: Window, where: Where = (), limit: int = 50) -> ErrorReport:
    """Group the errors of a window and gather the evidence for each group.

    Args:
        store: Where the records are.
        window: Time to look at; an open end means up to now.
        where: Conditions, such as on the model.
        limit: Number of groups to report, the most frequent first.

    Raises:
        StoreError: If the store cannot be read.
    """
    bounded = window
    if window.until is None:
        bounded = Window(window.since, datetime.now(UTC) + CLOCK_SKEW)
    coverage = store.coverage(bounded)
    since = window.since or coverage.first
    until = window.until or coverage.last
    width = bucket_width(since, until)
    groups = group_patterns(store.error_patterns(bounded, where))
    shown = groups[:limit]
    gathered = _Evidence(store, bounded, where, shown, width)
    findings = sorted(
        (_finding(group, gathered, since, until) for group in shown),
        key=lambda finding: (
            -("info", "warning", "critical").index(finding.severity),
            -finding.n,
            finding.onset,
            finding.id,
        ),
    )
    outcomes = store.value_counts("prediction", "event.outcome", bounded, where)
    traffic = store.time_counts("prediction", width, bounded, where)
    return ErrorReport(
        store=store.location,
        since=since,
        until=until,
        coverage=coverage,
        requests=sum(item.count for item in outcomes),
        failed=sum(item.count for item in outcomes if item.value == "failure"),
        bucket_seconds=width,
        traffic=Timeline(width, tuple((item.start, item.count) for item in traffic)),
        events=tuple(gathered.events),
        findings=tuple(findings),
        omitted=len(groups) - len(shown),
    )


def bucket_width(since: datetime | None, until: datetime | None) -> float:
    """Return a round width, in seconds, that cuts a window into about sixty buckets."""
    if since is None or until is None:
        return 60.0
    wanted = max((until - since).total_seconds(), 1.0) / _BUCKETS
    for width in _WIDTHS:
        if width >= wanted:
            return float(width)
    return float(math.ceil(wanted / 86400) * 86400)


class _Evidence:
    """What the store says about all groups, asked in as few questions as possible."""

    def __init__(
        self, store: Store, window: Window, where: Where, groups: Sequence[ErrorGroup], width: float
    ) -> None:
        self.store = store
        self.window = window
        self.where = where
        self.width = width
        self.owner = {f: group.id for group in groups for f in group.fingerprints}
        self.contrasts, self.totals = contrast_groups(
            store, {group.id: group.fingerprints for group in groups}, window, where
        )
        self.events = store.lifecycle_events(window)
        self.breakdowns = {field: self._by_group(field) for field in BREAKDOWN_FIELDS if groups}
        self.timelines: dict[str, dict[datetime, int]] = {}
        for item in store.time_counts("error", width, window, where, "error.fingerprint"):
            if item.key in self.owner:
                line = self.timelines.setdefault(self.owner[item.key], {})
                line[item.start] = line.get(item.start, 0) + item.count

    def _by_group(self, field: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for item in self.store.value_counts(
            "error", field, self.window, self.where, "error.fingerprint"
        ):
            if item.key in self.owner:
                values = found.setdefault(self.owner[item.key], {})
                values[item.value] = values.get(item.value, 0) + item.count
        return found

    def breakdown(self, group: ErrorGroup, field: str) -> Breakdown | None:
        values = self.breakdowns.get(field, {}).get(group.id)
        if not values:
            return None
        return Breakdown(field, tuple(sorted(values.items(), key=lambda item: (-item[1], item[0]))))

    def timeline(self, group: ErrorGroup) -> Timeline:
        return Timeline(self.width, tuple(sorted(self.timelines.get(group.id, {}).items())))

    def onset(self, group: ErrorGroup, services: Sequence[str]) -> tuple[datetime, datetime]:
        """Return the last answered request before the first error, and that error."""
        answered = [Condition("event.outcome", "any_of", ("success",))]
        if services:
            answered.append(Condition("service.name", "any_of", tuple(services)))
        before = self.store.last_before("prediction", group.first_seen, answered)
        return (before or group.first_seen, group.first_seen)

    def stack_trace(self, group: ErrorGroup) -> StackTrace | None:
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

    def requests_in_span(self, group: ErrorGroup) -> int:
        """Return how many predictions there were while the group was active."""
        span = Window(group.first_seen, group.last_seen + timedelta(seconds=self.width))
        return sum(
            c.count
            for c in self.store.value_counts("prediction", "event.outcome", span, self.where)
        )


def _finding(
    group: ErrorGroup, gathered: _Evidence, since: datetime | None, until: datetime | None
) -> Finding:
    breakdowns = [
        found
        for found in (gathered.breakdown(group, field) for field in BREAKDOWN_FIELDS)
        if found is not None
    ]
    values = {item.field: tuple(value for value, _ in item.values) for item in breakdowns}
    models = values.get("ml.model.name", ())
    versions = values.get("ml.model.version", ())
    onset = gathered.onset(group, values.get("service.name", ()))
    contrasts = gathered.contrasts.get(group.id, [])[:MAXIMUM_CONTRASTS]
    failed, others = gathered.totals.get(group.id, (0, 0))
    effect = None
    if failed:
        effect = min(1.0, failed / max(failed, gathered.requests_in_span(group)))
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
        summary=_summary(group, contrasts, versions, failed),
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
        severity=_severity(effect, failed),
        evidence=tuple(evidence),
    )


def title(group: ErrorGroup) -> str:
    """Return the name of a group for people: exception and message, on one line."""
    lines = group.message.strip().splitlines()
    message = " ".join(lines[0].split()) if lines else ""
    if len(message) > 160:
        message = message[:157] + "..."
    kind = group.type.rpartition(".")[2]
    return message if group.type == "log" else f"{kind}: {message}" if message else kind


def _summary(
    group: ErrorGroup, contrasts: Sequence[Contrast], versions: Sequence[str], failed: int
) -> str:
    place = f" in {group.culprit}" if group.culprit else ""
    times = "once" if group.count == 1 else f"{group.count:,} times"
    sentence = f"{group.type.rpartition('.')[2]}{place}, {times}"
    if len(versions) == 1:
        sentence += f", only on version {versions[0]}"
    if not contrasts:
        reason = "no request data to compare with" if not failed else "no value stands out"
        return f"{sentence}; {reason}."
    best = contrasts[0]
    tied = [c for c in contrasts[1:] if abs(c.excess - best.excess) < 0.01]
    sentence += (
        f"; goes with {describe_value(best.field, best.value)} "
        f"({share_text(best.share)} of its failed requests, "
        f"{share_text(best.other_share)} of the others)"
    )
    if tied:
        sentence += " and equally with " + ", ".join(
            describe_value(c.field, c.value) for c in tied[:2]
        )
    return sentence + "."


def share_text(value: float) -> str:
    """Return a share as per cent, without hiding that it is not quite 0 or 100."""
    if value in (0.0, 1.0):
        return f"{value:.0%}"
    if value > 0.999:
        return ">99.9%"
    return "<0.1%" if value < 0.001 else f"{value:.1%}"


def describe_value(field: str, value: str) -> str:
    """Return a field and value for people, such as ``missing feature temperature``."""
    if field == "ml.features.missing":
        return f"missing feature {value}"
    if field == "ml.features.invalid":
        return f"infinite feature {value}"
    for prefix, word in (("ml.segment.", "segment "), ("ml.features.category.", "feature ")):
        if field.startswith(prefix):
            return f"{word}{field.removeprefix(prefix)} = {value}"
    names = {"ml.model.name": "model", "ml.model.version": "model version", "host.name": "host"}
    return f"{names.get(field, field)} {value}"


def _severity(effect: float | None, failed: int) -> Severity:
    if effect is None:
        return "info"
    return "critical" if effect >= CRITICAL_SHARE and failed >= MINIMUM_FAILED else "warning"

"""The error report: groups, when they began, whom they touch, and what goes with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from analyzers.errors.grouping import Grouping
from analyzers.errors.triage import Decision
from analyzers.findings import Finding, LifeCycle, Severity, Timeline, plain
from analyzers.root_cause.error_evidence import ErrorEvidence, make_finding
from analyzers.root_cause.group_states import group_states
from analyzers.root_cause.severity import worst_first
from analyzers.stores.base import Coverage, LifecycleEvent, Store, Where, Window

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead a clock may be before its records count as dated in the future."""

_BUCKETS = 60
_WIDTHS = (0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200)
_DAY = 86400


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


def report_errors(
    store: Store,
    window: Window,
    where: Where = (),
    limit: int = 50,
    decisions: Mapping[str, Decision] | None = None,
    grouping: Grouping | None = None,
    only: str | None = None,
) -> ErrorReport:
    """Group the errors of a window and gather the evidence for each group.

    Args:
        store: Where the records are.
        window: Time to look at; an open end means up to now.
        where: Conditions, such as on the model.
        limit: Number of groups to report, the most frequent first.
        decisions: What was decided about groups, by id or fingerprint; with them, or with a begin
            of the window, each group says where it stands.
        grouping: How errors are grouped; by themselves without it. It learns what it sees.
        only: Report only the group whose id begins so.

    Raises:
        StoreError: If the store cannot be read.
    """
    bounded = up_to_now(window)
    coverage = store.coverage(bounded)
    since = window.since or coverage.first
    until = window.until or coverage.last
    width = bucket_width(since, until)
    grouping = grouping or Grouping()
    groups = grouping.groups(store.error_patterns(bounded, where))
    grouping.learn(groups, window.until or datetime.now(UTC))
    if only is not None:
        groups = [group for group in groups if group.id.startswith(only)]
    shown = groups[:limit]
    gathered = ErrorEvidence(store, bounded, where, shown, width)
    states = group_states(store, bounded, where, shown, decisions or {}, grouping)
    made = [make_finding(group, gathered, since, until) for group in shown]
    findings = sorted(
        (_with_state(finding, states.get(finding.id)) for finding in made),
        key=worst_first,
    )
    outcomes = store.value_counts("prediction", "event.outcome", bounded, where)
    traffic = store.time_counts("prediction", width, bounded, where)
    if store.set_aside_count() != coverage.set_aside_count:
        coverage = store.coverage(bounded)  # an index showed only now that it cannot answer
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


def up_to_now(window: Window) -> Window:
    """Return a window that ends, if it did not, before records of a clock that is far ahead."""
    return Window(window.since, window.until or datetime.now(UTC) + CLOCK_SKEW)


def _with_state(finding: Finding, state: LifeCycle | None) -> Finding:
    """Return a finding that says where its group stands; what nobody minds is not severe."""
    if state is None:
        return finding
    calm = state.state in ("ignored", "resolved")
    severity: Severity = "info" if calm else finding.severity
    return replace(finding, severity=severity, evidence=(*finding.evidence, state))


def bucket_width(since: datetime | None, until: datetime | None) -> float:
    """Return a round width, in seconds, that cuts a window into about sixty buckets."""
    if since is None or until is None:
        return 60.0
    wanted = max((until - since).total_seconds(), 1.0) / _BUCKETS
    for width in _WIDTHS:
        if width >= wanted:
            return float(width)
    return float(math.ceil(wanted / _DAY) * _DAY)

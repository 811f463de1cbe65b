"""Incidents: error groups that began together and have one cause, and what that most likely is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analyzers.errors.grouping import Grouping
from analyzers.errors.groups import ErrorGroup
from analyzers.errors.triage import Decision, decision_on
from analyzers.findings import (
    Breakdown,
    Cause,
    Finding,
    Member,
)
from analyzers.root_cause.error_report import up_to_now
from analyzers.root_cause.explanations import Explanations, with_both_ends
from analyzers.root_cause.joining import join_findings
from analyzers.root_cause.onset import Onset
from analyzers.root_cause.ranking import is_a_tie
from analyzers.root_cause.severity import CRITICAL_SHARE, severity_of, worst_first
from analyzers.root_cause.summaries import share_text, strength_text, title
from analyzers.root_cause.timelines import error_timeline, levels_of
from analyzers.stores.base import Condition, Coverage, LifecycleEvent, Store, Where, Window
from analyzers.stores.counting import count_requests
from shipper.fingerprint import digest

MOST_GROUPS = 20
"""Error groups that are explained: those with the most errors."""

MINIMUM_ERRORS = 5
"""Errors below which a group makes no incident."""

TOGETHER = timedelta(minutes=2)
"""How far apart two onsets may lie and still be one."""

OPEN, OVER = "open", "over"

QUIET = timedelta(minutes=15)
"""Time without an error after which an incident is over."""


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """The incidents of a window.

    Attributes:
        store: Where the records are.
        coverage: What the store holds and could not use.
        since: Begin of the window.
        until: End of the window.
        requests: Number of predictions.
        failed: Number of failed predictions.
        events: Life-cycle events of the window.
        incidents: The incidents, the most severe first.
        steady: Groups that were there all along, at fewer than one of a hundred requests: no
            incident, but no secret either.
    """

    store: str
    coverage: Coverage
    since: datetime | None
    until: datetime | None
    requests: int
    failed: int
    events: tuple[LifecycleEvent, ...]
    incidents: tuple[Finding, ...]
    steady: tuple[Member, ...]


@dataclass(slots=True)
class _Explained:
    group: ErrorGroup
    onset: Onset
    causes: list[Cause]
    services: tuple[str, ...]


@dataclass(slots=True)
class _Incident:
    root: _Explained
    members: list[_Explained] = field(default_factory=list)

    @property
    def all(self) -> list[_Explained]:
        """The root and all that goes with it."""
        return [self.root, *self.members]


def report_incidents(
    store: Store,
    window: Window,
    where: Where = (),
    decisions: Mapping[str, Decision] | None = None,
    grouping: Grouping | None = None,
    only: str | None = None,
    alarms: Sequence[Finding] = (),
) -> IncidentReport:
    """Find what began in a window, and why.

    Args:
        store: Where the records are.
        window: Time to look at; open ends are those of the records.
        where: Conditions, such as on the model.
        decisions: What was decided about groups, by id or fingerprint: what is ignored is no
            incident.
        grouping: How errors are grouped; by themselves without it.
        alarms: What monitors found alarming in the window.
        only: Report only the incidents that a group whose id begins so is part of.

    Raises:
        StoreError: If the store cannot be read.
    """
    bounded = up_to_now(window)
    coverage = store.coverage(bounded)
    if coverage.first is None or coverage.last is None:
        return IncidentReport(
            store.location, coverage, window.since, window.until, 0, 0, (), (), ()
        )
    whole = with_both_ends(window, coverage.first, coverage.last)
    groups = (grouping or Grouping()).groups(store.error_patterns(whole, where))
    explanations = Explanations(store, whole, groups, where, MOST_GROUPS)
    outcomes = store.value_counts("prediction", "event.outcome", whole, where)
    total = sum(item.count for item in outcomes)
    explained: dict[str, _Explained] = {}
    steady: list[Member] = []
    for group in groups[:MOST_GROUPS]:
        onset = explanations.onset(group)
        is_large = group.count >= CRITICAL_SHARE * max(total, 1) and total > 0
        is_quiet = group.count < MINIMUM_ERRORS or not (onset.is_inside or is_large)
        if is_quiet or _is_ignored(group, decisions or {}):
            steady.append(Member(group.id, title(group), group.count, is_symptom=False))
            continue
        explained[group.id] = _Explained(
            group, onset, explanations.causes(group), explanations.services(group)
        )
    by_fingerprint = {f: group.id for group in groups for f in group.fingerprints}
    joined = [
        incident
        for incident in _incidents(explained, by_fingerprint)
        if only is None or any(item.group.id.startswith(only) for item in incident.all)
    ]
    found = [_finding(store, whole, where, incident) for incident in joined]
    if store.set_aside_count() != coverage.set_aside_count:
        coverage = store.coverage(bounded)  # an index showed only now that it cannot answer
    return IncidentReport(
        store=store.location,
        coverage=coverage,
        since=whole.since,
        until=whole.until,
        requests=total,
        failed=sum(item.count for item in outcomes if item.value == "failure"),
        events=tuple(store.lifecycle_events(whole)),
        incidents=tuple(
            sorted(join_findings(found, alarms, whole.since, whole.until), key=worst_first)
        ),
        steady=tuple(steady),
    )


def state_of(incident: Finding, now: datetime | None) -> str:
    """Return whether errors still come: ``open`` or ``over``."""
    return OPEN if now is not None and now - incident.last_seen < QUIET else OVER


def _is_ignored(group: ErrorGroup, decisions: Mapping[str, Decision]) -> bool:
    decision = decision_on(group, decisions)
    return group.is_ignored if decision is None else decision.state == "ignored"


def _incidents(
    explained: Mapping[str, _Explained], by_fingerprint: Mapping[str, str]
) -> list[_Incident]:
    """Fold symptoms under what causes them, and join groups with one cause and one onset."""
    found: list[_Incident] = []
    by_root: dict[str, _Incident] = {}
    for item in explained.values():
        root = _root_of(item, explained, by_fingerprint)
        incident = by_root.get(root.group.id)
        if incident is None:
            incident = next((i for i in found if _belong_together(i.root, root)), None)
        if incident is None:
            incident = _Incident(root)
            found.append(incident)
        by_root[root.group.id] = incident
        for one in (root, item):
            if one not in incident.all:
                incident.members.append(one)
    return found


def _root_of(
    item: _Explained, explained: Mapping[str, _Explained], by_fingerprint: Mapping[str, str]
) -> _Explained:
    """Return the group at the end of the chain of causes that lie upstream."""
    seen = {item.group.id}
    while item.causes and item.causes[0].category == "upstream":
        other = explained.get(by_fingerprint.get(item.causes[0].value, ""))
        if other is None or other.group.id in seen:
            break
        seen.add(other.group.id)
        item = other
    return item


def _belong_together(one: _Explained, other: _Explained) -> bool:
    if not one.causes or not other.causes:
        return False
    a, b = one.causes[0], other.causes[0]
    same = (a.category, a.field, a.value) == (b.category, b.field, b.value)
    return same and abs(one.onset.latest - other.onset.latest) <= TOGETHER


def _finding(store: Store, window: Window, where: Where, incident: _Incident) -> Finding:
    """Return an incident as a finding."""
    causes = _causes(incident)
    groups = [item.group for item in incident.all]
    earliest = min(item.onset.earliest for item in incident.all)
    latest = min(item.onset.latest for item in incident.all)
    if not incident.root.onset.is_inside:
        latest = earliest
    last_seen = max(group.last_seen for group in groups)
    fingerprints = tuple(f for group in groups for f in group.fingerprints)
    span = Window(earliest, last_seen + timedelta(milliseconds=1))
    names = sorted({name for item in incident.all for name in item.services})
    scope = [*where, Condition("service.name", "any_of", tuple(names))] if names else where
    requests = count_requests(store, span, scope)
    mine = [*scope, Condition("error.fingerprint", "any_of", fingerprints)]
    failed = count_requests(store, span, mine)
    effect = failed / requests if requests else None
    versions = store.value_counts("prediction", "ml.model.version", span, mine, "ml.model.name")
    models = {item.key for item in versions}
    best = causes[0] if causes else None
    root = incident.root.group
    return Finding(
        kind="incident",
        id=digest(("incident", root.id, latest.isoformat(timespec="minutes"))),
        subject=title(root),
        summary=summary_of(incident.root.onset, causes, effect, failed),
        model=next(iter(models)) if len(models) == 1 else None,
        version=versions[0].value if len(versions) == 1 else None,
        since=window.since,
        until=window.until,
        n=sum(group.count for group in groups),
        requests=requests,
        effect=effect,
        p=best.p if best else None,
        q=best.q if best else None,
        onset=(earliest, latest),
        last_seen=last_seen,
        severity=severity_of(effect, failed),
        evidence=(
            *causes,
            *(
                Member(g.id, title(g), g.count, is_symptom=g is not root)
                for g in groups
            ),
            *_breakdowns(store, span, mine),
            error_timeline(store, window, where, fingerprints),
            *levels_of(store, window, scope, causes),
        ),
    )  # fmt: skip


def _causes(incident: _Incident) -> list[Cause]:
    """Return the causes of the root; where it has none, that it comes first is the cause."""
    if incident.root.causes:
        return incident.root.causes
    for member in incident.members:
        if member.causes:
            return member.causes
    return []


ALMOST_ALL, ALSO = 0.9, 0.5
"""Share of the failed requests, and score, from which a second cause is worth a sentence."""


def summary_of(onset: Onset, causes: Sequence[Cause], effect: float | None, failed: int) -> str:
    """Return an incident in one or two plain sentences."""
    end = onset.latest if onset.is_inside else onset.earliest
    earliest, latest = (moment.strftime("%H:%M:%S") for moment in (onset.earliest, end))
    if not onset.is_inside:
        earliest = latest = f"{latest} or before"
    began = f"Began at {latest}" if earliest == latest else f"Began between {earliest} and {latest}"
    touched = ""
    if failed and effect:
        touched = f"; while it lasted, {share_text(effect)} of the requests failed with it"
    if not causes:
        return f"{began}{touched}. No cause found: nothing else goes with it."
    best = causes[0]
    sentence = f"{began}{touched}. Most likely: {best.sentence}{strength_text(best)}."
    if is_a_tie(causes):
        return f"{sentence} Equally likely: {causes[1].sentence}{strength_text(causes[1])}."
    also = next((c for c in causes[1:] if c.share >= ALMOST_ALL and c.score >= ALSO), None)
    if also is not None:
        sentence += f" Also, {also.sentence}{strength_text(also)}."
    return sentence


def _breakdowns(store: Store, window: Window, where: Where) -> list[Breakdown]:
    found: list[Breakdown] = []
    for name in ("ml.model.version", "host.name"):
        counts = store.value_counts("prediction", name, window, where, limit=20)
        if counts:
            found.append(Breakdown(name, tuple((item.value, item.count) for item in counts)))
    return found

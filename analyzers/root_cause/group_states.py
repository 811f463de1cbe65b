"""Where error groups stand: new, ongoing, escalating, regressed, resolved or ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzers.errors.grouping import Grouping
from analyzers.errors.groups import ErrorGroup
from analyzers.errors.triage import Decision, decision_on
from analyzers.findings import GroupState, LifeCycle
from analyzers.statistics.rates import rate_increase
from analyzers.stores.base import Condition, Store, Where, Window

DAYS = 7
"""Days before the window whose same hours are the baseline."""

HISTORY = timedelta(days=30)
"""How far back a group may have been seen and still be no new one."""

MAXIMUM_P = 0.001
MINIMUM_RATIO = 2.0
"""How many times the usual number a group must have to be escalating."""

MINIMUM_ERRORS = 10


RELEASES: Mapping[str, str] = {
    "service.version": "release",
    "ml.model.version": "model version",
}
"""Fields whose new values may bring a resolved group back, and what people call them."""

Releases = Mapping[str, Mapping[str, datetime]]
"""For each of those fields, when each value was first seen."""

Standing = tuple[GroupState, str]
"""Where a group stands, and why."""


@dataclass(frozen=True, slots=True)
class _History:
    known: frozenset[str]
    baselines: tuple[Mapping[str, int], ...]


def group_states(
    store: Store,
    window: Window,
    where: Where,
    groups: Sequence[ErrorGroup],
    decisions: Mapping[str, Decision],
    grouping: Grouping,
) -> dict[str, LifeCycle]:
    """Return where each group stands; none without a begin of the window: all is new then.

    Args:
        store: Where the records are.
        window: Time to look at.
        where: Conditions of the user.
        groups: The groups of the window.
        decisions: What was decided, by group or fingerprint.
        grouping: How errors are grouped.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not groups:
        return {}
    history = None if window.since is None else _history(store, window, where, grouping)
    is_any_resolved = any(decision.state == "resolved" for decision in decisions.values())
    releases: Releases = _first_seen(store) if is_any_resolved else {}
    found: dict[str, LifeCycle] = {}
    for group in groups:
        decision = decision_on(group, decisions)
        if decision is not None and decision.state == "ignored":
            standing: Standing = ("ignored", "somebody decided so")
        elif decision is None and group.is_ignored:
            standing = ("ignored", "a rule says so")
        elif decision is not None and decision.state == "resolved":
            standing = _after_resolution(store, where, group, decision, releases)
        elif history is not None:
            standing = _by_rate(group, history)
        elif decision is not None or group.owner is not None:
            standing = ("ongoing", "seen before")
        else:
            continue
        owner = (decision.owner if decision is not None else None) or group.owner
        note = decision.note if decision is not None else None
        found[group.id] = LifeCycle(*standing, owner, note)
    return found


def _history(store: Store, window: Window, where: Where, grouping: Grouping) -> _History:
    """Return what was known before, and counts of the same hours on the days before."""
    since, until = window.since, window.until
    back = None if since is None else since - HISTORY
    before = store.error_patterns(Window(back, since), where)
    known = {p.fingerprint for p in before} | {g.id for g in grouping.groups(before)}
    if since is None or until is None or not before:
        return _History(frozenset(known), ())
    first = min(pattern.first_seen for pattern in before)
    shift = timedelta(days=max(1, -(-(until - since) // timedelta(days=1))))
    baselines: list[Mapping[str, int]] = []
    for number in range(1, DAYS + 1):
        if since - number * shift < first:
            break
        span = Window(since - number * shift, until - number * shift)
        counts = store.value_counts("error", "error.fingerprint", span, where, limit=10_000)
        baselines.append({item.value: item.count for item in counts})
    return _History(frozenset(known), tuple(baselines))


def _by_rate(group: ErrorGroup, history: _History) -> Standing:
    if group.id not in history.known and not history.known.intersection(group.fingerprints):
        return "new", f"not seen in the {HISTORY.days} days before"
    baseline = [sum(day.get(f, 0) for f in group.fingerprints) for day in history.baselines]
    usual = sum(baseline) / len(baseline) if baseline else 0.0
    if (
        baseline
        and group.count >= MINIMUM_ERRORS
        and group.count >= MINIMUM_RATIO * usual
        and rate_increase(group.count, baseline) < MAXIMUM_P
    ):
        days = "day" if len(baseline) == 1 else f"{len(baseline)} days"
        reason = f"{group.count:,} errors, {usual:,.1f} in the same hours of the last {days}"
        return "escalating", reason
    return "ongoing", "seen before"


def _first_seen(store: Store) -> Releases:
    """Return when each release and each model version was first seen, by any request or error."""
    found: dict[str, dict[str, datetime]] = {}
    for field in RELEASES:
        seen = found.setdefault(field, {})
        for kind in ("prediction", "error"):
            for item in store.value_counts(kind, field, Window()):
                where = [Condition(field, "any_of", (item.value,))]
                record = store.first_record(kind, Window(), where)
                if record is not None:
                    moment = datetime.fromisoformat(record["@timestamp"])
                    seen[item.value] = min(moment, seen.get(item.value, moment))
    return found


def _after_resolution(
    store: Store, where: Where, group: ErrorGroup, decision: Decision, releases: Releases
) -> Standing:
    """Return whether a group that was resolved came back, in a release that should not have it.

    Where the decision names a release, only that kind of version counts: a new model behind an old
    service, which still has the fault, brings nothing back.
    """
    release = f" in {decision.release}" if decision.release else ""
    if group.last_seen < decision.time:
        return "resolved", f"resolved{release}"
    mine = [*where, Condition("error.fingerprint", "any_of", group.fingerprints)]
    after = Window(decision.time, group.last_seen + timedelta(milliseconds=1))
    named = [field for field in RELEASES if decision.release in releases.get(field, {})]
    is_told = False
    for field in named or RELEASES:
        seen = releases.get(field, {})
        mended = seen.get(decision.release or "")
        for item in store.value_counts("error", field, after, mine):
            is_told = True
            began = seen.get(item.value)
            newer = began is not None and (
                began >= mended if mended is not None else began > decision.time
            )
            if newer or item.value == decision.release:
                return "regressed", f"resolved, and back in {RELEASES[field]} {item.value}"
    if not is_told:
        return "regressed", "resolved, and back; its errors name no release"
    return "resolved", f"resolved{release}; only older releases still have it"

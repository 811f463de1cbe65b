"""Where error groups stand: new, ongoing, escalating, regressed, resolved or ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from analyzers.errors.groups import ErrorGroup, group_patterns
from analyzers.findings import LifeCycle
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


class Decided(Protocol):
    """What was decided about a group; see ``analyzers.results.triage``."""

    @property
    def state(self) -> str:
        """Open, resolved or ignored."""
        ...

    @property
    def time(self) -> datetime:
        """When that was decided."""
        ...

    @property
    def release(self) -> str | None:
        """Release that mends it."""
        ...

    @property
    def owner(self) -> str | None:
        """Who looks after it."""
        ...

    @property
    def note(self) -> str | None:
        """Why."""
        ...


@dataclass(frozen=True, slots=True)
class _History:
    known: frozenset[str]
    baselines: tuple[Mapping[str, int], ...]


def group_states(
    store: Store,
    window: Window,
    where: Where,
    groups: Sequence[ErrorGroup],
    decisions: Mapping[str, Decided],
) -> dict[str, LifeCycle]:
    """Return where each group stands; none without a begin of the window: all is new then.

    Args:
        store: Where the records are.
        window: Time to look at.
        where: Conditions of the user.
        groups: The groups of the window.
        decisions: What was decided, by group or fingerprint.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not groups:
        return {}
    history = None if window.since is None else _history(store, window, where)
    releases = _first_seen(store) if any(d.state == "resolved" for d in decisions.values()) else {}
    found: dict[str, LifeCycle] = {}
    for group in groups:
        keys = (group.id, *group.fingerprints)
        decision = next((decisions[key] for key in keys if key in decisions), None)
        state = None
        if decision is not None and decision.state == "ignored":
            state = LifeCycle("ignored", "somebody decided so", decision.owner, decision.note)
        elif decision is not None and decision.state == "resolved":
            state = _after_resolution(store, where, group, decision, releases)
        elif history is not None:
            owner = decision.owner if decision else None
            note = decision.note if decision else None
            state = _by_rate(group, history, owner, note)
        elif decision is not None:
            state = LifeCycle("ongoing", "seen before", decision.owner, decision.note)
        if state is not None:
            found[group.id] = state
    return found


def _history(store: Store, window: Window, where: Where) -> _History:
    """Return what was known before, and counts of the same hours on the days before."""
    since, until = window.since, window.until
    back = None if since is None else since - HISTORY
    before = store.error_patterns(Window(back, since), where)
    known = {p.fingerprint for p in before} | {g.id for g in group_patterns(before)}
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


def _by_rate(
    group: ErrorGroup, history: _History, owner: str | None, note: str | None
) -> LifeCycle:
    if group.id not in history.known and not history.known.intersection(group.fingerprints):
        return LifeCycle("new", f"not seen in the {HISTORY.days} days before", owner, note)
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
        return LifeCycle("escalating", reason, owner, note)
    return LifeCycle("ongoing", "seen before", owner, note)


def _first_seen(store: Store) -> dict[str, datetime]:
    """Return when each release of a service was first seen, by any request or error."""
    found: dict[str, datetime] = {}
    for kind in ("prediction", "error"):
        for item in store.value_counts(kind, "service.version", Window()):
            where = [Condition("service.version", "any_of", (item.value,))]
            record = store.first_record(kind, Window(), where)
            if record is not None:
                moment = datetime.fromisoformat(record["@timestamp"])
                found[item.value] = min(moment, found.get(item.value, moment))
    return found


def _after_resolution(
    store: Store,
    where: Where,
    group: ErrorGroup,
    decision: Decided,
    releases: Mapping[str, datetime],
) -> LifeCycle:
    """Return whether a group that was resolved came back, in a release that should not have it."""
    mine = [*where, Condition("error.fingerprint", "any_of", group.fingerprints)]
    after = Window(decision.time, group.last_seen + timedelta(milliseconds=1))
    if group.last_seen >= decision.time:
        mended = releases.get(decision.release) if decision.release else None
        for item in store.value_counts("error", "service.version", after, mine):
            began = releases.get(item.value)
            newer = began is not None and (
                began >= mended if mended is not None else began > decision.time
            )
            if newer or item.value == decision.release:
                reason = f"resolved, and back in release {item.value}"
                return LifeCycle("regressed", reason, decision.owner, decision.note)
    release = f" in {decision.release}" if decision.release else ""
    seen = "; only older releases still have it" if group.last_seen >= decision.time else ""
    return LifeCycle("resolved", f"resolved{release}{seen}", decision.owner, decision.note)

"""Errors of others on the same hosts, just before: for services whose errors share no trace."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from analyzers.errors.groups import ErrorGroup
from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text, title
from analyzers.root_cause.testimony.values import MAXIMUM_Q
from analyzers.statistics.association import excess_share, fisher_exact_greater, lift
from analyzers.stores.base import Condition, Window

MOST_OTHERS = 5
"""Groups that are compared: those with the most errors."""

LEAD = timedelta(minutes=10)
"""How long before this group another one may have begun."""

SECONDS = 15.0
"""Width of the moments that are compared."""

MINIMUM_EXCESS = 0.3
MINIMUM_FIRST = 0.8
"""Share of the hosts with both on which the other must come first."""

WEIGHT = 0.9
"""Being on the same host at the same time is weaker evidence than being in the same trace."""

Cells = Mapping[str, set[int]]
"""For each host the moments in which a group was seen, as numbers of buckets."""


def testify_neighbours(case: Case) -> Sequence[Cause]:
    """Name the groups that are seen on the same host in the same moment or the one before.

    Compared are moments of hosts: those in which this group is seen with those in which it is not.
    Groups that share a trace with this one are left to the traces.

    Raises:
        StoreError: If the store cannot be read.
    """
    others = _others(case)
    if not others or not case.onset.is_inside:
        return []
    since, until = case.span.ends()
    mine = _cells(case, case.group, case.span)
    hosts = sorted(case.by_host("prediction", case.requests) or mine)
    first, last = (int(moment.timestamp() // SECONDS) for moment in (since, until))
    every = {(host, place) for host in hosts for place in range(first, last + 1)}
    seen = {(host, place) for host, places in mine.items() for place in places} & every
    if len(seen) < MINIMUM_FAILED or len(every) - len(seen) < MINIMUM_FAILED:
        return []
    found: list[Cause] = []
    for other in others:
        theirs = _cells(case, other, Window(since - LEAD, until))
        if not _comes_first(mine, theirs):
            continue
        touched = {(h, p + step) for h, ps in theirs.items() for p in ps for step in (0, 1)} & every
        counts = len(touched & seen), len(seen), len(touched - seen), len(every) - len(seen)
        p = float(fisher_exact_greater(*counts)[0])
        q = min(1.0, p * len(others))
        excess = excess_share(*counts)
        if q <= MAXIMUM_Q and excess >= MINIMUM_EXCESS:
            found.append(_cause(other, counts, excess, p, q))
    return found


def _others(case: Case) -> list[ErrorGroup]:
    """Return the groups that began shortly before this one and share no trace with it."""
    linked = {g for seen in case.traces.values() if case.group.id in seen for g in seen}
    earliest, latest = case.onset.earliest - LEAD, case.onset.latest
    others = {
        group.id: group
        for group in case.groups.values()
        if group.id not in linked
        and group.id != case.group.id
        and group.count >= MINIMUM_FAILED
        and earliest <= group.first_seen <= latest
    }
    return sorted(others.values(), key=lambda group: (-group.count, group.id))[:MOST_OTHERS]


def _cells(case: Case, group: ErrorGroup, window: Window) -> dict[str, set[int]]:
    where = [*case.where, Condition("error.fingerprint", "any_of", group.fingerprints)]
    found: dict[str, set[int]] = {}
    for item in case.store.time_counts("error", SECONDS, window, where, "host.name"):
        found.setdefault(item.key, set()).add(int(item.start.timestamp() // SECONDS))
    return found


def _comes_first(mine: Cells, theirs: Cells) -> bool:
    shared: Iterable[str] = set(mine) & set(theirs)
    first = [min(theirs[host]) <= min(mine[host]) for host in shared]
    return bool(first) and sum(first) >= MINIMUM_FIRST * len(first)


def _cause(
    other: ErrorGroup, counts: tuple[int, int, int, int], excess: float, p: float, q: float
) -> Cause:
    share = counts[0] / counts[1]
    ratio = lift(*counts)
    return Cause(
        category="upstream",
        field="error.fingerprint",
        value=other.fingerprints[0],
        score=excess * WEIGHT,
        share=share,
        other_share=counts[2] / counts[3],
        lift=ratio if math.isfinite(ratio) else None,
        p=p,
        q=q,
        time=other.first_seen,
        sentence=(
            f"{title(other)} is seen on the same host, then or just before, in "
            f"{share_text(share)} of the moments with it, and in "
            f"{share_text(counts[2] / counts[3])} of those without"
        ),
    )

"""Resources that ran out on the hosts that failed, before they failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.causes import EVERYWHERE
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text
from analyzers.stores.base import Window
from analyzers.stores.numbers import TimeLevel

SHARES: Mapping[str, str] = {
    "system.memory.actual.used.pct": "memory",
    "system.process.memory.rss.pct": "the process's memory",
    "system.memory.swap.used.pct": "swap",
    "system.filesystem.used.pct": "disk",
    "system.cpu.total.norm.pct": "processor",
    "ml.gpu.memory.used.pct": "GPU memory",
    "ml.gpu.utilization.pct": "GPU",
}
"""Resources that are full at 1, and what people call them."""

FULL = 0.95
USUAL = 0.9
"""A resource that was above it before the onset, too, is always busy: no cause."""

LOOK_BACK = timedelta(hours=1)
MINIMUM_SHARE = 0.8
"""Share of the failed requests that must be on the hosts that ran out."""

_MOST_BUCKETS = 60


def testify_resources(case: Case) -> Sequence[Cause]:
    """Name the resources that were full when the group began, and had not been before.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not case.onset.is_inside:
        return []
    window = Window(
        case.onset.earliest - LOOK_BACK,
        min(case.group.last_seen, case.onset.latest + timedelta(minutes=10)) + timedelta(seconds=1),
    )
    failed, every = case.failing_hosts()
    if sum(failed.values()) < MINIMUM_FAILED:
        return []
    width = max(60.0, LOOK_BACK.total_seconds() / _MOST_BUCKETS)
    found: list[Cause] = []
    for field, name in SHARES.items():
        levels = levels_by_host(case, field, width, window)
        full = {
            host: begin
            for host, series in levels.items()
            if (begin := _ran_out(series, case, width)) is not None
        }
        cause = _cause(case, field, name, full, failed, every)
        if cause is not None:
            found.append(cause)
    return found


def levels_by_host(
    case: Case, field: str, seconds: float, window: Window
) -> dict[str, list[TimeLevel]]:
    """Return the levels of a resource over time, for each host."""
    found: dict[str, list[TimeLevel]] = {}
    for level in case.store.time_levels("resource", field, seconds, window, by="host.name"):
        found.setdefault(level.key, []).append(level)
    return found


def reach(
    hosts: Collection[str], failed: Mapping[str, int], every: Mapping[str, int]
) -> tuple[float, float | None]:
    """Return the shares of the failed and of the other requests that were on some hosts.

    Args:
        hosts: The hosts.
        failed: Failed requests by host; at least one.
        every: All requests by host; empty where they are not known.
    """
    total = sum(failed.values())
    share = sum(count for host, count in failed.items() if host in hosts) / total
    others = sum(every.values()) - total if every else 0
    with_others = sum(every.get(host, 0) - failed.get(host, 0) for host in hosts)
    return share, with_others / others if others > 0 else None


def _ran_out(series: Sequence[TimeLevel], case: Case, width: float) -> datetime | None:
    """Return since when a host's resource is full, if that fits the onset."""
    at = case.onset.latest + timedelta(seconds=width)
    # a bucket that began before and ended after the onset holds both
    known = [level for level in series if level.start <= at]
    if not known or max(level.maximum for level in known[-2:]) < FULL:
        return None
    begin = len(known)
    while begin > 0 and known[begin - 1].maximum >= FULL:
        begin -= 1
    before = known[:begin]
    if before and median(level.mean for level in before) > USUAL:
        return None
    if not before and begin == 0 and known[0].start > case.onset.earliest - LOOK_BACK / 2:
        return None  # full for as long as is known: nothing says that this is new
    return known[begin].start if begin < len(known) else known[-1].start


def _cause(
    case: Case,
    field: str,
    name: str,
    full: Mapping[str, datetime],
    failed: Mapping[str, int],
    every: Mapping[str, int],
) -> Cause | None:
    share, other_share = reach(full, failed, every)
    if not full or share < MINIMUM_SHARE:
        return None
    begin = min(full.values())
    hosts = EVERYWHERE if every and len(full) >= len(every) else ", ".join(sorted(full))
    return Cause(
        category="resource",
        field=field,
        value=hosts,
        score=share * 0.97,
        share=share,
        other_share=other_share,
        lift=share / other_share if other_share else None,
        p=None,
        q=None,
        time=begin,
        lead_seconds=max(0.0, (case.onset.latest - begin).total_seconds()),
        sentence=(
            f"{name} ran out on {hosts}, where {share_text(share)} of the failed requests were"
        ),
    )

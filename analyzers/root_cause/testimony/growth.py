"""What grew on the hosts that failed until they did: resources whose limit nobody told us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.causes import EVERYWHERE
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text
from analyzers.root_cause.testimony.resources import (
    LOOK_BACK,
    MINIMUM_SHARE,
    levels_by_host,
    reach,
)
from analyzers.root_cause.timing import MINIMUM_CONTRAST
from analyzers.statistics.trends import rise
from analyzers.stores.base import Window
from analyzers.stores.numbers import TimeLevel

AMOUNTS: Mapping[str, str] = {
    "system.process.fd.open": "open files and sockets",
    "system.process.num_threads": "threads",
    "system.process.memory.rss.bytes": "the process's memory",
    "ml.gpu.process.memory.bytes": "the process's GPU memory",
}
"""Amounts that a limit may end, and what people call them."""

MINIMUM_GROWTH = 1.2
"""How many times its usual level an amount must have reached."""

MAXIMUM_P = 0.01
"""Corrected p-value up to which it has risen."""

WEIGHT = 0.85
"""Growth alone is weaker evidence than a resource that is known to be full."""

BUCKETS = 60
TAILS = (2, 3)
"""Buckets before the onset whose level is compared with those before them: fast and slow growth."""


@dataclass(frozen=True, slots=True)
class _Growth:
    began: datetime
    usual: float
    reached: float
    p: float


def testify_growth(case: Case) -> Sequence[Cause]:
    """Name the amounts that were higher than ever at the onset, on the hosts that failed.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not case.onset.is_inside:
        return []
    since = max(case.window.ends()[0], case.onset.earliest - LOOK_BACK)
    window = Window(since, case.onset.latest + timedelta(seconds=1))
    failed, every = case.failing_hosts()
    if sum(failed.values()) < MINIMUM_FAILED:
        return []
    width = max(1.0, (case.onset.latest - since).total_seconds() / BUCKETS)
    series = {field: levels_by_host(case, field, width, window) for field in AMOUNTS}
    tests = len(TAILS) * sum(len(hosts) for hosts in series.values())
    found: list[Cause] = []
    for field, hosts in series.items():
        grown = {
            host: growth
            for host, levels in hosts.items()
            if (growth := _growth(levels, tests)) is not None
        }
        cause = _cause(case, field, grown, failed, every)
        if cause is not None:
            found.append(cause)
    return found


def _growth(levels: Sequence[TimeLevel], tests: int) -> _Growth | None:
    values = [level.mean for level in levels]
    tried = [(tail, *rise(values, tail)) for tail in TAILS]
    tail, size, p = min(tried, key=lambda item: item[2])
    # NaN is no growth
    if not size >= MINIMUM_GROWTH or p * tests > MAXIMUM_P or max(values) > max(values[-tail:]):
        return None
    usual = median(values[:-tail])
    halfway = (usual + values[-1]) / 2
    began = next((a.start for a in reversed(levels) if a.mean < halfway), levels[0].start)
    return _Growth(began, usual, values[-1], min(1.0, p * tests))


def _cause(
    case: Case,
    field: str,
    grown: Mapping[str, _Growth],
    failed: Mapping[str, int],
    every: Mapping[str, int],
) -> Cause | None:
    share, other_share = reach(grown, failed, every)
    everywhere = bool(every) and len(grown) == len(every)
    # where some hosts grew and others did not, those that grew must be those that fail
    if not grown or share < MINIMUM_SHARE or (
        not everywhere and other_share is not None and share - other_share < MINIMUM_CONTRAST
    ):  # fmt: skip
        return None
    contrast = 0.0 if everywhere or other_share is None else share - other_share
    most = max(grown.values(), key=lambda growth: growth.reached / growth.usual)
    began = min(growth.began for growth in grown.values())
    hosts = EVERYWHERE if everywhere and len(every) > 1 else ", ".join(sorted(grown))
    return Cause(
        category="resource",
        field=field,
        value=hosts,
        score=share * (WEIGHT + (1 - WEIGHT) * contrast),
        share=share,
        other_share=other_share,
        lift=share / other_share if other_share else None,
        p=min(growth.p for growth in grown.values()),
        q=min(growth.p for growth in grown.values()),
        time=began,
        lead_seconds=max(0.0, (case.onset.latest - began).total_seconds()),
        sentence=(
            f"{AMOUNTS[field]} had grown to {most.reached / most.usual:.1f} times the usual on "
            f"{hosts}, where {share_text(share)} of the failed requests were"
        ),
    )

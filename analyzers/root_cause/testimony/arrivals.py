"""Versions and processes that were first seen shortly before the onset, though nobody said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.causes import NODE, VERSIONS
from analyzers.root_cause.onset import bucket_seconds
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text
from analyzers.root_cause.testimony.changes import MINIMUM_SHARE, hosts_text, lead_text
from analyzers.root_cause.timing import MAXIMUM_P, chance_of_event, chance_of_lead, timed_score
from analyzers.stores.base import Condition
from analyzers.stores.counting import count_requests

TOGETHER = timedelta(minutes=2)
"""Processes that start within it are one restart."""

_NAMES = {"ml.model.version": "model version", "service.version": "release"}


def testify_arrivals(case: Case) -> Sequence[Cause]:
    """Name the releases, model versions and processes that are new since shortly before the onset.

    A version whose deployment was recorded is left to that. What was there in the first buckets of
    the window is not new.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not case.onset.is_inside:
        return []
    found: list[Cause] = []
    recorded = {event.version for event in case.events}
    for field in VERSIONS:
        arrivals = _arrivals(case, field)
        for value, moment in arrivals.items():
            if value not in recorded:
                found += _testify(case, field, [value], moment, len(arrivals))
    arrivals = _arrivals(case, NODE)
    restarts = _bursts(arrivals)
    hosts = _hosts_of(case, arrivals)
    for moment, nodes in restarts:
        # a host may have started again since: that changes nothing about where it began
        reached = {hosts.get(node) for node in nodes} - {None}
        later = [n for n, t in arrivals.items() if t > moment and hosts.get(n) in reached]
        found += _testify(case, NODE, [*nodes, *later], moment, len(restarts))
    return found


def _hosts_of(case: Case, nodes: Mapping[str, datetime]) -> dict[str, str]:
    """Return the host of each process."""
    where = [*case.requests, Condition(NODE, "any_of", tuple(nodes))]
    counts = case.store.value_counts("prediction", "host.name", case.window, where, by=NODE)
    return {item.key: item.value for item in counts}


def _arrivals(case: Case, field: str) -> dict[str, datetime]:
    """Return when each value that is new in the window was first seen, as the buckets have it."""
    since, until = case.window.ends()
    width = bucket_seconds(since, until)
    first: dict[str, datetime] = {}
    for item in case.store.time_counts("prediction", width, case.window, case.requests, field):
        first[item.key] = min(item.start, first.get(item.key, item.start))
    edge = min(first.values(), default=since) + max(TOGETHER, 2 * timedelta(seconds=width))
    return {value: moment for value, moment in first.items() if moment > edge}


def _bursts(arrivals: Mapping[str, datetime]) -> list[tuple[datetime, list[str]]]:
    """Return what arrived together, with the first time."""
    found: list[tuple[datetime, list[str]]] = []
    for value, moment in sorted(arrivals.items(), key=lambda item: (item[1], item[0])):
        if found and moment - found[-1][0] <= TOGETHER:
            found[-1][1].append(value)
        else:
            found.append((moment, [value]))
    return found


def _testify(
    case: Case, field: str, values: Sequence[str], moment: datetime, events: int
) -> list[Cause]:
    since, until = case.window.ends()
    lead = (case.onset.latest - moment).total_seconds()
    p = chance_of_lead(events, (until - since).total_seconds(), lead)
    if lead < 0 or p > MAXIMUM_P:
        return []
    arrived = Condition(field, "any_of", tuple(values))
    failed, failed_there, every, there = (
        count_requests(case.store, case.span, where)
        for where in (
            case.failed,
            [*case.failed, arrived],
            case.requests,
            [*case.requests, arrived],
        )
    )
    others = every - failed
    if failed < MINIMUM_FAILED or failed_there < MINIMUM_SHARE * failed:
        return []
    share = failed_there / failed
    other_share = (there - failed_there) / others if others else None
    tested = chance_of_event((failed_there, failed, there - failed_there, others), p)
    if field == NODE:
        hosts = sorted(case.by_host("prediction", [*case.failed, arrived]))
        value = ", ".join(hosts) or ", ".join(values)
        happened = f"the service began anew on {value}"
        on_it = "in the new processes"
    else:
        value = values[0]
        where = hosts_text(case, field, value)
        happened = f"{_NAMES[field]} {value} came{where}"
        on_it = "on it"
    return [
        Cause(
            category="restart" if field == NODE else "change",
            field=field,
            value=value,
            score=timed_score(share, other_share, p),
            share=share,
            other_share=other_share,
            lift=share / other_share if other_share else None,
            p=tested,
            q=tested,
            time=moment,
            lead_seconds=lead,
            sentence=(
                f"{happened} {lead_text(lead)} before, and {share_text(share)} of the failed "
                f"requests are {on_it}"
            ),
        )
    ]

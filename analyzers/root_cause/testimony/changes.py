"""Deployments and other changes shortly before the onset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text
from analyzers.root_cause.timing import MAXIMUM_P, chance_of_event, chance_of_lead, timed_score
from analyzers.stores.base import Condition, LifecycleEvent

HORIZON = timedelta(hours=24)
"""How long before an onset a change may still be looked at."""

MINIMUM_SHARE = 0.5
"""Share of the failed requests that must be on the version that a change brought."""


def testify_changes(case: Case) -> Sequence[Cause]:
    """Name the changes that came shortly before the onset.

    A change that brought a version must have most of the failed requests on that version.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not case.onset.is_inside:
        return []
    seconds = (case.window.ends()[1] - case.recorded_since).total_seconds()
    versions = case.store.value_counts(
        "prediction", "ml.model.version", case.span, case.failed, by="ml.model.name"
    )
    every = case.store.value_counts(
        "prediction", "ml.model.version", case.span, case.requests, by="ml.model.name"
    )
    failed = sum(item.count for item in versions)
    others = sum(item.count for item in every) - failed
    on = {(item.key, item.value): item.count for item in versions}
    all_on = {(item.key, item.value): item.count for item in every}
    models = {item.key for item in versions}
    found: list[Cause] = []
    for event in case.events:
        lead = (case.onset.latest - event.time).total_seconds()
        if lead < 0 or lead > HORIZON.total_seconds():
            continue
        if models and event.model and event.model not in models:
            continue
        p = chance_of_lead(len(case.events), seconds, lead)
        share, other_share, tested = 1.0, None, p
        if event.version and failed >= MINIMUM_FAILED:
            served = (event.model, event.version)
            mine = on.get(served, 0)
            theirs = all_on.get(served, 0) - mine
            share, other_share = mine / failed, theirs / max(others, 1)
            tested = chance_of_event((mine, failed, theirs, others), p)
        if p <= MAXIMUM_P and share >= MINIMUM_SHARE:
            score = timed_score(share, other_share, p)
            found.append(_cause(case, event, score, share, other_share, tested, lead))
    return found


def lead_text(seconds: float) -> str:
    """Return how long before an onset something was, for a sentence."""
    if seconds < 1:
        return "less than a second"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def hosts_text(case: Case, field: str, version: str) -> str:
    """Return on how many of the hosts a version runs, such as `` to 2 of 4 hosts``."""
    every = case.by_host("prediction", case.requests)
    served = case.by_host("prediction", [*case.requests, Condition(field, "any_of", (version,))])
    if not served or len(every) < 2:
        return ""
    return f" to {'all' if len(served) == len(every) else len(served)} of {len(every)} hosts"


def _cause(
    case: Case,
    event: LifecycleEvent,
    score: float,
    share: float,
    other_share: float | None,
    p: float,
    lead: float,
) -> Cause:
    if event.action.startswith("model-"):
        done = event.action.partition("-")[2].replace("-", " ")
        where = hosts_text(case, "ml.model.version", event.version) if event.version else ""
        happened = f"{event.model} {event.version}".strip() + f" was {done}{where}"
    else:
        happened = _changed(event)
    on_it = f", and {share_text(share)} of the failed requests are on it" if event.version else ""
    return Cause(
        category="change",
        field="event.action",
        value=event.version or event.change or event.action,
        score=score,
        share=share,
        other_share=other_share,
        lift=share / other_share if other_share else None,
        p=p,
        q=p,
        time=event.time,
        lead_seconds=lead,
        sentence=f"{happened} {lead_text(lead)} before{on_it}",
    )


def _changed(event: LifecycleEvent) -> str:
    noun = "configuration" if event.action == "config-changed" else "data"
    return f"the {noun} changed ({event.change})" if event.change else f"the {noun} changed"

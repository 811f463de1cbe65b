"""Deployments and other changes shortly before the onset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from analyzers.findings import Cause
from analyzers.root_cause.case import MINIMUM_FAILED, Case
from analyzers.root_cause.summaries import share_text
from analyzers.stores.base import LifecycleEvent

HORIZON = timedelta(hours=24)
"""How long before an onset a change may still be looked at."""

MAXIMUM_P = 0.05
"""Probability that a change falls so close before an onset by chance, above which it is none."""

MAXIMUM_P_ALONE = 0.02
"""The same for a change without a version: nothing but its timing speaks for it."""

MINIMUM_SHARE = 0.5
"""Share of the failed requests that must be on the version that a change brought."""


def testify_changes(case: Case) -> Sequence[Cause]:
    """Name the changes that came shortly before the onset.

    Changes are taken to come at random, as often as they did in the window and the day before it:
    then one falls within ``lead`` before the onset with probability ``1 - exp(-rate * lead)``. A
    change that brought a version must have most of the failed requests on that version.

    Raises:
        StoreError: If the store cannot be read.
    """
    if not case.onset.is_inside or case.window.since is None or case.window.until is None:
        return []
    first = min([event.time for event in case.events] or [case.window.since])
    seconds = (case.window.until - min(first, case.window.since)).total_seconds()
    rate = len(case.events) / max(seconds, 1.0)
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
        p = -math.expm1(-rate * lead)
        share, other_share = 1.0, None
        if event.version and failed >= MINIMUM_FAILED:
            served = (event.model, event.version)
            share = on.get(served, 0) / failed
            other_share = (all_on.get(served, 0) - on.get(served, 0)) / max(others, 1)
        limit = MAXIMUM_P if event.version else MAXIMUM_P_ALONE
        if p <= limit and share >= MINIMUM_SHARE:
            found.append(_cause(event, share, other_share, p, limit, lead))
    return found


def _cause(
    event: LifecycleEvent,
    share: float,
    other_share: float | None,
    p: float,
    limit: float,
    lead: float,
) -> Cause:
    # timing and contrast speak for it independently
    contrast = 0.0 if other_share is None else max(0.0, share - other_share)
    what = f"{event.model} {event.version}".strip()
    done = event.action.partition("-")[2].replace("-", " ")
    happened = f"{what} was {done}" if event.action.startswith("model-") else _changed(event)
    on_it = f", and {share_text(share)} of the failed requests are on it" if event.version else ""
    return Cause(
        category="change",
        field="event.action",
        value=event.version or event.change or event.action,
        score=share * (1 - (p / limit) * (1 - contrast)),
        share=share,
        other_share=other_share,
        lift=share / other_share if other_share else None,
        p=p,
        q=p,
        time=event.time,
        lead_seconds=lead,
        sentence=f"{happened} {_span(lead)} before{on_it}",
    )


def _changed(event: LifecycleEvent) -> str:
    noun = "configuration" if event.action == "config-changed" else "data"
    return f"the {noun} changed ({event.change})" if event.change else f"the {noun} changed"


def _span(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"

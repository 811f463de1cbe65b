"""What monitors stored and found alarming, as findings again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from analyzers.findings import Finding
from analyzers.stores.base import Window
from analyzers.stores.results import ResultStore
from shipper.schema.validation import lookup

MONITORS = ("drift", "performance", "quality")
"""Kinds of results whose alarms become incidents; a monitor's is one line here."""

_FIELDS = (
    "ml.finding.id", "ml.finding.kind", "ml.finding.subject", "ml.finding.summary",
    "ml.finding.severity", "ml.finding.n", "ml.finding.requests", "ml.finding.effect",
    "ml.finding.p", "ml.finding.q", "ml.model.name", "ml.model.version", "ml.window.since",
    "ml.window.until",
)  # fmt: skip


def read_alarms(results: ResultStore, window: Window) -> list[Finding]:
    """Return the alarms of windows that end in a window; those of one subject are one.

    It began in the first of its windows that follow each other, and was seen last in the last one.

    Args:
        results: Where the results are.
        window: Time to look at.

    Raises:
        StoreError: If the store cannot be read.
    """
    found: dict[str, Finding] = {}
    for kind in MONITORS:
        for document in results.read(kind, window, _FIELDS):
            if lookup(document, "ml.finding.severity") == "info":
                continue
            made = _finding(document)
            known = found.get(made.id)
            if known is None or made.onset[0] > known.last_seen:
                found[made.id] = made  # the first, or again after a pause
            else:
                found[made.id] = _with_last(known, made)
    return list(found.values())


def _finding(document: Mapping[str, Any]) -> Finding:
    value = {name.rpartition(".")[2]: lookup(document, name) for name in _FIELDS}
    since, until = (datetime.fromisoformat(value[name]) for name in ("since", "until"))
    return Finding(
        kind=value["kind"],
        id=value["id"],
        subject=value["subject"],
        summary=value["summary"],
        model=value["name"],
        version=value["version"],
        since=since,
        until=until,
        n=value["n"],
        requests=value["requests"] or 0,
        effect=value["effect"],
        p=value["p"],
        q=value["q"],
        onset=(since, until),
        last_seen=until,
        severity=value["severity"],
        evidence=(),
    )


def _with_last(known: Finding, later: Finding) -> Finding:
    return replace(known, last_seen=max(known.last_seen, later.last_seen))

"""Answers of a cluster as what a store answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from analyzers.stores.base import ErrorPattern, LifecycleEvent
from shipper.schema.validation import lookup


def pattern_of(bucket: Mapping[str, Any]) -> ErrorPattern:
    """Return the error pattern of a bucket with its earliest record."""
    source = bucket["earliest"]["hits"]["hits"][0]["_source"]
    message = lookup(source, "error.message") or ""
    types = lookup(source, "error.types") or ()
    first, last = moment_of(bucket["first"]["value"]), moment_of(bucket["last"]["value"])
    if first is None or last is None:  # a bucket has at least one record, and that has a time
        raise ValueError("an error pattern without a time")
    return ErrorPattern(
        fingerprint=bucket["key"]["fingerprint"],
        type=lookup(source, "error.type") or "log",
        types=(types,) if isinstance(types, str) else tuple(types),
        template=lookup(source, "error.template") or message,
        message=message,
        culprit=lookup(source, "error.culprit") or "",
        logger=lookup(source, "log.logger") or "",
        count=bucket["doc_count"],
        first_seen=first,
        last_seen=last,
    )


def event_of(source: Mapping[str, Any]) -> LifecycleEvent:
    """Return the event of a life-cycle record."""
    return LifecycleEvent(
        time=datetime.fromisoformat(source["@timestamp"]),
        action=lookup(source, "event.action") or "",
        model=lookup(source, "ml.model.name") or "",
        version=lookup(source, "ml.model.version") or "",
        previous_version=lookup(source, "ml.lifecycle.version.before") or "",
        reason=lookup(source, "event.reason") or "",
        change=lookup(source, "ml.lifecycle.change.name") or "",
    )


def moment_of(milliseconds: float | None) -> datetime | None:
    """Return a time from milliseconds since the epoch."""
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)

"""Queries of Elasticsearch for windows and conditions, and plain values out of its answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from analyzers.stores.base import Condition, Where, Window
from analyzers.stores.fields import SAMPLING_KEY, field_name, known_field, sampling_limit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def query(kind: str, window: Window, where: Where) -> dict[str, Any]:
    """Return the query for a window and conditions, as filters."""
    filters = [range_of(window), *(_condition(kind, condition) for condition in where)]
    return {"bool": {"filter": filters}}


def range_of(window: Window) -> dict[str, Any]:
    """Return the filter for ``[since, until)``."""
    bounds: dict[str, Any] = {}
    if window.since is not None:
        bounds["gte"] = milliseconds(window.since)
    if window.until is not None:
        bounds["lt"] = milliseconds(window.until)
    if bounds:
        bounds["format"] = "epoch_millis"
    return {"range": {"@timestamp": bounds}} if bounds else {"match_all": {}}


def sampled(kind: str, share: float) -> list[dict[str, Any]]:
    """Return the filter for a share of the records, the same ones in every store."""
    field = field_name(kind, SAMPLING_KEY) if share < 1 else ""
    return [{"range": {field: {"lt": sampling_limit(share)}}}] if field else []


def text_of(value: Any) -> str:
    """Return a value as the local store shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _condition(kind: str, condition: Condition) -> dict[str, Any]:
    name = condition.field
    known_field(kind, name)
    if condition.operation == "exists":
        return {"exists": {"field": name}}
    return {"terms": {name: list(condition.values)}}


def milliseconds(moment: datetime) -> int:
    """Return a time as milliseconds since the epoch."""
    # records hold milliseconds: between two of them the bound is the later one
    return -(-(moment - _EPOCH) // timedelta(milliseconds=1))

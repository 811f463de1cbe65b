"""Queries of Elasticsearch for windows and conditions, and plain values out of its answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from analyzers.stores.base import Condition, StoreError, Where, Window
from shipper.schema import schema

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def query(kind: str, window: Window, where: Where) -> dict[str, Any]:
    """Return the query for a window and conditions, as filters."""
    filters = [range_of(window), *(_condition(kind, condition) for condition in where)]
    return {"bool": {"filter": filters}}


def range_of(window: Window) -> dict[str, Any]:
    """Return the filter for ``[since, until)``."""
    bounds: dict[str, Any] = {}
    if window.since is not None:
        bounds["gte"] = _time(window.since)
    if window.until is not None:
        bounds["lt"] = _time(window.until)
    if bounds:
        bounds["format"] = "epoch_millis"
    return {"range": {"@timestamp": bounds}} if bounds else {"match_all": {}}


def known_field(kind: str, name: str) -> str:
    """Return the name of a field of a kind.

    Raises:
        StoreError: If there is none of that name.
    """
    if schema(kind).field(name) is None:
        raise StoreError(f"{kind} records have no field {name}: see docs/fields.md")
    return name


def text_of(value: Any) -> str:
    """Return a value as the local store shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _condition(kind: str, condition: Condition) -> dict[str, Any]:
    name = known_field(kind, condition.field)
    if condition.operation == "exists":
        return {"exists": {"field": name}}
    return {"terms": {name: list(condition.values)}}


def _time(moment: datetime) -> int:
    # records hold milliseconds: between two of them the bound is the later one
    return -(-(moment - _EPOCH) // timedelta(milliseconds=1))

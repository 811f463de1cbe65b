"""SQL expressions for fields and conditions; every name and value is quoted or a parameter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from analyzers.stores.base import Condition, Where, Window
from analyzers.stores.fields import column_field, known_field
from analyzers.stores.staging import identifier, literal

Parameters = list[Any]


def utc(moment: datetime) -> datetime:
    """Return a time as the columns have it: UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def column(kind: str, name: str) -> str:
    """Return the expression for a field, also for a name in an open field."""
    described = known_field(kind, name)
    if described.name == name:
        return identifier(name)
    key = name.removeprefix(f"{described.name}.")
    return f"{identifier(described.name)}[{literal(key)}]"


def scanned(kind: str, name: str) -> str:
    """Return the expression for a field's value as a scan gives it."""
    held = column(kind, column_field(kind, name))
    if known_field(kind, name).is_array:
        return f"CASE WHEN len({held}) > 0 THEN list_sort(list_distinct({held})) END"
    return held


def values(name: str) -> str:
    """Return an expression for the (name, value) pairs of a prediction's field."""
    described = known_field("prediction", name)
    held = identifier(described.name)
    if described.is_open and described.name == name:
        # a lambda over the entries would be shorter, but its syntax differs between versions
        return (
            f"unnest([{{'name': '.' || entry.key, 'value': CAST(entry.value AS VARCHAR)}} "
            f"for entry in map_entries({held})])"
        )
    if described.is_array:
        return f"unnest([{{'name': '', 'value': item}} for item in {held}])"
    return f"{{'name': '', 'value': CAST({column('prediction', name)} AS VARCHAR)}}"


def conditions(kind: str, window: Window, where: Where) -> tuple[str, Parameters]:
    """Return a condition on window and fields, and its parameters."""
    parts = ["true"]
    parameters: Parameters = []
    if window.since is not None:
        parts.append('"@timestamp" >= ?')
        parameters.append(utc(window.since))
    if window.until is not None:
        parts.append('"@timestamp" < ?')
        parameters.append(utc(window.until))
    for condition in where:
        parts.append(_condition(kind, condition, parameters))
    return " AND ".join(parts), parameters


def _condition(kind: str, condition: Condition, parameters: Parameters) -> str:
    tested = column(kind, condition.field)
    if condition.operation == "exists":
        return f"{tested} IS NOT NULL"
    if not condition.values:
        return "false"
    parameters.extend(condition.values)
    marks = ", ".join("?" for _ in condition.values)
    if known_field(kind, condition.field).is_array:
        return f"list_has_any({tested}, [{marks}])"
    return f"CAST({tested} AS VARCHAR) IN ({marks})"

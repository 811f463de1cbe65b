"""Values of foreign files in the types of our fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shipper.outputs import label_text
from shipper.schema import Field, Schema
from shipper.schema.validation import SchemaError


def read_time(value: Any) -> datetime:
    """Return a time from ISO 8601, a datetime, or seconds, milliseconds or so since the epoch.

    Raises:
        SchemaError: If it is no time.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 (said to be without zone)
    try:
        if isinstance(value, str) and not value.strip().lstrip("-").replace(".", "", 1).isdigit():
            return datetime.fromisoformat(value.strip().replace(" +", "+"))
        number = float(value)
        for scale in (1e0, 1e3, 1e6, 1e9):
            if abs(number) / scale < 1e11:
                return datetime.fromtimestamp(number / scale, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        pass
    raise SchemaError(
        f"@timestamp {value!r} is no time: ISO 8601 or a number since the epoch is needed"
    )


def number_or_text(value: Any) -> Any:
    """Return a number where a text is one, and anything else as it is."""
    if not isinstance(value, str):
        return value
    stripped = value.strip()
    try:
        return int(stripped)
    except ValueError:
        pass
    try:
        return float(stripped)
    except ValueError:
        return value


def convert(found: Field, name: str, value: Any) -> Any:
    """Return a value in the type of its field, as far as that is certain."""
    if hasattr(value, "isoformat"):
        return value if name == "@timestamp" else label_text(value.isoformat())
    if isinstance(value, Decimal):
        value = float(value)
    if name == "@timestamp" or isinstance(value, Mapping | list):
        return value
    if found.type in ("double", "long") and isinstance(value, str):
        number = number_or_text(value)
        return number if found.type == "double" or isinstance(number, int) else value
    if found.type == "keyword" and not isinstance(value, str):
        return label_text(value)
    if found.type == "boolean" and value in ("true", "false", "True", "False"):
        return value in ("true", "True")
    return [value] if found.is_array else value


def lay(record: dict[str, Any], name: str, value: Mapping[str, Any], described: Schema) -> None:
    """Lay an object's values into the record, each in the type of its field."""
    for key, item in value.items():
        dotted = f"{name}.{key}"
        if isinstance(item, Mapping) and dotted not in described.fields:
            lay(record, dotted, item, described)
        elif item is not None:
            found = described.field(dotted)
            put(record, dotted, item if found is None else convert(found, dotted, item))


def put(record: dict[str, Any], name: str, value: Any) -> None:
    """Set the value at a dotted name.

    Raises:
        SchemaError: If something else than an object stands on the way.
    """
    node = record
    *parents, leaf = name.split(".") if name != "@timestamp" else [name]
    for part in parents:
        below = node.setdefault(part, {})
        if not isinstance(below, dict):
            raise SchemaError(f"{part} must be an object, not {below!r}")
        node = below
    node[leaf] = value

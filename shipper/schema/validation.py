"""Check a record against its schema before it is stored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from shipper.schema import MAXIMUM_EVENT_ID_LENGTH, Field, Schema

_LONG_MINIMUM, _LONG_MAXIMUM = -(2**63), 2**63 - 1


class SchemaError(ValueError):
    """A record breaks its schema; the message names the field and says how to mend it."""


def validate(document: Mapping[str, Any], schema: Schema) -> None:
    """Check types, required fields and allowed values; unknown fields are let through.

    Args:
        document: A record as nested dictionaries, ready for JSON.
        schema: The schema of its kind.

    Raises:
        SchemaError: At the first field that breaks the schema.
    """
    for name in schema.required:
        if lookup(document, name) is None:
            raise SchemaError(f"{name} is missing: every {schema.kind} record needs it")
    _check_event_id(document)
    for name, value in _walk(document, "", schema):
        field = schema.fields.get(name)
        if field is not None:
            _check_field(field, value)


def lookup(document: Mapping[str, Any], name: str) -> Any:
    """Return the value at a dotted name, or None where any part of the path is absent."""
    value: Any = document
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _check_event_id(document: Mapping[str, Any]) -> None:
    identity = lookup(document, "event.id")
    if isinstance(identity, str) and not 1 <= len(identity.encode()) <= MAXIMUM_EVENT_ID_LENGTH:
        raise SchemaError(
            f"event.id has {len(identity.encode())} bytes: "
            f"give 1 to {MAXIMUM_EVENT_ID_LENGTH} bytes"
        )


def _walk(node: Mapping[str, Any], prefix: str, schema: Schema) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if not isinstance(key, str):
            raise SchemaError(f"{prefix or 'the record'} has a key that is not text: {key!r}")
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and name not in schema.fields:
            yield from _walk(value, f"{name}.", schema)
        else:
            yield name, value


def _check_field(field: Field, value: Any) -> None:
    if value is None:
        return
    if field.is_open:
        if not isinstance(value, Mapping):
            raise SchemaError(
                f"{field.name} must be an object of names and values, not {_say(value)}"
            )
        for key, item in value.items():
            _check_value(field, f"{field.name}.{key}", item)
    elif field.is_array:
        if not isinstance(value, list):
            raise SchemaError(f"{field.name} must be a list, not {_say(value)}")
        for item in value:
            _check_value(field, field.name, item)
    else:
        _check_value(field, field.name, value)


def _check_value(field: Field, name: str, value: Any) -> None:
    if not _fits(field.type, value):
        raise SchemaError(f"{name} must be {_WANTED[field.type]}, not {_say(value)}")
    if field.values and value not in field.values:
        raise SchemaError(f"{name} must be one of {', '.join(field.values)}, not {value!r}")


_WANTED = {
    "keyword": "text",
    "text": "text",
    "long": "a whole number of 64 bits",
    "double": "a finite number",
    "boolean": "true or false",
    "date": "a time in ISO 8601 with its zone",
    "object": "an object or a list",
}


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "keyword" | "text":
            return isinstance(value, str)
        case "long":
            return (
                isinstance(value, int)
                and not isinstance(value, bool)
                and _LONG_MINIMUM <= value <= _LONG_MAXIMUM
            )
        case "double":
            return (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and math.isfinite(value)
            )
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return _is_time(value)
        case _:
            return isinstance(value, Mapping | list)


def _is_time(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _say(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."

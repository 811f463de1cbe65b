"""Which records are meant: those whose fields have the values given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analyzers.stores.base import StoreError
from analyzers.stores.queries import text_of
from shipper.schema import KINDS, schema


@dataclass(frozen=True, slots=True)
class Selection:
    """All of these conditions must hold.

    Attributes:
        conditions: Field and value; a list of values has it when one of its items is the value.
    """

    conditions: tuple[tuple[str, str], ...]

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record is meant."""
        return all(_has(record, field.split("."), value) for field, value in self.conditions)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was found in, or erased from, one stream.

    Attributes:
        stream: The data stream.
        count: Records that are meant.
        skipped: Of these, records that cannot be erased now: their segment is still written.
    """

    stream: str
    count: int
    skipped: int = 0


def parse_selection(given: Sequence[str]) -> Selection:
    """Return the selection that ``FIELD=VALUE`` texts stand for.

    Raises:
        StoreError: If there is none, or a field does not exist.
    """
    conditions: list[tuple[str, str]] = []
    for text in given:
        field, found, value = text.partition("=")
        if not found or not value:
            raise StoreError(f"--where {text!r} must be FIELD=VALUE, such as user.id=4711")
        if not any(schema(kind).field(field) for kind in KINDS):
            raise StoreError(f"records have no field {field}: see docs/fields.md")
        conditions.append((field, value))
    if not conditions:
        raise StoreError("give at least one --where FIELD=VALUE: everything is not one person")
    return Selection(tuple(conditions))


def _has(node: Any, path: Sequence[str], value: str) -> bool:
    for place, part in enumerate(path):
        if isinstance(node, list):
            return any(_has(item, path[place:], value) for item in node)
        if not isinstance(node, Mapping) or part not in node:
            return False
        node = node[part]
    if isinstance(node, list):
        return any(text_of(item) == value for item in node)
    return text_of(node) == value

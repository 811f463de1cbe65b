"""Rows of the local database as what a store answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from analyzers.stores.base import ErrorPattern
from shipper.schema import schema


def pattern_of(row: tuple[Any, ...]) -> ErrorPattern:
    """Return the error pattern of a row."""
    fingerprint, kind, types, template, message, place, logger, count, first, last = row
    return ErrorPattern(
        fingerprint=fingerprint,
        type=kind or "log",
        types=tuple(types or ()),
        template=template or message or "",
        message=message or "",
        culprit=place or "",
        logger=logger or "",
        count=count,
        first_seen=known(first),
        last_seen=known(last),
    )


def aware(moment: datetime | None) -> datetime | None:
    """Return a time with its zone, or None."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def known(moment: datetime) -> datetime:
    """Return a time with its zone."""
    return moment.replace(tzinfo=UTC)


def with_zones(row: tuple[Any, ...], places: Sequence[int]) -> tuple[Any, ...]:
    """Return a row whose times, at some places, have their zone."""
    values = list(row)
    for place in places:
        values[place] = aware(values[place])
    return tuple(values)


def nested_record(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of flat columns as the nested record it came from."""
    record: dict[str, Any] = {}
    fields = schema(kind).fields
    for name, value in row.items():
        if value is None or name not in fields:
            continue
        if isinstance(value, datetime):
            value = known(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        elif fields[name].type == "object" and isinstance(value, str):
            value = orjson.loads(value)
        node = record
        *parents, leaf = name.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[leaf] = value
    return record

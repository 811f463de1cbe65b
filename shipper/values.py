"""Check single values of records: each is right for its field, or refused with its name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from shipper.features import clean_name
from shipper.schema import cut_keyword
from shipper.schema.validation import SchemaError

Document = dict[str, Any]


def merge(base: Document, added: Document) -> Document:
    """Return ``base`` with ``added`` laid over it; objects are merged, all else is replaced."""
    merged = dict(base)
    for key, value in added.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = merge(below, value) if both and below is not None else value
    return merged


def text(name: str, value: Any) -> str:
    """Return a text cut at the longest keyword, or refuse what is no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise SchemaError(f"{name} must be text, not {type(value).__name__}")
    return cut_keyword(str(value))


def number(name: str, value: Any) -> float:
    """Return a finite number, also from a NumPy scalar, or refuse."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SchemaError(f"{name} must be a finite number, not {value!r}")
    return value


def whole(name: str, value: Any) -> int:
    """Return a whole number, also from a NumPy scalar, or refuse."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int):
        raise SchemaError(f"{name} must be a whole number, not {value!r}")
    return value


def numbers(name: str, values: Mapping[Any, Any]) -> dict[str, float]:
    """Return a mapping of finite numbers; dots in its names become ``_``."""
    if not isinstance(values, Mapping):
        raise SchemaError(f"{name} must map names to numbers, not be a {type(values).__name__}")
    cleaned = ((clean_name(key), value) for key, value in values.items())
    return {key: number(f"{name}.{key}", value) for key, value in cleaned}


def words(name: str, values: Mapping[Any, Any], allowed: Sequence[str] = ()) -> dict[str, str]:
    """Return a mapping of texts without the empty ones; dots in its names become ``_``."""
    if not isinstance(values, Mapping):
        raise SchemaError(f"{name} must map names to values, not be a {type(values).__name__}")
    kept: dict[str, str] = {}
    for key, value in values.items():
        cleaned = clean_name(key)
        if allowed and cleaned not in allowed:
            raise SchemaError(f"{name}.{cleaned} is unknown: use {', '.join(allowed)}")
        if value is None:
            continue
        if isinstance(value, bool):
            value = "true" if value else "false"
        kept[cleaned] = cut_keyword(str(value))
    return kept

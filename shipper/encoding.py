"""Encode a document as one line of JSON, whatever is in it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import orjson

from shipper.identifiers import format_time

_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def rejected_line(line: bytes, reason: str) -> bytes:
    """Return the line that keeps a record that no destination takes."""
    return encode(
        {
            "@timestamp": format_time(time.time_ns()),
            "reason": reason,
            "line": line.decode("utf-8", "replace"),
        }
    )


def encode(document: Mapping[str, Any]) -> bytes:
    """Return a document as one line of JSON; NaN and infinity become null.

    Strange values are stored as their text and lone surrogates as ``?``: a log call must not
    fail because of what it logs.
    """
    try:
        return orjson.dumps(document, default=str, option=_OPTIONS)
    except TypeError:
        return orjson.dumps(_mend(document, 0), default=str, option=_OPTIONS)


_MAXIMUM_DEPTH = 50


def _mend(value: Any, depth: int) -> Any:
    if depth > _MAXIMUM_DEPTH:
        return "[too deep]"
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_mend(str(key), depth): _mend(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mend(item, depth + 1) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value

"""Ids and times: minted on the hot path, so each is as cheap as it can be made."""

from __future__ import annotations

import os
import random
import time
import zlib
from datetime import UTC, datetime

# A generator of our own: services call random.seed(0), and ids must not repeat because of it.
_random = random.Random()  # noqa: S311 (an id is no secret)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)

_second_text = (-1, "")

SAMPLING_BUCKETS = 10_000


def new_event_id(nanoseconds: int | None = None) -> str:
    """Return a UUIDv7 (RFC 9562): sortable by time, unique without coordination.

    Args:
        nanoseconds: Time since the epoch; now when omitted.
    """
    now = time.time_ns() if nanoseconds is None else nanoseconds
    noise = _random.getrandbits(74)
    value = (
        ((now // 1_000_000) & 0xFFFFFFFFFFFF) << 80
        | 0x7 << 76
        | (noise >> 62) << 64
        | 0b10 << 62
        | (noise & 0x3FFFFFFFFFFFFFFF)
    )
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def sampling_key(event_id: str) -> int:
    """Return a number in [0, 10000) that every reader derives alike from the id."""
    return zlib.crc32(event_id.encode()) % SAMPLING_BUCKETS


def format_time(nanoseconds: int) -> str:
    """Return ISO 8601 in UTC with milliseconds, such as ``2026-11-21T04:17:00.123Z``.

    Args:
        nanoseconds: Time since the epoch.
    """
    global _second_text
    second, rest = divmod(nanoseconds, 1_000_000_000)
    known, text = _second_text
    if known != second:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _second_text = (second, text)
    return f"{text}.{rest // 1_000_000:03d}Z"


def format_datetime(moment: datetime) -> str:
    """Return a time with a zone in the form of ``format_time``.

    Raises:
        ValueError: If the time has no zone: guessing one would move the record.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no zone: give a time with one, such as UTC")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

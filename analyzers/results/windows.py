"""Windows of equal length, aligned to the epoch: every run cuts time at the same places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from analyzers.stores.base import Window

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def window_at(moment: datetime, seconds: int) -> Window:
    """Return the window of a length that a moment lies in."""
    length = timedelta(seconds=seconds)
    begin = _EPOCH + (moment - _EPOCH) // length * length
    return Window(begin, begin + length)


def overlaps(window: Window, asked: Window) -> bool:
    """Return whether a window has a moment in common with the time that was asked for."""
    return (asked.until is None or window.since is None or window.since < asked.until) and (
        asked.since is None or window.until is None or window.until > asked.since
    )

"""References that move along: the window before, or that of the week before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from analyzers.stores.base import Window

WEEK = timedelta(days=7)

SLIDING: Mapping[str, str] = {
    "previous": "the window before",
    "week-before": "the same time one week before",
}
"""What a window may be compared with in place of a stored reference, by its name."""


def earlier(window: Window, name: str) -> Window:
    """Return the window that another one is compared with.

    Args:
        window: The window; both ends are needed.
        name: One of ``SLIDING``.

    Raises:
        ValueError: If an end is missing.
    """
    since, until = window.ends()
    if name == "previous":
        return Window(since - (until - since), since)
    # whole weeks, so that weekdays meet their like also where windows are longer than one
    weeks = -(-(until - since) // WEEK)
    return Window(since - weeks * WEEK, until - weeks * WEEK)

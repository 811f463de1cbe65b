"""Spans of time as people write them: ``30m``, ``2h``, ``7d``."""

from __future__ import annotations

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


def span_seconds(text: str) -> float | None:
    """Return a span in seconds; None where the text is none."""
    found = _SPAN.fullmatch(text.strip())
    return None if found is None else float(found[1]) * _UNITS[found[2]]


def span_text(seconds: int) -> str:
    """Return a span of whole seconds in its largest whole unit below a week."""
    length, unit = next(
        (length, unit)
        for unit, length in reversed(_UNITS.items())
        if unit != "w" and seconds % length == 0
    )
    return f"{seconds // length}{unit}"

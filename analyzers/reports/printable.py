"""Text from logs, safe to print: it must not steer the terminal that shows it."""

from __future__ import annotations

_CONTROL = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"
}


def printable(text: str) -> str:
    """Return text whose control characters are written out."""
    return text.translate(_CONTROL)

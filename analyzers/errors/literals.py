"""Mask literals of Python and JSON inside a text: what is in them, and how much, are values."""

from __future__ import annotations

import re

from shipper.masking import PARAMETER

_ATOM = (
    r"(?:<\*>|[brBR]?'(?:[^'\\]|\\.)*'|[brBR]?\"(?:[^\"\\]|\\.)*\"|[-+]?\d[\w.+-]*"
    r"|[Tt]rue|[Ff]alse|None|null|NaN|nan|-?inf|\[(?:<\*>)?\]|\{(?:<\*>)?\}|\((?:<\*>)?\))"
)
_ENTRY = rf"{_ATOM}(?:: ?{_ATOM})?"
_ENTRIES = rf"{_ENTRY}(?:, ?{_ENTRY})*+,?"
_LITERAL = re.compile(
    rf"\[(?:{_ENTRIES})\]|\{{(?:{_ENTRIES})\}}|(?<![\w\])])\((?:{_ENTRIES})\)"
    r"|(?<=[ =:])(?:\[\]|\{\}|\(\))(?![\w(.])"
)
_DEEPEST = 8
"""Literals in literals beyond which the rest is left as it is."""


def mask_literals(text: str) -> str:
    """Return a text with lists, mappings and tuples of values as ``[<*>]``, ``{<*>}``, ``(<*>)``.

    From the inside out: a literal in a literal is a value of it.
    """
    if not any(bracket in text for bracket in "[{("):
        return text
    for _ in range(_DEEPEST):
        masked = _LITERAL.sub(lambda found: f"{found[0][0]}{PARAMETER}{found[0][-1]}", text)
        if masked == text:
            break
        text = masked
    return text

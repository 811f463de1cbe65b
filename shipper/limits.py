"""Limits on a single record, and what is cut when one passes them.

Whatever is cut is named in the record's ``ml.cut``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shipper.errors import ConfigurationError
from shipper.schema import MAXIMUM_KEYWORD_LENGTH

CUT_MARK = "characters cut ...]"

# What goes first when a record is too large, by what is missed least.
_EXPENDABLE = (
    "ml.features.vector",
    "ml.attributions",
    "ml.prediction.probabilities",
    "error.chain",
    "ml.prediction.text",
    "error.stack_trace",
    "ml.features.category",
    "ml.features.number",
    "ml.features.missing",
    "ml.features.invalid",
    "ml.features",
    "labels",
    "numeric_labels",
    "ml.hyperparameters",
    "ml.metrics",
    "ml.segment",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLimits:
    """Bounds of one record; what is beyond them is cut.

    Attributes:
        text_characters: Longest text, such as a message; at most 8191, as the index has it.
        category_characters: Longest category of an input.
        stack_frames: Most frames of a stack trace; both ends are kept.
        stack_characters: Longest stack trace; both ends are kept.
        features: Most inputs of a prediction; the first are kept.
        record_bytes: Largest record; beyond it whole parts go, the largest and least telling first.
    """

    text_characters: int = MAXIMUM_KEYWORD_LENGTH
    category_characters: int = 1024
    stack_frames: int = 60
    stack_characters: int = 32_768
    features: int = 10_000
    record_bytes: int = 1024 * 1024 - 1024

    def __post_init__(self) -> None:
        bounds = {
            "text_characters": (16, MAXIMUM_KEYWORD_LENGTH),
            "category_characters": (16, MAXIMUM_KEYWORD_LENGTH),
            "stack_frames": (2, 10_000),
            "stack_characters": (128, 10_000_000),
            "features": (0, 1_000_000),
            "record_bytes": (4096, 2**30),
        }
        for name, (lowest, highest) in bounds.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not lowest <= value <= highest:
                raise ConfigurationError(f"{name} must be {lowest} to {highest}, not {value!r}")


class TooLargeError(ValueError):
    """A record is too large even without everything that can be left out."""


def shrink(
    document: dict[str, Any], limit: int, encode: Callable[[Mapping[str, Any]], bytes]
) -> bytes:
    """Leave parts out of a document until it fits, name them in ``ml.cut``, and return its line.

    Args:
        document: The record; changed in place.
        limit: Most bytes.
        encode: Encodes it.

    Raises:
        TooLargeError: If it does not fit with all of that left out.
    """
    for name in _EXPENDABLE:
        *parents, leaf = name.split(".")
        node: Any = document
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if isinstance(node, dict) and leaf in node:
            del node[leaf]
            name_cut(document, name)
            line = encode(document)
            if len(line) <= limit:
                return line
    raise TooLargeError(f"the record has more than {limit} bytes")


def name_cut(document: dict[str, Any], *names: str) -> None:
    """Add names of fields to a record's ``ml.cut``."""
    ml = document.setdefault("ml", {})
    ml["cut"] = sorted({*ml.get("cut", ()), *names})


def shortened_fields(document: Mapping[str, Any], limits: RecordLimits) -> Iterator[str]:
    """Yield the names of the texts in a record that are as long as the limits allow."""
    for name, value in _texts(document, ""):
        length = len(value)
        if name.startswith("ml.features.category."):
            # a longer one is left: its limit is the index's
            is_cut = length >= limits.category_characters
        else:
            is_cut = length >= limits.text_characters
        if is_cut or (name == "error.stack_trace" and CUT_MARK in value):
            yield name


def _texts(node: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, str):
            yield path + key, value
        elif isinstance(value, dict):
            yield from _texts(value, f"{path}{key}.")

"""Turn one row of model inputs into the fields of a record, whatever library it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import orjson

from shipper.redaction import Redactor

_LONG_LIMIT = 2**53
"""Above it a double no longer holds every whole number."""

NORM = "_norm"
"""Stands behind the name of a vector for the number that is its length."""


class FeatureFields:
    """The inputs of one row, sorted by how they are stored.

    Attributes:
        number: Finite numbers by name.
        category: Texts, booleans (``true``, ``false``) and everything without a better place.
        vector: Lists of finite numbers by name.
        missing: Names of inputs that are None, NaN, NaT or declared but absent.
        invalid: Names of inputs that are infinite.
        is_cut: Whether there were more inputs than the limit.
    """

    __slots__ = ("category", "invalid", "is_cut", "missing", "number", "vector")

    def __init__(self) -> None:
        self.number: dict[str, float] = {}
        self.category: dict[str, str] = {}
        self.vector: dict[str, list[float]] = {}
        self.missing: list[str] = []
        self.invalid: list[str] = []
        self.is_cut = False

    def document(self) -> dict[str, Any]:
        """Return the ``ml.features`` object; parts that hold nothing are left out."""
        document: dict[str, Any] = {}
        if self.number:
            document["number"] = self.number
        if self.category:
            document["category"] = self.category
        if self.vector:
            document["vector"] = self.vector
        if self.missing:
            document["missing"] = self.missing
        if self.invalid:
            document["invalid"] = self.invalid
        return document


def encode_features(
    row: Mapping[Any, Any], redactor: Redactor, expected: Iterable[str] = ()
) -> FeatureFields:
    """Sort the inputs of one row into numbers, categories, vectors, missing and invalid.

    Args:
        row: Input values by name. Values may be Python or NumPy scalars, arrays, pandas or
            polars values, None or NaN. Dots in names become ``_``.
        redactor: Applied to names and texts.
        expected: Names that the model needs; those absent from the row are missing.
    """
    fields = FeatureFields()
    if len(row) > redactor.limits.features:
        row = dict(islice(row.items(), redactor.limits.features))
        fields.is_cut = True
    for key, value in row.items():
        name = clean_name(key)
        rule = redactor.feature_rule(name)
        if rule == "keep":
            _place(fields, name, value, redactor)
        elif rule == "hide":
            fields.category[name] = redactor.hide(value)
    if expected:
        present = {clean_name(key) for key in row}
        fields.missing.extend(name for name in map(clean_name, expected) if name not in present)
    return fields


def clean_name(name: object) -> str:
    """Return a field name without dots, which would make an object of it, and never empty."""
    text = name if type(name) is str else str(name)
    if "." in text:
        text = text.replace(".", "_")
    return text.strip() or "_"


def _place(fields: FeatureFields, name: str, value: Any, redactor: Redactor) -> None:
    kind = type(value)
    if kind is float:
        _place_float(fields, name, value)
    elif kind is str:
        fields.category[name] = redactor.short_text(value, redactor.limits.category_characters)
    elif kind is bool:
        fields.category[name] = "true" if value else "false"
    elif kind is int:
        _place_integer(fields, name, value)
    elif value is None:
        fields.missing.append(name)
    else:
        _place_other(fields, name, value, redactor)


def _place_float(fields: FeatureFields, name: str, value: float) -> None:
    if math.isfinite(value):
        fields.number[name] = value
    elif math.isnan(value):
        fields.missing.append(name)
    else:
        fields.invalid.append(name)


def _place_integer(fields: FeatureFields, name: str, value: int) -> None:
    if -_LONG_LIMIT <= value <= _LONG_LIMIT:
        fields.number[name] = value
    else:  # an id rather than a quantity: a double would change it
        fields.category[name] = str(value)


def _place_other(fields: FeatureFields, name: str, value: Any, redactor: Redactor) -> None:
    if type(value).__name__ in ("NAType", "NaTType"):
        fields.missing.append(name)
    elif isinstance(value, Decimal):
        _place_float(fields, name, float(value) if value.is_finite() else float(str(value)))
    elif isinstance(value, datetime | date | time):
        fields.category[name] = value.isoformat()
    elif isinstance(value, timedelta):
        fields.number[name] = value.total_seconds()
    elif isinstance(value, list | tuple):
        _place_sequence(fields, name, list(value), redactor)
    elif isinstance(value, Mapping):
        fields.category[name] = _as_json(redactor.mapping(value), redactor)
    elif hasattr(value, "tolist"):  # NumPy scalars and arrays, pandas and polars series
        _place_plain(fields, name, value.tolist(), redactor)
    elif hasattr(value, "to_list"):
        _place_plain(fields, name, value.to_list(), redactor)
    elif isinstance(value, bytes | bytearray | memoryview):
        fields.category[name] = f"<{len(value)} bytes>"
    elif isinstance(value, int):
        _place_integer(fields, name, int(value))
    elif isinstance(value, float):
        _place_float(fields, name, float(value))
    else:
        fields.category[name] = redactor.short_text(str(value), redactor.limits.category_characters)


def _place_plain(fields: FeatureFields, name: str, value: Any, redactor: Redactor) -> None:
    """Place what ``tolist`` gave: never again something that has ``tolist``."""
    if hasattr(value, "tolist"):
        fields.category[name] = redactor.short_text(str(value), redactor.limits.category_characters)
    else:
        _place(fields, name, value, redactor)


def _place_sequence(
    fields: FeatureFields, name: str, values: list[Any], redactor: Redactor
) -> None:
    flat = _flatten(values)
    if len(flat) == 1 and not isinstance(flat[0], list | tuple):
        _place(fields, name, flat[0], redactor)
    elif not flat:
        fields.missing.append(name)
    elif all(isinstance(item, int | float) and not isinstance(item, bool) for item in flat):
        numbers = [float(item) for item in flat]
        if all(map(math.isfinite, numbers)):
            fields.vector[name] = numbers
            # vectors are not indexed: their length is what drift is measured on
            length = math.hypot(*numbers)
            if math.isfinite(length):
                fields.number.setdefault(f"{name}{NORM}", length)
        elif any(map(math.isinf, numbers)):
            fields.invalid.append(name)
        else:
            fields.missing.append(name)
    else:
        texts = [
            redactor.short_text(item, redactor.limits.category_characters)
            if isinstance(item, str)
            else item
            for item in flat
        ]
        fields.category[name] = _as_json(texts, redactor)


def _flatten(values: list[Any]) -> list[Any]:
    """Return the items of nested lists in order; NumPy items become Python's own."""
    flat: list[Any] = []
    for item in values:
        if hasattr(item, "tolist"):
            item = item.tolist()
        if isinstance(item, list | tuple):
            flat.extend(_flatten(list(item)))
        else:
            flat.append(item)
    return flat


def _as_json(value: Any, redactor: Redactor) -> str:
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # numbers beyond 64 bits, lone surrogates
        text = str(value).encode("utf-8", "replace").decode()
    limit = redactor.limits.category_characters
    if len(text) > limit:
        redactor.note_cut()
    return text[:limit]

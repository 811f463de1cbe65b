"""Split the input of a predict function into rows: one prediction record is one row.

Arrays and data frames are recognised by what they can do, so that nothing is imported which the
service did not import itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

Row = dict[Any, Any]


def split_rows(value: Any, names: Sequence[str] = ()) -> tuple[list[Row], bool]:
    """Return the rows of an input, and whether it was a batch.

    A mapping, a dataclass, a pydantic model, a pandas Series, a text, a number or a
    one-dimensional array is one row. A data frame, a two-dimensional array or sparse matrix and a
    list of rows are a batch.

    Args:
        value: The first argument of the predict function.
        names: Names for the columns of arrays; ``feature_0`` and so on where none are given.
    """
    if isinstance(value, Mapping):
        return [dict(value)], False
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [
            {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        ], False
    if hasattr(value, "model_dump"):  # pydantic
        return [value.model_dump()], False
    if hasattr(value, "columns") and hasattr(value, "shape"):
        return _data_frame_rows(value), True
    if hasattr(value, "index") and hasattr(value, "to_dict") and hasattr(value, "tolist"):
        return [dict(value.to_dict())], False  # a pandas Series: one row with named values
    if hasattr(value, "toarray") and hasattr(value, "shape"):  # a SciPy sparse matrix
        value = value.toarray()
    if hasattr(value, "tolist") and hasattr(value, "shape"):
        return _array_rows(value, names)
    if isinstance(value, list | tuple):
        return _sequence_rows(value, names)
    if value is None:
        return [{}], False
    return [{_name(0, names) if names else "input": value}], False


def _data_frame_rows(frame: Any) -> list[Row]:
    columns = [str(column) for column in frame.columns]
    if hasattr(frame, "iter_rows"):  # polars
        return [dict(zip(columns, row, strict=True)) for row in frame.iter_rows()]
    # pandas; a column at a time keeps the types that iterrows would mix
    values = [frame.iloc[:, place].tolist() for place in range(len(columns))]
    if not values:
        return [{} for _ in range(len(frame))]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _array_rows(array: Any, names: Sequence[str]) -> tuple[list[Row], bool]:
    dimensions = len(array.shape)
    if dimensions == 0:
        return [{_name(0, names): array.tolist()}], False
    if dimensions == 1:
        return [_named(array.tolist(), names)], False
    if dimensions == 2:
        return [_named(row, names) for row in array.tolist()], True
    # images, sequences: one vector a row
    return [{_name(0, names[:1]): row} for row in array.tolist()], True


def _sequence_rows(values: Sequence[Any], names: Sequence[str]) -> tuple[list[Row], bool]:
    if not values:
        return [], True
    first = values[0]
    if isinstance(first, str | bytes | int | float) or first is None:
        # numbers are one row's columns, texts are a batch of inputs
        if isinstance(first, str) and not names:
            return [{"input": value} for value in values], True
        return [_named(list(values), names)], False
    rows: list[Row] = []
    for value in values:
        rows.extend(split_rows(value, names)[0])
    return rows, True


def _named(values: Sequence[Any], names: Sequence[str]) -> Row:
    return {_name(place, names): value for place, value in enumerate(values)}


def _name(place: int, names: Sequence[str]) -> str:
    return names[place] if place < len(names) else f"feature_{place}"

"""Read what a predict function returned: labels, scores, values or class probabilities, by row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Returns = Literal["auto", "label", "score", "value", "probabilities"]

_LABEL_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Output:
    """The output for one row; what the model did not give is None.

    Attributes:
        label: Predicted class, as text.
        score: P(positive class); with more than two classes, P(predicted class).
        value: Predicted number of a regression.
        probabilities: Probability of each class.
        text: Generated text.
    """

    label: str | None = None
    score: float | None = None
    value: float | None = None
    probabilities: dict[str, float] | None = None
    text: str | None = None


def read_outputs(
    result: Any, rows: int, returns: Returns = "auto", classes: Sequence[Any] = ()
) -> list[Output]:
    """Return one output for each row.

    With ``auto``: text, booleans and whole numbers are labels, other numbers are values, a row of
    numbers is class probabilities, and a mapping may name ``label``, ``score``, ``value``,
    ``probabilities`` and ``text`` itself.

    Args:
        result: What the predict function returned.
        rows: How many rows went in.
        returns: What the numbers mean, where ``auto`` would guess wrong.
        classes: Names of the classes, in the order of the probabilities.

    Returns:
        ``rows`` outputs. A result that does not match the rows gives empty outputs: a
        prediction without an output is kept rather than lost.
    """
    plain = _plain(result)
    if rows == 1:
        if isinstance(plain, list | tuple) and len(plain) == 1:
            plain = plain[0]
        return [read_output(plain, returns, classes)]
    if isinstance(plain, Mapping):  # a mapping of columns
        columns = {key: _plain(value) for key, value in plain.items()}
        if all(isinstance(c, list | tuple) and len(c) == rows for c in columns.values()):
            plain = [{key: c[row] for key, c in columns.items()} for row in range(rows)]
    if not isinstance(plain, list | tuple) or len(plain) != rows:
        return [Output()] * rows
    return [read_output(item, returns, classes) for item in plain]


def read_output(item: Any, returns: Returns = "auto", classes: Sequence[Any] = ()) -> Output:
    """Return the output for one row; see ``read_outputs``."""
    item = _plain(item)
    if item is None:
        return Output()
    if isinstance(item, Mapping):
        return _from_mapping(item, classes)
    if isinstance(item, list | tuple) and len(item) == 1:
        item = _plain(item[0])  # a column of one
    if isinstance(item, list | tuple):
        return _from_probabilities(item, classes)
    if returns == "auto":
        returns = "value" if isinstance(item, float) else "label"
    if returns == "label":
        return Output(label=label_text(item))
    number = _number(item)
    if returns == "probabilities":
        returns = "score"
    return Output(score=number) if returns == "score" else Output(value=number)


def label_text(value: Any) -> str:
    """Return a class as text: ``1``, ``true``, ``cat``; ``1.0`` counts as ``1``."""
    value = _plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:_LABEL_LENGTH]


def _from_mapping(item: Mapping[Any, Any], classes: Sequence[Any]) -> Output:
    known = {"label", "score", "value", "probabilities", "text"} & set(item)
    if not known:
        numbers = {str(key): _number(value) for key, value in item.items()}
        if numbers and all(number is not None for number in numbers.values()):
            return _from_probabilities(list(numbers.values()), list(numbers))
        return Output()
    probabilities = _plain(item.get("probabilities"))
    base = Output()
    if isinstance(probabilities, Mapping):
        base = _from_probabilities(list(probabilities.values()), list(probabilities))
    elif isinstance(probabilities, list | tuple):
        base = _from_probabilities(probabilities, classes)
    label = _plain(item.get("label"))
    text = item.get("text")
    score = _number(item.get("score"))
    return Output(
        label=base.label if label is None else label_text(label),
        score=base.score if score is None else score,
        value=_number(item.get("value")),
        probabilities=base.probabilities,
        text=None if text is None else str(text),
    )


def _from_probabilities(values: Sequence[Any], classes: Sequence[Any]) -> Output:
    numbers = [_number(value) for value in values]
    finite = [number for number in numbers if number is not None]
    if len(finite) != len(numbers) or not finite:
        return Output()
    names = [label_text(name) for name in classes]
    names += [str(place) for place in range(len(names), len(finite))]
    best = max(range(len(finite)), key=finite.__getitem__)
    return Output(
        label=names[best],
        score=finite[1] if len(finite) == 2 else finite[best],
        probabilities=dict(zip(names, finite, strict=False)),
    )


def _number(value: Any) -> float | None:
    value = _plain(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _plain(value: Any) -> Any:
    """Return Python's own form of NumPy, pandas and polars values."""
    if hasattr(value, "iter_rows"):
        return [row[0] if len(row) == 1 else list(row) for row in value.iter_rows()]
    if hasattr(value, "columns") and hasattr(value, "to_numpy"):
        return value.to_numpy().tolist()
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "to_list"):
        return value.to_list()
    return value

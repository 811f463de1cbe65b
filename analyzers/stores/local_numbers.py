"""Histograms, moments and missing counts as SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from analyzers.stores.expressions import column
from analyzers.stores.fields import column_field, known_field, number_field
from analyzers.stores.numbers import Histogram, Moments, TimeLevel, checked_edges

Rows = Callable[[str], list[tuple[Any, ...]]]
"""Runs a query whose ``{source}`` stands for the records that are meant."""


def histograms(rows: Rows, kind: str, edges: Mapping[str, Sequence[float]]) -> dict[str, Histogram]:
    """Return the histogram of each field over its edges."""
    if not edges:
        return {}
    checked = {field: checked_edges(given) for field, given in edges.items()}
    values = ", ".join(f"{_value(kind, field)} AS v{place}" for place, field in enumerate(checked))
    # DuckDB's bins are (a, b]: turned over, ours are
    asked = ", ".join(
        f"count(*) - count(v{place}), histogram(-v{place}, {_turned(some)}), "
        f"count(*) FILTER (v{place} = {_number(some[-1])})"
        for place, some in enumerate(checked.values())
    )
    (answer,) = rows(f"SELECT {asked} FROM (SELECT {values} FROM {{source}})")  # noqa: S608
    found: dict[str, Histogram] = {}
    for place, (field, some) in enumerate(checked.items()):
        missing, counted, highest = answer[3 * place : 3 * place + 3]
        counts = [(counted or {}).get(-edge, 0) for edge in some]
        beyond = counts.pop() - highest  # the last bin is closed
        counts[-1] += highest
        found[field] = Histogram(
            edges=some,
            counts=tuple(counts),
            below=(counted or {}).get(math.inf, 0),
            above=beyond,
            missing=missing,
        )
    return found


def moments(rows: Rows, kind: str, fields: Sequence[str]) -> dict[str, Moments]:
    """Return the moments of each field."""
    if not fields:
        return {}
    values = ", ".join(f"{_value(kind, field)} AS v{place}" for place, field in enumerate(fields))
    asked = ", ".join(
        f"count(v{i}), min(v{i}), max(v{i}), fsum(v{i}), fsum(v{i} * v{i})"
        for i in range(len(fields))
    )
    ((total, *numbers),) = rows(
        f"SELECT count(*), {asked} FROM (SELECT {values} FROM {{source}})"  # noqa: S608
    )
    found: dict[str, Moments] = {}
    for place, field in enumerate(fields):
        n, smallest, largest, sum_, squares = numbers[5 * place : 5 * place + 5]
        found[field] = Moments(n, total - n, sum_ or 0.0, squares or 0.0, smallest, largest)
    return found


def time_levels(rows: Rows, kind: str, field: str, milliseconds: int, by: str) -> list[TimeLevel]:
    """Return mean and maximum in buckets of a width, for each value of a field."""
    found = rows(
        f"""SELECT CAST({column(kind, by)} AS VARCHAR) AS key,
                   epoch_ms("@timestamp") // {milliseconds} AS bucket,
                   count(v), avg(v), max(v)
            FROM (SELECT *, {_value(kind, field)} AS v FROM {{source}})
            WHERE v IS NOT NULL AND key IS NOT NULL GROUP BY ALL ORDER BY key, bucket"""  # noqa: S608
    )
    return [
        TimeLevel(key, datetime.fromtimestamp(bucket * milliseconds / 1000, UTC), n, mean, maximum)
        for key, bucket, n, mean, maximum in found
    ]


def missing_counts(rows: Rows, kind: str, fields: Sequence[str]) -> dict[str, int]:
    """Return the number of records without a value of each field."""
    if not fields:
        return {}
    counts = ", ".join(f"count(*) - count({_present(kind, field)})" for field in fields)
    return dict(zip(fields, rows(f"SELECT {counts} FROM {{source}}")[0], strict=True))  # noqa: S608


def _turned(edges: Sequence[float]) -> str:
    """Return edges times minus one, rising, as a list."""
    # as a text: numbers that stand in SQL as they are would be decimals first
    return f"CAST('[{', '.join(repr(-edge) for edge in reversed(edges))}]' AS DOUBLE[])"


def _value(kind: str, field: str) -> str:
    return f"CAST({column(kind, number_field(kind, field))} AS DOUBLE)"


def _present(kind: str, field: str) -> str:
    held = column(kind, column_field(kind, field))
    # an empty list is no value, as in a cluster
    return f"nullif(len({held}), 0)" if known_field(kind, field).is_array else held


def _number(value: float) -> str:
    return f"CAST('{value!r}' AS DOUBLE)"

"""Histograms, moments and missing counts as SQL."""

from __future__ import annotations

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
    found: dict[str, Histogram] = {}
    for field, given in edges.items():
        some = checked_edges(given)
        cases = "".join(
            f" WHEN v < {_number(edge)} THEN {place}" for place, edge in enumerate(some)
        )
        last = len(some) - 1
        counted: dict[int, int] = dict(
            rows(
                f"""SELECT CASE WHEN v IS NULL THEN -1{cases}
                           WHEN v = {_number(some[-1])} THEN {last} ELSE {last + 1} END AS bin,
                           count(*)
                    FROM (SELECT {_value(kind, field)} AS v FROM {{source}}) GROUP BY bin"""  # noqa: S608
            )
        )
        found[field] = Histogram(
            edges=some,
            counts=tuple(counted.get(place + 1, 0) for place in range(last)),
            below=counted.get(0, 0),
            above=counted.get(last + 1, 0),
            missing=counted.get(-1, 0),
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


def _value(kind: str, field: str) -> str:
    return f"CAST({column(kind, number_field(kind, field))} AS DOUBLE)"


def _present(kind: str, field: str) -> str:
    held = column(kind, column_field(kind, field))
    # an empty list is no value, as in a cluster
    return f"nullif(len({held}), 0)" if known_field(kind, field).is_array else held


def _number(value: float) -> str:
    return f"CAST('{value!r}' AS DOUBLE)"

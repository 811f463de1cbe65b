"""Table files as columns: CSV, Parquet and NDJSON, read by DuckDB."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from analyzers.monitors.columns import profile_categories, profile_numbers
from analyzers.monitors.profiles import CategoryProfile, ColumnProfile
from analyzers.monitors.references import Reference
from analyzers.stores.staging import identifier, literal

Floats = NDArray[np.float64]

READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".parquet": "read_parquet",
    ".ndjson": "read_ndjson",
    ".jsonl": "read_ndjson",
}
"""How files are read, by their ending."""

LENGTH = " (length)"
"""Stands behind the name of a column of free text, of which only the lengths are compared."""

MOST_COLUMNS = 5_000

NUMERIC = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "UHUGEINT", "DECIMAL", "FLOAT", "DOUBLE",
)  # fmt: skip
"""How the names of numeric types begin."""

_TIMES = ("DATE", "TIME", "INTERVAL")
_NESTED = ("STRUCT", "MAP", "LIST", "UNION", "JSON", "BLOB")
_FREE_TEXT_SHARE = 0.5
_FREE_TEXT_VALUES = 1_000


class TableError(ValueError):
    """A file cannot be read as a table; the message says why and what would do."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file.

    Attributes:
        rows: Number of rows.
        numbers: Numeric columns; what is missing is NaN.
        categories: Columns of categories as counts. Free text stands here with nothing but its
            length, under ``<column> (length)`` among the numbers.
        skipped: Columns that are not compared, and why.
    """

    rows: int
    numbers: Mapping[str, Floats] = field(default_factory=dict)
    categories: Mapping[str, CategoryProfile] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)


def read_table(path: Path) -> Table:
    """Read a file.

    Raises:
        TableError: If it cannot be read, or is of another kind.
    """
    with readable(path) as source, duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TEMP TABLE given AS SELECT * FROM {source}")  # noqa: S608
        return _columns(connection)


@contextlib.contextmanager
def readable(path: Path) -> Iterator[str]:
    """Give the SQL that reads a file; what goes wrong with it is one sentence.

    Raises:
        TableError: If it cannot be read, or is of another kind.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise TableError(f"{path} must end in {', '.join(READERS)}")
    try:
        yield f"{reader}({literal(str(path))})"
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{path} cannot be read: {reason}") from error


def column_kinds(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    """Return the type of each column of a relation.

    Raises:
        TableError: If there are too many.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    if len(described) > MOST_COLUMNS:
        raise TableError(f"{len(described):,} columns are more than the {MOST_COLUMNS:,} it reads")
    return {str(name): str(kind).upper() for name, kind, *_ in described}


def profile_table(table: Table) -> tuple[dict[str, ColumnProfile], dict[str, str]]:
    """Return the profile of each column, and why some have none."""
    columns: dict[str, ColumnProfile] = {}
    skipped = dict(table.skipped)
    for name, values in table.numbers.items():
        profile = profile_numbers(values)
        if profile is None:
            skipped[name] = "no value is a finite number"
        else:
            columns[name] = profile
    for name, counts in table.categories.items():
        if counts.n:
            columns[name] = counts
        else:
            skipped[name] = "all values are missing"
    return columns, skipped


def reference_of(table: Table, source: str) -> Reference:
    """Return the reference that a table is."""
    columns, skipped = profile_table(table)
    return Reference(table.rows, columns, skipped, source=source)


def _columns(connection: duckdb.DuckDBPyConnection) -> Table:
    kinds = column_kinds(connection, "given")
    (rows,) = connection.execute("SELECT count(*) FROM given").fetchone() or (0,)
    numeric = [name for name, kind in kinds.items() if kind.startswith(NUMERIC)]
    numbers = _numbers_of(connection, numeric)
    categories: dict[str, CategoryProfile] = {}
    skipped: dict[str, str] = {}
    for name, kind in kinds.items():
        if name in numbers:
            continue
        if any(word in kind for word in _NESTED) or kind.endswith("[]"):
            skipped[name] = "lists and mappings are not compared"
        elif any(word in kind for word in _TIMES):
            skipped[name] = "times are not compared"
        elif _is_free_text(connection, name):
            (lengths,) = _numbers_of(connection, [name], "length").values()
            numbers[f"{name}{LENGTH}"] = lengths
        else:
            categories[name] = _categories_of(connection, name, rows)
    return Table(rows, numbers, categories, skipped)


def _numbers_of(
    connection: duckdb.DuckDBPyConnection, names: list[str], function: str = ""
) -> dict[str, Floats]:
    if not names:
        return {}
    asked = ", ".join(
        f"CAST({function}({identifier(name)}) AS DOUBLE) AS c{place}"
        for place, name in enumerate(names)
    )
    arrays = connection.execute(f"SELECT {asked} FROM given").fetchnumpy()  # noqa: S608
    return {
        name: np.ma.filled(np.ma.asarray(arrays[f"c{place}"], dtype=float), np.nan)
        for place, name in enumerate(names)
    }


def _is_free_text(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    column = identifier(name)
    row = connection.execute(
        f"SELECT approx_count_distinct({column}), count({column}) FROM given"  # noqa: S608
    ).fetchone()
    distinct, values = row or (0, 0)
    return bool(distinct > _FREE_TEXT_VALUES and distinct > _FREE_TEXT_SHARE * values)


def _categories_of(connection: duckdb.DuckDBPyConnection, name: str, rows: int) -> CategoryProfile:
    column = identifier(name)
    counted = connection.execute(
        f"""SELECT CAST({column} AS VARCHAR) AS value, count(*) FROM given
            WHERE {column} IS NOT NULL GROUP BY value"""  # noqa: S608
    ).fetchall()
    counts: dict[str, int] = dict(counted)
    return profile_categories(counts, rows - sum(counts.values()))

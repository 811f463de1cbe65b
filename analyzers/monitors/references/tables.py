"""Table files as columns: CSV, Parquet and NDJSON, read by DuckDB."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from analyzers.monitors.drift.comparing import Counts
from analyzers.monitors.drift.domain_classifier import Rows
from analyzers.monitors.references.columns import count_numbers, profile_categories, profile_numbers
from analyzers.monitors.references.components import fit_components
from analyzers.monitors.references.profiles import CategoryProfile, ColumnProfile, NumberProfile
from analyzers.monitors.references.reference import Reference, SegmentProfile
from analyzers.monitors.references.vectors import VECTORS, mean_direction
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

MOST_SEGMENTS = 20
"""Values of a segment that are looked at by themselves, the most frequent."""

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
        vectors: Columns of lists of numbers, all equally long, shape (n, width); what is missing
            is NaN.
    """

    rows: int
    numbers: Mapping[str, Floats] = field(default_factory=dict)
    categories: Mapping[str, CategoryProfile] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, Floats] = field(default_factory=dict)


def read_table(path: Path) -> Table:
    """Read a file.

    Raises:
        TableError: If it cannot be read, or is of another kind.
    """
    with readable(path) as source, duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TEMP TABLE given AS SELECT * FROM {source}")  # noqa: S608
        return _columns(connection)


def read_segments(path: Path, column: str) -> dict[str, Table]:
    """Read the parts of a file that have each of the most frequent values of a column.

    Args:
        path: The file.
        column: The column; rows without a value of it are in no part.

    Raises:
        TableError: If it cannot be read, or has no such column.
    """
    parts: dict[str, Table] = {}
    with readable(path) as source, duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TEMP TABLE rows AS SELECT * FROM {source}")  # noqa: S608
        if column not in column_kinds(connection, "rows"):
            raise TableError(f"{path} has no column {column!r} to group by")
        text = f"CAST({identifier(column)} AS VARCHAR)"
        frequent = connection.execute(
            f"""SELECT {text} AS value, count(*) AS n FROM rows WHERE {text} IS NOT NULL
                GROUP BY value ORDER BY n DESC, value LIMIT {MOST_SEGMENTS}"""  # noqa: S608
        ).fetchall()
        for value, _ in frequent:
            connection.execute(
                f"""CREATE OR REPLACE TEMP TABLE given AS
                    SELECT * EXCLUDE ({identifier(column)}) FROM rows WHERE {text} = ?""",  # noqa: S608
                [value],
            )
            parts[value] = _columns(connection)
    return parts


def read_rows(path: Path, most: int, seed: int = 0) -> Rows:
    """Return some rows of a file, drawn with a seed: numbers and texts, nothing else.

    Args:
        path: The file.
        most: Rows at most.
        seed: Seed of the draw.

    Raises:
        TableError: If it cannot be read.
    """
    with readable(path) as source, duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
        connection.execute(
            f"""CREATE TEMP TABLE given AS SELECT * FROM {source}
                USING SAMPLE reservoir({most:d} ROWS) REPEATABLE ({seed:d})"""  # noqa: S608
        )
        kinds = column_kinds(connection, "given")
        numeric = [name for name, kind in kinds.items() if is_numeric(kind)]
        texts = [name for name, kind in kinds.items() if kind in ("VARCHAR", "BOOLEAN")]
        categories: dict[str, NDArray[Any]] = {}
        for name in texts:
            column = f"CAST({identifier(name)} AS VARCHAR)"
            held = connection.execute(f"SELECT {column} FROM given").fetchall()  # noqa: S608
            categories[name] = np.array([value for (value,) in held], dtype=object)
        return Rows(_numbers_of(connection, numeric), categories)


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


def is_numeric(kind: str) -> bool:
    """Return whether a type of DuckDB is one of numbers, not of lists of them."""
    return kind.startswith(NUMERIC) and not kind.endswith("]")


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


def count_table(table: Table, columns: Mapping[str, ColumnProfile]) -> dict[str, Counts]:
    """Return the counts of columns over the edges, or of the categories, of a reference.

    Args:
        table: The table.
        columns: Profiles of the reference; columns that the table has not are left out.
    """
    found: dict[str, Counts] = {}
    for name, profile in columns.items():
        if name in table.numbers:
            edges = profile.edges if isinstance(profile, NumberProfile) else (0.0, 1.0)
            found[name] = count_numbers(table.numbers[name], edges)
        elif name in table.categories:
            found[name] = counts = table.categories[name]
            if isinstance(profile, NumberProfile) and not counts.n:
                # without any value it is of no kind: it is that of the reference, all missing
                found[name] = count_numbers(np.full(counts.missing, np.nan), profile.edges)
    return found


def with_vectors(table: Table, directions: Mapping[str, Sequence[float]]) -> Table:
    """Return a table whose vectors are summed up as numeric columns beside the others.

    Args:
        table: The table.
        directions: Mean of each column of vectors in the reference; one that is not there, or of
            another length, is left out.
    """
    numbers = dict(table.numbers)
    skipped = dict(table.skipped)
    for name, held in table.vectors.items():
        mean = directions.get(name)
        if mean is None or len(mean) != held.shape[1]:
            skipped[name] = f"vectors of {held.shape[1]} numbers: the reference has none such"
        else:
            numbers |= {f"{name}{end}": made(held, mean) for end, made in VECTORS.items()}
    return replace(table, numbers=numbers, skipped=skipped)


def reference_of(table: Table, source: str) -> Reference:
    """Return the reference that a table is."""
    directions = {name: mean_direction(held) for name, held in table.vectors.items()}
    columns, skipped = profile_table(with_vectors(table, directions))
    components = fit_components(table.numbers) if len(table.numbers) > 2 else None
    return Reference(
        table.rows, columns, skipped, source=source, components=components, directions=directions
    )


def reference_with_segments(path: Path, segment: str) -> Reference:
    """Return the reference that a file is, and that of each part of it.

    Args:
        path: The file.
        segment: Column whose values make the parts.

    Raises:
        TableError: If it cannot be read, or has no such column.
    """
    parts = {
        value: SegmentProfile(part.rows, profile_table(part)[0])
        for value, part in read_segments(path, segment).items()
    }
    whole = reference_of(read_table(path), path.name)
    return replace(whole, segment=segment, segments=parts)


def _columns(connection: duckdb.DuckDBPyConnection) -> Table:
    kinds = column_kinds(connection, "given")
    (rows,) = connection.execute("SELECT count(*) FROM given").fetchone() or (0,)
    numeric = [name for name, kind in kinds.items() if is_numeric(kind)]
    numbers = _numbers_of(connection, numeric)
    categories: dict[str, CategoryProfile] = {}
    vectors: dict[str, Floats] = {}
    skipped: dict[str, str] = {}
    for name, kind in kinds.items():
        if name in numbers:
            continue
        if kind.endswith("]") and is_numeric(kind.rpartition("[")[0]):
            held = _vectors_of(connection, name)
            if held is None:
                skipped[name] = "its lists are not equally long"
            else:
                vectors[name] = held
        elif any(word in kind for word in _NESTED) or kind.endswith("[]"):
            skipped[name] = "lists and mappings are not compared"
        elif any(word in kind for word in _TIMES):
            skipped[name] = "times are not compared"
        elif _is_free_text(connection, name):
            (lengths,) = _numbers_of(connection, [name], "length").values()
            numbers[f"{name}{LENGTH}"] = lengths
        else:
            categories[name] = _categories_of(connection, name, rows)
    return Table(rows, numbers, categories, skipped, vectors)


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


def _vectors_of(connection: duckdb.DuckDBPyConnection, name: str) -> Floats | None:
    """Return a column of lists as a matrix; None where they are not equally long."""
    column = identifier(name)
    found = connection.execute(
        f"SELECT min(len({column})), max(len({column})), count({column}) FROM given"  # noqa: S608
    ).fetchone()
    shortest, longest, n = found or (0, 0, 0)
    if not n or shortest != longest or not longest:
        return None
    rows = connection.execute(f"SELECT {column} FROM given").fetchall()  # noqa: S608
    empty = [None] * longest
    return np.array([value or empty for (value,) in rows], dtype=float)


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

"""Quality of a table file, counted by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import duckdb

from analyzers.monitors.drift.comparing import Counts
from analyzers.monitors.quality.sources import Violations
from analyzers.monitors.references.profiles import ColumnProfile
from analyzers.monitors.references.tables import (
    Table,
    column_kinds,
    count_table,
    is_numeric,
    read_table,
    readable,
)
from analyzers.stores.staging import identifier

EXAMPLES = 5


class TableQuality:
    """A table file.

    Args:
        path: CSV, Parquet or NDJSON.

    Raises:
        TableError: If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._table: Table | None = None
        self._connection = duckdb.connect(":memory:")
        with readable(path) as source:
            self._connection.execute("SET TimeZone = 'UTC'")
            self._connection.execute(f"CREATE TEMP TABLE given AS SELECT * FROM {source}")  # noqa: S608
            kinds = column_kinds(self._connection, "given")
        self.kinds: Mapping[str, str] = {name: _kind(kind) for name, kind in kinds.items()}
        self._types = kinds
        self.name = path.name
        self.rows = self._one("SELECT count(*) FROM given")[0]

    def __enter__(self) -> TableQuality:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def missing(self, column: str) -> int:
        """Return the number of rows without a value; NaN is none."""
        if column not in self.kinds:
            return self.rows
        return self.rows - self._n(column)

    def not_numbers(self, column: str) -> Violations:
        """Return the values that are no finite number."""
        if column not in self.kinds:
            return Violations(0, 0)
        number = f"TRY_CAST({identifier(column)} AS DOUBLE)"
        return self._broken(column, f"{number} IS NULL OR NOT isfinite({number})")

    def outside(self, column: str, minimum: float | None, maximum: float | None) -> Violations:
        """Return the numbers beyond two bounds."""
        if column not in self.kinds:
            return Violations(0, 0)
        number = f"TRY_CAST({identifier(column)} AS DOUBLE)"
        parts = [] if minimum is None else [f"{number} < {minimum!r}"]
        parts += [] if maximum is None else [f"{number} > {maximum!r}"]
        return self._broken(column, " OR ".join(parts))

    def other_than(self, column: str, values: Sequence[str]) -> Violations:
        """Return the values that are none of these."""
        if column not in self.kinds:
            return Violations(0, 0)
        text = f"CAST({identifier(column)} AS VARCHAR)"
        marks = ", ".join("?" for _ in values)
        return self._broken(column, f"{text} NOT IN ({marks})", list(values))

    def not_matching(self, column: str, pattern: str) -> Violations:
        """Return the values that a regular expression does not match."""
        if column not in self.kinds:
            return Violations(0, 0)
        text = f"CAST({identifier(column)} AS VARCHAR)"
        return self._broken(column, f"NOT regexp_full_match({text}, ?)", [pattern])

    def repeated(self, column: str) -> Violations:
        """Return the values that were there before."""
        if column not in self.kinds:
            return Violations(0, 0)
        quoted = identifier(column)
        n, distinct = self._one(f"SELECT count({quoted}), count(DISTINCT {quoted}) FROM given")  # noqa: S608
        found = self._connection.execute(
            f"""SELECT CAST({quoted} AS VARCHAR) FROM given WHERE {quoted} IS NOT NULL
                GROUP BY {quoted} HAVING count(*) > 1
                ORDER BY count(*) DESC, 1 LIMIT {EXAMPLES}"""  # noqa: S608
        ).fetchall()
        return Violations(n, n - distinct, tuple(value for (value,) in found))

    def not_comparing(self, column: str, operator: str, other: str) -> Violations:
        """Return the rows where two values do not compare so."""
        if column not in self.kinds or other not in self.kinds:
            return Violations(0, 0)
        a, b = identifier(column), identifier(other)
        if {self.kinds[column], self.kinds[other]} != {"number"} and (
            self._types[column] != self._types[other]
        ):
            a, b = f"CAST({a} AS VARCHAR)", f"CAST({b} AS VARCHAR)"
        n, right = self._one(
            f"""SELECT count(*), count(*) FILTER ({a} {_SQL[operator]} {b}) FROM given
                WHERE {a} IS NOT NULL AND {b} IS NOT NULL"""  # noqa: S608
        )
        return Violations(n, n - right)

    def duplicates(self) -> int:
        """Return the rows that are equal to one before."""
        (distinct,) = self._one("SELECT count(*) FROM (SELECT DISTINCT * FROM given)")
        return self.rows - distinct

    def counts(self, columns: Mapping[str, ColumnProfile]) -> dict[str, Counts]:
        """Return the counts of columns over the edges, or of the categories, of a reference."""
        return count_table(self._read(), columns)

    def _read(self) -> Table:
        if self._table is None:
            self._table = read_table(self._path)
        return self._table

    def _n(self, column: str) -> int:
        quoted = identifier(column)
        given = f"{quoted} IS NOT NULL"
        if self.kinds[column] == "number":
            given += f" AND NOT isnan(CAST({quoted} AS DOUBLE))"
        return self._one(f"SELECT count(*) FROM given WHERE {given}")[0]  # noqa: S608

    def _broken(self, column: str, condition: str, parameters: Sequence[str] = ()) -> Violations:
        quoted = identifier(column)
        found = self._connection.execute(
            f"""SELECT CAST({quoted} AS VARCHAR) AS value, count(*) AS n FROM given
                WHERE {quoted} IS NOT NULL AND ({condition}) GROUP BY value
                ORDER BY n DESC, value""",  # noqa: S608
            list(parameters),
        ).fetchall()
        examples = tuple(value for value, _ in found[:EXAMPLES])
        n = self._one(f"SELECT count({quoted}) FROM given")[0]  # noqa: S608
        return Violations(n, sum(count for _, count in found), examples)

    def _one(self, asked: str) -> tuple[int, ...]:
        return tuple(int(value or 0) for value in self._connection.execute(asked).fetchone() or ())


_SQL = {"==": "=", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


def _kind(type_name: str) -> str:
    if is_numeric(type_name):
        return "number"
    return "category" if type_name in ("VARCHAR", "BOOLEAN") else "other"

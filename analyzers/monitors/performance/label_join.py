"""Join predictions to what became true: out of order, repeated, corrected, contradictory, late.

DuckDB does the join, in memory. Of several labels of one prediction the latest counts; of several
different ones of the same time none does. The answer depends on the records alone, never on the
order in which they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from analyzers.monitors.performance.outcomes import Floats, Grouping, JoinNotes, Outcomes, Places
from analyzers.stores.staging import identifier

GROUPINGS = ("version", "dataset", "segment")
"""Columns of predictions that put rows into groups."""

PREDICTION_COLUMNS: Mapping[str, str] = {
    "id": "VARCHAR",
    "time": "DOUBLE",
    "label": "VARCHAR",
    "score": "DOUBLE",
    "value": "DOUBLE",
    "duration": "DOUBLE",
    "failed": "BOOLEAN",
    **dict.fromkeys(GROUPINGS, "VARCHAR"),
}
"""What is known of a prediction, and its type. Times are seconds since the epoch."""

FEEDBACK_COLUMNS: Mapping[str, str] = {
    "id": "VARCHAR",
    "time": "DOUBLE",
    "label": "VARCHAR",
    "value": "DOUBLE",
    "rating": "DOUBLE",
}
"""What is known of a label, and its type."""

_FEATURE = "feature "
_PROBABILITY = "probability "


class LabelJoin:
    """Predictions and labels, until they are joined.

    Args:
        connection: Where they are kept; its time zone should be UTC.
        features: Numeric inputs to keep beside each prediction.
        classes: Classes whose probabilities are kept beside each prediction.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        features: Sequence[str] = (),
        classes: Sequence[str] = (),
    ) -> None:
        self.connection = connection
        self._features = tuple(features)
        self._classes = tuple(classes)
        extra = [f"{_FEATURE}{name}" for name in self._features]
        extra += [f"{_PROBABILITY}{name}" for name in self._classes]
        self._columns = {
            "predictions": {**PREDICTION_COLUMNS, **dict.fromkeys(extra, "DOUBLE")},
            "feedback": dict(FEEDBACK_COLUMNS),
        }
        for table, columns in self._columns.items():
            described = ", ".join(f"{identifier(name)} {kind}" for name, kind in columns.items())
            self.connection.execute(f"CREATE TABLE {table} ({described})")

    def add_rows(self, table: str, columns: Mapping[str, NDArray[Any]]) -> None:
        """Add rows.

        Args:
            table: ``predictions`` or ``feedback``.
            columns: Arrays of equal length by column; what is not there is missing.
        """
        self.connection.register("rows to add", dict(columns))
        self.add_from(table, '"rows to add"', {name: identifier(name) for name in columns})
        self.connection.unregister("rows to add")

    def add_from(self, table: str, source: str, expressions: Mapping[str, str]) -> None:
        """Add rows of a relation.

        Args:
            table: ``predictions`` or ``feedback``.
            source: The relation, as SQL that was made here.
            expressions: SQL by column; what is not there is missing.
        """
        wanted = self._columns[table]
        selected = ", ".join(
            f"CAST({expressions.get(name, 'NULL')} AS {kind})" for name, kind in wanted.items()
        )
        self.connection.execute(f"INSERT INTO {table} SELECT {selected} FROM {source}")  # noqa: S608

    def outcomes(self) -> Outcomes:
        """Return each prediction with its label, in order of time."""
        duplicates = self._drop_duplicates()
        known = self._keep_truth()
        self._number("label", "SELECT label FROM predictions UNION SELECT label FROM truth")
        for name in GROUPINGS:
            self._number(name, f"SELECT DISTINCT {name} AS label FROM predictions")  # noqa: S608
        columns = self._joined()
        classes = self._names_of("label")
        matched = int(np.isfinite(columns["number"]).sum())
        (without_id,) = self._one("SELECT count(*) FROM predictions WHERE id IS NULL")
        return Outcomes(
            time=columns["time"],
            classes=classes,
            predicted=_places(columns["label"]),
            actual=_places(columns["actual"]),
            score=columns["score"],
            value=columns["value"],
            actual_value=columns["actual_value"],
            lag=columns["lag"],
            rating=columns["rating"],
            duration=columns["duration"],
            failed=columns["failed"] > 0,
            probabilities=self._probabilities(columns, classes),
            features={name: columns[f"{_FEATURE}{name}"] for name in self._features},
            groupings={
                name: Grouping(self._names_of(name), _places(columns[name])) for name in GROUPINGS
            },
            notes=JoinNotes(
                duplicates=duplicates,
                without_id=without_id,
                repeated=known["labels"] - known["ids"],
                corrected=known["corrected"],
                contradictory=known["contradictory"],
                unmatched=known["truths"] - matched,
            ),
        )

    def _one(self, asked: str) -> tuple[int, ...]:
        found = self.connection.execute(asked).fetchone() or ()
        return tuple(int(value or 0) for value in found)

    def _drop_duplicates(self) -> int:
        """Keep one prediction of each id, and return how many went."""
        given, distinct = self._one("SELECT count(id), count(DISTINCT id) FROM predictions")
        if given > distinct:
            order = ", ".join(identifier(name) for name in self._columns["predictions"])
            self.connection.execute(
                f"""CREATE OR REPLACE TABLE predictions AS SELECT * FROM predictions
                    QUALIFY id IS NULL OR row_number() OVER (PARTITION BY id ORDER BY {order}) = 1
                """  # noqa: S608
            )
        return given - distinct

    def _keep_truth(self) -> dict[str, int]:
        """Make the table of the one label of each prediction; return what else there was."""
        by_time = """
            SELECT id, coalesce(time, CAST('-infinity' AS DOUBLE)) AS moment,
                   min(label) AS label, max(label) AS other_label,
                   min(value) AS value, max(value) AS other_value, max(rating) AS rating,
                   count(*) FILTER (label IS NOT NULL OR value IS NOT NULL) AS labels
            FROM feedback WHERE id IS NOT NULL AND (value IS NULL OR isfinite(value))
            GROUP BY id, moment
        """
        self.connection.execute(
            f"""CREATE TABLE truth AS SELECT
                    row_number() OVER () AS number, id,
                    min(moment) FILTER (labels > 0) AS first,
                    arg_max(label, moment) AS label,
                    arg_max(other_label, moment) AS other_label,
                    arg_max(value, moment) AS value,
                    arg_max(other_value, moment) AS other_value,
                    arg_max(rating, moment) AS rating,
                    min(label) IS DISTINCT FROM max(other_label)
                        OR min(value) IS DISTINCT FROM max(other_value) AS is_changed,
                    sum(labels) AS labels
                FROM ({by_time}) GROUP BY id"""  # noqa: S608
        )
        contradictory = "label IS DISTINCT FROM other_label OR value IS DISTINCT FROM other_value"
        names = ("truths", "ids", "labels", "corrected", "contradictory")
        counted = self._one(
            f"""SELECT count(*), count(*) FILTER (labels > 0), sum(labels),
                       count(*) FILTER (is_changed AND NOT ({contradictory})),
                       count(*) FILTER ({contradictory}) FROM truth"""  # noqa: S608
        )
        self.connection.execute(
            f"UPDATE truth SET label = NULL, value = NULL, first = NULL WHERE {contradictory}"  # noqa: S608
        )
        return dict(zip(names, counted, strict=True))

    def _number(self, name: str, asked: str) -> None:
        """Make a table of the values of a column and their places in order."""
        self.connection.execute(
            f"""CREATE TABLE {identifier(f"places of {name}")} AS
                SELECT label AS name, row_number() OVER (ORDER BY label) - 1 AS place
                FROM ({asked}) WHERE label IS NOT NULL"""  # noqa: S608
        )

    def _names_of(self, name: str) -> tuple[str, ...]:
        table = identifier(f"places of {name}")
        found = self.connection.execute(f"SELECT name FROM {table} ORDER BY place").fetchall()  # noqa: S608
        return tuple(value for (value,) in found)

    def _joined(self) -> dict[str, Floats]:
        """Return the columns as numbers; NaN is missing."""
        places = ["label", *GROUPINGS]
        kept = [name for name in self._columns["predictions"] if name not in ("id", *places)]
        selected = [f"p.{identifier(name)}" for name in kept]
        selected += [f'"of {name}".place AS {name}' for name in places]
        selected += [
            "t.number AS number", "t.value AS actual_value", "t.rating AS rating",
            "CASE WHEN isfinite(t.first) THEN t.first - p.time END AS lag",
            '"of actual".place AS actual',
        ]  # fmt: skip
        joins = [
            f'LEFT JOIN {identifier(f"places of {name}")} AS "of {name}" '
            f'ON "of {name}".name = p.{name}'
            for name in places
        ]
        arrays = self.connection.execute(
            f"""SELECT {", ".join(selected)} FROM predictions AS p
                LEFT JOIN truth AS t ON t.id = p.id {" ".join(joins)}
                LEFT JOIN "places of label" AS "of actual" ON "of actual".name = t.label
                ORDER BY p.time NULLS FIRST, hash(p.id)"""  # noqa: S608
        ).fetchnumpy()
        return {
            name: np.ma.filled(np.ma.asarray(held, dtype=float), np.nan)
            for name, held in arrays.items()
        }

    def _probabilities(
        self, columns: Mapping[str, Floats], classes: Sequence[str]
    ) -> Floats | None:
        if not self._classes or not set(classes) <= set(self._classes):
            return None
        return np.column_stack([columns[f"{_PROBABILITY}{name}"] for name in classes])


def _places(numbers: Floats) -> Places:
    return np.where(np.isfinite(numbers), numbers, -1).astype(np.int64)

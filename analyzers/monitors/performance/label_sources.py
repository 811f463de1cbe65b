"""Where predictions and labels come from: the records of a store, or table files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from analyzers.monitors.performance.label_join import LabelJoin
from analyzers.monitors.performance.loss_models import PREDICTION
from analyzers.monitors.performance.outcome_profiles import OutcomeProfile
from analyzers.monitors.performance.outcomes import Outcomes
from analyzers.monitors.references.records import NUMBERS, SEGMENTS
from analyzers.monitors.references.tables import TableError, column_kinds, is_numeric, readable
from analyzers.stores.base import Row, Store, Where, Window
from analyzers.stores.counting import count_requests
from analyzers.stores.staging import identifier

DATASET = "ml.dataset"

_PREDICTION_FIELDS = {
    "id": "ml.prediction.id",
    "time": "@timestamp",
    "label": "ml.prediction.label",
    "score": "ml.prediction.score",
    "value": "ml.prediction.value",
    "duration": "event.duration",
    "failed": "event.outcome",
    "version": "ml.model.version",
    "dataset": DATASET,
}
_FEEDBACK_FIELDS = {
    "id": "ml.prediction.id",
    "time": "@timestamp",
    "label": "ml.actual.label",
    "value": "ml.actual.value",
    "rating": "ml.feedback.rating",
}
_TEXTS = ("id", "label", "version", "dataset", "segment")

COLUMNS: Mapping[str, Sequence[str]] = {
    "id": ("ml.prediction.id", "prediction_id", "id"),
    "time": ("@timestamp", "timestamp", "time"),
    "prediction": (
        "ml.prediction.label", "ml.prediction.value", "prediction", "predicted", "y_pred",
        "predicted_label", "predicted_value", "label", "value",
    ),
    "score": ("ml.prediction.score", "score", "probability", "y_pred_proba"),
    "version": ("ml.model.version", "model_version", "version"),
    "dataset": ("ml.dataset", "dataset"),
    "actual": (
        "ml.actual.label", "ml.actual.value", "actual", "y_true", "target", "ground_truth",
        "actual_label", "actual_value", "label", "value",
    ),
    "rating": ("ml.feedback.rating", "rating"),
}  # fmt: skip
"""What a table file may call its columns; ``--map`` names others."""

_OF_PREDICTIONS = ("id", "time", "prediction", "score", "version", "dataset")
_OF_FEEDBACK = ("id", "time", "actual", "rating")

PROBABILITIES = ("probability_", "ml.prediction.probabilities.")
"""How columns begin that hold the probability of one class."""

_PARSED = {
    "time": "epoch(TRY_CAST({column} AS TIMESTAMPTZ))",
    "score": "TRY_CAST({column} AS DOUBLE)",
    "rating": "TRY_CAST({column} AS DOUBLE)",
}
"""How texts are read that should be times or numbers; what is none is missing."""

_ROW = "place of the row"

MOST_CLASSES = 20
"""Distinct whole numbers up to which a numeric column is one of classes."""


def outcomes_of_store(
    store: Store,
    window: Window,
    where: Where = (),
    segment: str | None = None,
    features: Sequence[str] = (),
) -> Outcomes:
    """Return a window's predictions, each with its label, however late that came.

    Args:
        store: Where the records are.
        window: Time of the predictions; their labels may be of any later time.
        where: Conditions on the predictions, such as on the model.
        segment: Name of a segment to group them by.
        features: Numeric inputs to keep.

    Raises:
        StoreError: If the store cannot be read.
    """
    fields = dict(_PREDICTION_FIELDS)
    if segment is not None:
        fields["segment"] = f"{SEGMENTS}.{segment}"
    fields |= {f"feature {name}": f"{NUMBERS}.{name.replace('.', '_')}" for name in features}
    with duckdb.connect(":memory:") as connection:
        join = LabelJoin(connection, features)
        for rows in store.scan("prediction", list(fields.values()), window, where):
            join.add_rows("predictions", _arrays(list(fields), rows))
        # a label cannot come before the moment of its prediction, but for clocks that differ
        later = Window(window.since, None)
        for rows in store.scan("feedback", list(_FEEDBACK_FIELDS.values()), later):
            join.add_rows("feedback", _arrays(list(_FEEDBACK_FIELDS), rows))
        found = join.outcomes()
    if window.since is None and window.until is None and not where:
        return found
    # the others are labels of predictions that were not asked for
    return replace(found, notes=replace(found.notes, unmatched=0))


def inputs_to_keep(
    store: Store, window: Window, where: Where, profile: OutcomeProfile | None
) -> tuple[str, ...]:
    """Return the numeric inputs that the errors of a regression are estimated from.

    Args:
        store: Where the records are.
        window: Time of the predictions.
        where: Conditions on the predictions.
        profile: What is known of a reference's outcomes, or None.

    Raises:
        StoreError: If the store cannot be read.
    """
    if profile is None:
        values = store.missing_counts("prediction", [_PREDICTION_FIELDS["label"]], window, where)
        if values[_PREDICTION_FIELDS["label"]] < count_requests(store, window, where):
            return ()  # classes: their scores are enough
        return tuple(store.names("prediction", NUMBERS, window, where))
    model = profile.loss_models.get("absolute")
    return () if model is None else tuple(one for one in model.inputs if one != PREDICTION)


def _arrays(names: Sequence[str], rows: Sequence[Row]) -> dict[str, NDArray[Any]]:
    """Return the columns of some rows."""
    held: dict[str, NDArray[Any]] = {}
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        if name in _TEXTS:
            held[name] = np.array(column, dtype=object)
        elif name == "failed":
            held[name] = np.array([value == "failure" for value in column])
        elif name == "time":
            held[name] = np.array([_seconds(value) for value in column])
        else:
            numbers = np.array([np.nan if value is None else float(value) for value in column])
            held[name] = numbers / 1e9 if name == "duration" else numbers
    return held


def _seconds(moment: datetime | None) -> float:
    return float("nan") if moment is None else moment.timestamp()


def outcomes_of_files(
    predictions: Path,
    feedback: Path | None,
    columns: Mapping[str, str] | None = None,
    segment: str | None = None,
    features: Sequence[str] | None = (),
) -> Outcomes:
    """Return the predictions of a table file, each with its label.

    Args:
        predictions: CSV, Parquet or NDJSON, one prediction a row.
        feedback: The labels; None where the predictions have theirs beside them.
        columns: What the files call their columns, by the names of ``COLUMNS``.
        segment: Column to group the predictions by.
        features: Numeric columns to keep as inputs; None for all that are nothing else.

    Raises:
        TableError: If a file cannot be read, or lacks a column that is needed.
    """
    given = dict(columns or {})
    unknown = sorted(set(given) - set(COLUMNS))
    if unknown:
        raise TableError(f"{unknown[0]!r} is nothing to map: {', '.join(COLUMNS)}")
    with duckdb.connect(":memory:") as connection, readable(predictions) as source:
        connection.execute("SET TimeZone = 'UTC'")
        said = _File(connection, source, predictions, _OF_PREDICTIONS, given)
        if "prediction" not in said.used and "score" not in said.used:
            raise TableError(
                f"{predictions} has no column of predictions: name it with --map prediction=COLUMN"
            )
        if segment is not None and segment not in said.kinds:
            raise TableError(f"{predictions} has no column {segment!r} to group by")
        if feedback is None:
            # a row is its own id
            source = f'(SELECT *, row_number() OVER () AS "{_ROW}" FROM {source})'  # noqa: S608
            given |= {"id": _ROW}
            said = _File(connection, source, predictions, _OF_PREDICTIONS, given)
            true = _File(connection, source, predictions, ("id", *_OF_FEEDBACK[2:]), given)
            return _joined(connection, said, true, segment, features)
        said.need("id")
        with readable(feedback) as other:
            true = _File(connection, other, feedback, _OF_FEEDBACK, given)
            return _joined(connection, said, true, segment, features)


class _File:
    """A table file, and which of its columns are what."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: str,
        path: Path,
        names: Sequence[str],
        given: Mapping[str, str],
    ) -> None:
        self.connection = connection
        self.source = source
        self.path = path
        self.kinds = column_kinds(connection, source)
        self.used = _used(self.kinds, names, given)

    def need(self, name: str) -> None:
        """Raise if the file lacks a column."""
        if name not in self.used:
            meant = {
                "id": "with the ids that join predictions to labels",
                "actual": "with what became true (or give --feedback FILE)",
            }[name]
            raise TableError(f"{self.path} has no column {meant}: name it with --map {name}=COLUMN")

    def is_numeric(self, name: str) -> bool:
        """Return whether a column holds numbers."""
        return name in self.used and is_numeric(self.kinds[self.used[name]])

    def is_continuous(self, name: str) -> bool:
        """Return whether a column holds too many different numbers to be classes."""
        if not self.is_numeric(name):
            return False
        column = identifier(self.used[name])
        counted = self.connection.execute(
            f"""SELECT count(DISTINCT {column}), bool_and({column} = floor({column}))
                FROM {self.source} WHERE isfinite(CAST({column} AS DOUBLE))"""  # noqa: S608
        ).fetchone()
        distinct, is_whole = counted or (0, True)
        return bool(distinct > MOST_CLASSES or not is_whole) and distinct > 0

    def expressions(self, is_regression: bool) -> dict[str, str]:
        """Return the SQL of each column of the join."""
        made: dict[str, str] = {}
        for name, column in self.used.items():
            quoted = identifier(column)
            if name in ("prediction", "actual"):
                if is_regression:
                    made["value"] = quoted
                elif self.is_numeric(name):
                    made["label"] = f"CAST(TRY_CAST({quoted} AS BIGINT) AS VARCHAR)"
                else:
                    made["label"] = f"CAST({quoted} AS VARCHAR)"
            elif name in _PARSED and not self.is_numeric(name):
                made[name] = _PARSED[name].format(column=quoted)
            else:
                made[name] = quoted
        return made

    def unreadable(self) -> int:
        """Return how many values are no numbers or times where they should be."""
        found = 0
        for name, column in self.used.items():
            if name in _PARSED and not self.is_numeric(name):
                parsed = _PARSED[name].format(column=identifier(column))
                counted = self.connection.execute(
                    f"SELECT count({identifier(column)}) - count({parsed}) FROM {self.source}"  # noqa: S608
                ).fetchone()
                found += int((counted or (0,))[0])
        return found


def _joined(
    connection: duckdb.DuckDBPyConnection,
    said: _File,
    true: _File,
    segment: str | None,
    features: Sequence[str] | None,
) -> Outcomes:
    if "rating" not in true.used:
        true.need("actual")
    classes = _probability_columns(said.kinds)
    if features is None:
        taken = {*said.used.values(), *classes.values(), segment, _ROW}
        taken |= set(true.used.values()) if true.path == said.path else set()
        numeric = [name for name, kind in said.kinds.items() if is_numeric(kind)]
        features = [name for name in numeric if name not in taken]
    is_regression = said.is_continuous("prediction") or true.is_continuous("actual")
    expressions = said.expressions(is_regression)
    expressions |= {f"feature {name}": identifier(name) for name in features}
    expressions |= {f"probability {name}": identifier(c) for name, c in classes.items()}
    if segment is not None:
        expressions["segment"] = identifier(segment)
    join = LabelJoin(connection, features, list(classes))
    join.add_from("predictions", said.source, expressions)
    join.add_from("feedback", true.source, true.expressions(is_regression))
    found = join.outcomes()
    return replace(
        found, notes=replace(found.notes, unreadable=said.unreadable() + true.unreadable())
    )


def _probability_columns(kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the columns with the probability of a class, by class."""
    return {
        name.removeprefix(head): name
        for head in PROBABILITIES
        for name, kind in kinds.items()
        if name.startswith(head) and is_numeric(kind)
    }


def _used(
    kinds: Mapping[str, str], names: Sequence[str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the column of each thing that a file has; one column is one thing alone."""
    found: dict[str, str] = {}
    for name in names:
        if name in given:
            if given[name] in kinds:
                found[name] = given[name]
            continue
        column = next((one for one in COLUMNS[name] if one in kinds), None)
        if column is not None and column not in found.values():
            found[name] = column
    return found

"""Records refuse what breaks their schema, naming the field."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest

from shipper.outputs import Output
from shipper.records import Feedback, Lifecycle, Prediction
from shipper.schema import schema
from shipper.schema.validation import SchemaError, validate


def prediction(**changes: Any) -> Prediction:
    """Return a prediction with some fields changed."""
    fields = {"model": "m", "version": "1", "id": "p", "request_id": "r", **changes}
    return Prediction(**fields)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (prediction(model=None), "ml.model.name"),
        (prediction(version=b"1"), "ml.model.version"),
        (prediction(output=Output(score=math.nan)), "ml.prediction.score"),
        (prediction(attributions={"a": "high"}), "ml.attributions.a"),
        (prediction(segments=["eu"]), "ml.segment"),
        (prediction(duration=1.5), "event.duration"),
        (prediction(cost=("much", "EUR")), "ml.cost.amount"),
        (Feedback(prediction_id="p"), "says nothing"),
        (Feedback(prediction_id="p", value=math.inf), "ml.actual.value"),
        (Feedback(prediction_id="p", business={"revenue": None}), "ml.business.revenue"),
        (Lifecycle(action="model-exploded", model="m"), "event.action"),
        (Lifecycle(action="model-deployed", model="m", metrics={"auc": "good"}), "ml.metrics.auc"),
        (
            Lifecycle(action="model-retrained", model="m", training={"rows": "many"}),
            "ml.training.rows",
        ),
        (
            Lifecycle(action="model-retrained", model="m", training={"lines": 1}),
            "ml.training.lines",
        ),
        (
            Lifecycle(
                action="model-retrained", model="m", training={"started": datetime(2026, 1, 1)}
            ),
            "has no zone",
        ),
    ],
)
def test_a_record_that_breaks_its_schema_is_refused(record: Any, field: str) -> None:
    """The sentence names the field that is wrong."""
    with pytest.raises((SchemaError, ValueError), match=field.replace(".", r"\.")):
        record.document()


BASE: dict[str, Any] = {
    "@timestamp": "2026-11-21T04:00:00.000Z",
    "event": {"id": "e", "outcome": "success"},
    "data_stream": {"type": "logs", "dataset": "ml.prediction", "namespace": "default"},
    "ml": {"model": {"name": "m", "version": "1"}, "prediction": {"id": "p"}},
}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("ml.prediction.score", "0.5", "ml.prediction.score must be a finite number"),
        ("ml.prediction.score", True, "ml.prediction.score"),
        ("ml.request.row", 1.5, "ml.request.row must be a whole number"),
        ("ml.request.row", 2**63, "ml.request.row"),
        ("ml.features.number.x", "high", "ml.features.number.x must be a finite number"),
        ("ml.features.missing", "x", "ml.features.missing must be a list"),
        ("ml.segment", "eu", "ml.segment must be an object"),
        ("event.outcome", "maybe", "event.outcome must be one of success, failure, unknown"),
        (
            "@timestamp",
            "2026-11-21T04:00:00",
            "@timestamp must be a time in ISO 8601 with its zone",
        ),
        ("event.id", "x" * 513, "event.id has 513 bytes"),
        ("ml.model.name", None, "ml.model.name is missing"),
        ("service.name", 3, "service.name must be text"),
    ],
)
def test_validation_names_the_field(path: str, value: Any, message: str) -> None:
    """A document with one wrong field is refused with a sentence about that field."""
    document = _changed(BASE, path, value)
    with pytest.raises(SchemaError, match=message.replace(".", r"\.")):
        validate(document, schema("prediction"))


def test_unknown_fields_are_let_through() -> None:
    """A field of a newer version or another tool is no error."""
    validate(_changed(BASE, "ml.of_tomorrow", {"a": [1]}), schema("prediction"))


def _changed(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    key, _, rest = path.partition(".")
    inner = _changed(base.get(key) or {}, rest, value) if rest else value
    return {**base, key: inner}

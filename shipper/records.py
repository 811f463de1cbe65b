"""The kinds of record, and how each becomes an ECS document.

A record checks what its caller gave when it is made: a wrong type is refused with the field's
name. What all records share (ids, times, host, service) is added by ``shipper.envelope``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from shipper.features import FeatureFields
from shipper.identifiers import format_datetime
from shipper.outputs import Output
from shipper.schema import cut_keyword
from shipper.schema.validation import SchemaError
from shipper.values import Document, merge, number, numbers, text, whole, words

Outcome = Literal["success", "failure", "unknown"]

LIFECYCLE_ACTIONS = (
    "model-registered",
    "model-deployed",
    "model-promoted",
    "model-rolled-back",
    "model-retrained",
    "config-changed",
    "data-changed",
)


class Record(Protocol):
    """A record of some kind: it names its kind and gives its own part of the document."""

    kind: ClassVar[str]

    def document(self) -> Document:
        """Return the fields of this kind, nested, without those that all records share."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One predicted row.

    Attributes:
        model: Name of the model.
        version: Version of the model.
        id: Id of the prediction, for its later feedback.
        request_id: Id of the call; rows of a batch share it.
        features: The inputs.
        output: What the model answered.
        outcome: Whether it answered at all.
        duration: Time that the call took, in nanoseconds.
        row: Position in the batch, from 0.
        rows: Rows in the batch.
        segments: Groups to compare, by name.
        attributions: Contribution of each input.
        dataset: Data set of the row, where it is not live traffic.
        cost: Amount and ISO 4217 currency.
        error_type: Class of the exception, where the call failed.
        error_fingerprint: Its fingerprint.
    """

    kind: ClassVar[str] = "prediction"

    model: str
    version: str
    id: str
    request_id: str
    features: FeatureFields = field(default_factory=FeatureFields)
    output: Output = field(default_factory=Output)
    outcome: Outcome = "success"
    duration: int | None = None
    row: int = 0
    rows: int = 1
    segments: Mapping[str, Any] | None = None
    attributions: Mapping[str, Any] | None = None
    dataset: str | None = None
    cost: tuple[float, str] | None = None
    error_type: str | None = None
    error_fingerprint: str | None = None

    def document(self) -> Document:
        """Return the record's own fields."""
        event: Document = {"kind": "event", "outcome": self.outcome}
        if self.duration is not None:
            event["duration"] = whole("event.duration", self.duration)
        prediction: Document = {"id": text("ml.prediction.id", self.id)}
        output = self.output
        if output.label is not None:
            prediction["label"] = text("ml.prediction.label", output.label)
        if output.score is not None:
            prediction["score"] = number("ml.prediction.score", output.score)
        if output.value is not None:
            prediction["value"] = number("ml.prediction.value", output.value)
        if output.probabilities is not None:
            prediction["probabilities"] = output.probabilities
        if output.text is not None:
            prediction["text"] = cut_keyword(output.text)
        ml: Document = {
            "model": _model(self.model, self.version),
            "prediction": prediction,
            "request": {
                "id": text("ml.request.id", self.request_id),
                "row": self.row,
                "rows": self.rows,
            },
        }
        features = self.features.document()
        if features:  # Elasticsearch gives empty objects back as nothing
            ml["features"] = features
        if self.features.is_cut:
            ml["cut"] = ["ml.features"]
        if self.segments:
            ml["segment"] = words("ml.segment", self.segments)
        if self.attributions:
            ml["attributions"] = numbers("ml.attributions", self.attributions)
        if self.dataset is not None:
            ml["dataset"] = text("ml.dataset", self.dataset)
        if self.cost is not None:
            ml["cost"] = {
                "amount": number("ml.cost.amount", self.cost[0]),
                "currency": text("ml.cost.currency", self.cost[1]),
            }
        document: Document = {"event": event, "ml": ml}
        if self.error_type is not None:
            document["error"] = {"type": self.error_type, "fingerprint": self.error_fingerprint}
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Ground truth, a rating or a business result for an earlier prediction."""

    kind: ClassVar[str] = "feedback"

    prediction_id: str
    label: str | None = None
    value: float | None = None
    rating: float | None = None
    comment: str | None = None
    business: Mapping[str, Any] | None = None
    model: str | None = None
    version: str | None = None

    def document(self) -> Document:
        """Return the record's own fields."""
        ml: Document = {"prediction": {"id": text("ml.prediction.id", self.prediction_id)}}
        actual: Document = {}
        if self.label is not None:
            actual["label"] = text("ml.actual.label", self.label)
        if self.value is not None:
            actual["value"] = number("ml.actual.value", self.value)
        if actual:
            ml["actual"] = actual
        feedback: Document = {}
        if self.rating is not None:
            feedback["rating"] = number("ml.feedback.rating", self.rating)
        if self.comment is not None:
            feedback["comment"] = text("ml.feedback.comment", self.comment)
        if feedback:
            ml["feedback"] = feedback
        if self.business:
            ml["business"] = numbers("ml.business", self.business)
        if not (actual or feedback or self.business):
            raise SchemaError(
                f"feedback for {self.prediction_id!r} says nothing: "
                "give a label, value, rating, comment or business result"
            )
        if self.model is not None:
            ml["model"] = _model(self.model, self.version)
        return {"event": {"kind": "event"}, "ml": ml}


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """One error: what ``shipper.exceptions`` found out, or a log call at error level."""

    kind: ClassVar[str] = "error"

    error: Document
    message: str
    log: Document | None = None
    model: str | None = None
    version: str | None = None
    prediction_id: str | None = None
    request_id: str | None = None
    segments: Mapping[str, Any] | None = None
    features: FeatureFields | None = None
    handled: bool | None = None
    fields: Document = field(default_factory=dict)

    def document(self) -> Document:
        """Return the record's own fields."""
        error = self.error if self.handled is None else {**self.error, "handled": self.handled}
        document: Document = {
            "event": {"kind": "event", "outcome": "failure"},
            "message": text("message", self.message),
            "error": error,
        }
        if self.log:
            document["log"] = self.log
        ml: Document = {}
        if self.model is not None:
            ml["model"] = _model(self.model, self.version)
        if self.prediction_id is not None:
            ml["prediction"] = {"id": self.prediction_id}
        if self.request_id is not None:
            ml["request"] = {"id": self.request_id}
        if self.segments:
            ml["segment"] = words("ml.segment", self.segments)
        features = {} if self.features is None else self.features.document()
        if features:
            ml["features"] = features
        if ml:
            document["ml"] = ml
        return merge(self.fields, document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One sample of what a host, process, disk, network interface or GPU uses.

    Attributes:
        metricset: What was measured: host, process, filesystem, network, gpu or the shipper itself.
        period: Time since the last sample, in milliseconds.
        values: The measurements, nested as the schema names them.
    """

    kind: ClassVar[str] = "resource"

    metricset: Literal["host", "process", "filesystem", "network", "gpu", "shipper"]
    period: int | None
    values: Document

    def document(self) -> Document:
        """Return the record's own fields."""
        metricset: Document = {"name": self.metricset}
        if self.period is not None:
            metricset["period"] = whole("metricset.period", self.period)
        return {"event": {"kind": "metric"}, "metricset": metricset, **self.values}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """A change to a model, its data or its configuration.

    Attributes:
        action: One of ``LIFECYCLE_ACTIONS``.
        model: Name of the model.
        version: Version after the change.
        previous_version: Version before it.
        stage: Stage after the change, such as ``production``.
        previous_stage: Stage before it.
        hosts: Hosts that it reached.
        user: Who did it.
        reason: Why.
        training: ``dataset``, ``version``, ``rows``, ``started`` and ``ended`` of the training.
        hyperparameters: Settings of the training, by name.
        metrics: Metrics of the model at that time, by name.
        change: ``name``, ``before`` and ``after`` of a setting or data set.
    """

    kind: ClassVar[str] = "lifecycle"

    action: str
    model: str
    version: str | None = None
    previous_version: str | None = None
    stage: str | None = None
    previous_stage: str | None = None
    hosts: Sequence[str] = ()
    user: str | None = None
    reason: str | None = None
    training: Mapping[str, Any] | None = None
    hyperparameters: Mapping[str, Any] | None = None
    metrics: Mapping[str, Any] | None = None
    change: Mapping[str, Any] | None = None

    def document(self) -> Document:
        """Return the record's own fields."""
        if self.action not in LIFECYCLE_ACTIONS:
            raise SchemaError(
                f"event.action must be one of {', '.join(LIFECYCLE_ACTIONS)}, not {self.action!r}"
            )
        lifecycle: Document = {}
        versions = _before_and_after("version", self.previous_version, self.version)
        stages = _before_and_after("stage", self.previous_stage, self.stage)
        if versions:
            lifecycle["version"] = versions
        if stages:
            lifecycle["stage"] = stages
        if self.hosts:
            lifecycle["hosts"] = [text("ml.lifecycle.hosts", host) for host in self.hosts]
        if self.change:
            lifecycle["change"] = words(
                "ml.lifecycle.change", self.change, ("name", "before", "after")
            )
        ml: Document = {"model": _model(self.model, self.version)}
        if lifecycle:
            ml["lifecycle"] = lifecycle
        if self.training:
            ml["training"] = _training(self.training)
        if self.hyperparameters:
            ml["hyperparameters"] = words("ml.hyperparameters", self.hyperparameters)
        if self.metrics:
            ml["metrics"] = numbers("ml.metrics", self.metrics)
        event: Document = {"kind": "event", "action": self.action}
        if self.reason is not None:
            event["reason"] = text("event.reason", self.reason)
        document: Document = {"event": event, "ml": ml}
        if self.user is not None:
            document["user"] = {"name": text("user.name", self.user)}
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLog:
    """Any other log line of the service; ``fields`` is merged into the document."""

    kind: ClassVar[str] = "service"

    message: str
    log: Document
    fields: Document = field(default_factory=dict)

    def document(self) -> Document:
        """Return the record's own fields."""
        return {
            "event": {"kind": "event"},
            "message": cut_keyword(self.message),
            "log": self.log,
            **self.fields,
        }


def _model(name: str, version: str | None) -> Document:
    model: Document = {"name": text("ml.model.name", name)}
    if version is not None:
        model["version"] = text("ml.model.version", version)
    return model


def _before_and_after(name: str, before: str | None, after: str | None) -> Document:
    return {
        when: text(f"ml.lifecycle.{name}.{when}", value)
        for when, value in (("before", before), ("after", after))
        if value is not None
    }


def _training(training: Mapping[str, Any]) -> Document:
    document: Document = {}
    for key, value in training.items():
        name = f"ml.training.{key}"
        match key:
            case "dataset" | "version":
                document[key] = text(name, value)
            case "rows":
                document[key] = whole(name, value)
            case "started" | "ended":
                if not isinstance(value, datetime):
                    raise SchemaError(f"{name} must be a datetime with a zone, not {value!r}")
                document[key] = format_datetime(value)
            case _:
                raise SchemaError(f"{name} is unknown: use dataset, version, rows, started, ended")
    return document

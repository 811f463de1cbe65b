"""Make a record of a row: place its fields, convert their types, redact, validate."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from analyzers.errors.labelling import error_pattern
from analyzers.importing.values import convert, lay, number_or_text, put, read_time
from shipper.features import clean_name, encode_features
from shipper.identifiers import format_datetime, sampling_key
from shipper.outputs import label_text
from shipper.redaction import Redactor
from shipper.schema import (
    ECS_VERSION,
    KINDS,
    SCHEMA_VERSION,
    kind_of_dataset,
    schema,
)
from shipper.schema.validation import SchemaError, lookup, validate
from shipper.values import text

FUTURE = timedelta(days=1)

# What people and services write freely; ids, names and versions stay as they are, to be joined.
_FREE_TEXTS = ("message", "event.reason", "ml.feedback.comment", "ml.prediction.text")
_FREE_OBJECTS = ("labels", "error", "ml.features.category", "ml.segment", "ml.hyperparameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """How the columns of a file become fields.

    Attributes:
        kind: Kind of record, or None to tell it from each row.
        columns: Column for each field.
        constants: Value for each field that no column holds.
        features: Columns that are inputs of the model; ``*`` means all that remain.
        service: Service to name where a row names none.
        namespace: Namespace of the data streams.
    """

    kind: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    features: Sequence[str] = ()
    service: str = "imported"
    namespace: str = "default"


@dataclass(slots=True)
class ImportNotes:
    """What the user must know about times."""

    without_zone: int = 0
    without_time: int = 0
    in_future: int = 0


class RecordMaker:
    """Turns rows into records.

    Args:
        mapping: How columns become fields.
        content_digest: Digest of the file, for ids that a second import repeats.
        default_time: Time for rows without one: that of the file.
    """

    def __init__(self, mapping: FieldMapping, content_digest: str, default_time: datetime) -> None:
        self._mapping = mapping
        self._digest = content_digest
        self._default_time = default_time
        self._redactor = Redactor()
        self.notes = ImportNotes()

    def make(self, number: int, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the kind and the record of a row.

        Args:
            number: Row number, which the id is made of.
            row: The row.

        Raises:
            SchemaError: If the row makes no valid record; the message names the field.
        """
        kind = self._mapping.kind or _kind_of(row)
        described = schema(kind)
        record, rest = self._place(kind, row)
        if kind == "prediction":
            self._add_features(record, rest)
        else:
            self._add_labels(record, rest)
        self._complete(kind, record, number)
        self._redact(record)
        if kind == "error":
            _complete_error(record)
        validate(record, described)
        return kind, record

    def redact(self, shown: str) -> str:
        """Return a text without secrets, for the folder of rows set aside."""
        return self._redactor.text(shown)

    def _place(self, kind: str, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        described = schema(kind)
        sources = {column: name for name, column in self._mapping.columns.items()}
        record: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for key, value in row.items():
            name = sources.get(key, key)
            if isinstance(value, Mapping) and name not in described.fields:
                lay(record, name, value, described)
                continue
            found = described.field(name)
            if found is None or (key in self._mapping.features and key not in sources):
                rest[key] = value
            elif value is not None:
                put(record, name, convert(found, name, value))
        if sources and not any(column in row for column in sources):
            raise SchemaError(f"the row has no column {next(iter(sources))!r}, which --map names")
        for name, constant in self._mapping.constants.items():
            found = described.field(name)
            if found is None:
                raise SchemaError(f"{name} is no field of {kind} records: see docs/fields.md")
            put(record, name, convert(found, name, constant))
        return record, rest

    def _add_features(self, record: dict[str, Any], rest: dict[str, Any]) -> None:
        chosen = self._mapping.features
        everything = "*" in chosen
        inputs = {k: number_or_text(v) for k, v in rest.items() if everything or k in chosen}
        expected = [name for name in chosen if name != "*"]
        if inputs or expected:
            fields = encode_features(inputs, self._redactor, expected)
            record.setdefault("ml", {}).setdefault("features", {}).update(fields.document())
        self._add_labels(record, {k: v for k, v in rest.items() if k not in inputs})

    def _add_labels(self, record: dict[str, Any], rest: Mapping[str, Any]) -> None:
        for key, value in rest.items():
            plain = number_or_text(value)
            name = clean_name(key)
            if isinstance(plain, int | float) and not isinstance(plain, bool):
                if math.isfinite(plain):
                    record.setdefault("numeric_labels", {})[name] = plain
            elif plain is not None:
                record.setdefault("labels", {})[name] = text(f"labels.{name}", label_text(plain))

    def _complete(self, kind: str, record: dict[str, Any], number: int) -> None:
        described = schema(kind)
        event = record.setdefault("event", {})
        if not isinstance(event, dict):
            raise SchemaError(f"event must be an object, not {event!r}")
        identity = (
            event.get("id")
            or hashlib.blake2b(f"{self._digest}:{number}".encode(), digest_size=16).hexdigest()
        )
        event["id"] = str(identity)
        event.setdefault("kind", "metric" if kind == "resource" else "event")
        record["@timestamp"] = self._time(record.get("@timestamp"))
        event.setdefault("created", record["@timestamp"])
        stream = record.get("data_stream")
        namespace = stream.get("namespace") if isinstance(stream, dict) else None
        record["data_stream"] = {
            "type": described.stream_type,
            "dataset": described.dataset,
            "namespace": namespace or self._mapping.namespace,
        }
        record.setdefault("ecs", {"version": ECS_VERSION})
        service = record.setdefault("service", {})
        if isinstance(service, dict):
            service.setdefault("name", self._mapping.service)
        ml = record.setdefault("ml", {})
        if not isinstance(ml, dict):
            raise SchemaError(f"ml must be an object, not {ml!r}")
        ml.setdefault("schema", {"version": SCHEMA_VERSION})
        ml.setdefault("sampling", {"rate": 1.0, "key": sampling_key(event["id"])})
        if kind == "prediction":
            _complete_prediction(event, ml)

    def _time(self, value: Any) -> str:
        if value is None:
            self.notes.without_time += 1
            moment = self._default_time
        else:
            moment = read_time(value)
            if moment.tzinfo is None:
                self.notes.without_zone += 1
                moment = moment.replace(tzinfo=UTC)
        if moment > datetime.now(UTC) + FUTURE:
            self.notes.in_future += 1
        return format_datetime(moment)

    def _redact(self, record: dict[str, Any]) -> None:
        for name in _FREE_TEXTS:
            value = lookup(record, name)
            if value is not None:
                put(record, name, self._redactor.text(text(name, value)))
        for name in _FREE_OBJECTS:
            value = lookup(record, name)
            if isinstance(value, dict):
                put(record, name, self._redactor.mapping(value))


def _kind_of(row: Mapping[str, Any]) -> str:
    dataset = lookup(row, "data_stream.dataset") or row.get("data_stream.dataset")
    if isinstance(dataset, str):
        kind = kind_of_dataset(dataset)
        if kind is not None:
            return kind
    if lookup(row, "ml.actual") or lookup(row, "ml.feedback"):
        return "feedback"
    if lookup(row, "ml.prediction") and lookup(row, "ml.model"):
        return "prediction"
    if lookup(row, "error.stack_trace") or lookup(row, "error.type"):
        return "error"
    level = lookup(row, "log.level")
    if isinstance(level, str) and level.lower() in ("error", "critical", "fatal"):
        return "error"
    if isinstance(row.get("message"), str):
        return "service"
    raise SchemaError(f"the kind of record is unknown: give --kind, one of {', '.join(KINDS)}")


def _complete_prediction(event: dict[str, Any], ml: dict[str, Any]) -> None:
    prediction = ml.setdefault("prediction", {})
    if isinstance(prediction, dict):
        prediction.setdefault("id", event["id"])
        ml.setdefault("request", {"id": prediction["id"], "row": 0, "rows": 1})
    event.setdefault("outcome", "success")


def _complete_error(record: dict[str, Any]) -> None:
    error = record.setdefault("error", {})
    pattern = error_pattern(record)
    error.setdefault("message", pattern.message or pattern.type)
    error.setdefault("type", pattern.type)
    error.setdefault("types", list(pattern.types))
    error.setdefault("template", pattern.template)
    error.setdefault("fingerprint", pattern.fingerprint)
    if pattern.culprit:
        error.setdefault("culprit", pattern.culprit)
    record.setdefault("message", error["message"])
    for name in ("message", "template"):
        error[name] = text(f"error.{name}", error[name])

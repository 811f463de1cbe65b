"""Data views: one for each data stream and each result index, with labels from the schema."""

from __future__ import annotations

from kibana.saved_objects import SavedObject, saved_object, text_of
from shipper.schema import RESULTS, STREAMS, Field, schema

NAMES = {
    "prediction": "Predictions",
    "feedback": "Ground truth",
    "error": "Errors",
    "resource": "Resources",
    "lifecycle": "Model life cycle",
    "service": "Service logs",
    "deadletter": "Dead letters",
    "error-groups": "Error groups",
    "incidents": "Incidents",
    "triage": "Triage of error groups",
    "drift": "Drift",
    "performance": "Performance",
    "quality": "Data quality",
    "alerts": "Alerts",
}
"""What people call the kinds."""

_SHARES = ("ml.finding.effect", "ml.sampling.rate")


def data_view_id(kind: str) -> str:
    """Return the id of a kind's data view."""
    return f"elkhound-{kind}"


def data_views() -> list[SavedObject]:
    """Return the data views of all kinds."""
    return [_data_view(kind) for kind in (*STREAMS, *RESULTS)]


def _data_view(kind: str) -> SavedObject:
    described = schema(kind)
    fields = [field for field in described.fields.values() if field.type != "object"]
    formats = {field.name: form for field in fields if (form := _format(field)) is not None}
    descriptions = {
        field.name: {"customDescription": field.description.replace("`", "")[:300]}
        for field in fields
        if field.description and not field.is_open
    }
    return saved_object(
        "index-pattern",
        data_view_id(kind),
        {
            "title": described.stream("*"),
            "name": f"Elkhound: {NAMES[kind]}",
            "timeFieldName": "@timestamp",
            "fieldFormatMap": text_of(formats),
            "fieldAttrs": text_of(descriptions),
            "allowNoIndex": True,
        },
    )


def _format(field: Field) -> dict[str, object] | None:
    if field.name == "event.duration":
        duration = {"inputFormat": "nanoseconds", "outputFormat": "humanizePrecise"}
        return {"id": "duration", "params": {**duration, "outputPrecision": 1}}
    if field.name.endswith(".bytes"):
        return {"id": "bytes"}
    if field.name.endswith(".pct") or field.name in _SHARES:
        return {"id": "percent"}
    return None

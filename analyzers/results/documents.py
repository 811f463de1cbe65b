"""Findings as documents of result indices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from analyzers.findings import Breakdown, Cause, Description, Finding, Measures, Member, plain
from analyzers.stores.base import Window
from analyzers.stores.results import Result
from shipper.fingerprint import digest
from shipper.schema import ECS_VERSION, SCHEMA_VERSION, cut_keyword

OwnFields = Callable[[Finding], Mapping[str, Any]]
"""Returns the fields that only results of one kind have, by dotted names."""


def error_group_fields(finding: Finding) -> Mapping[str, Any]:
    """Return the fields of an error group's result."""
    described = next(item for item in finding.evidence if isinstance(item, Description))
    services = [
        value
        for item in finding.evidence
        if isinstance(item, Breakdown) and item.field == "service.name"
        for value, _ in item.values
    ]
    return {
        "error.grouping_key": finding.id,
        "error.grouping_name": finding.subject,
        "error.type": described.exception,
        "error.types": list(described.types),
        "error.template": described.template,
        "error.message": described.message,
        "error.culprit": described.culprit or None,
        "error.fingerprint": list(described.fingerprints),
        "service.name": services or None,
    }


def incident_fields(finding: Finding) -> Mapping[str, Any]:
    """Return the fields of an incident's result, but for its state."""
    members = [item for item in finding.evidence if isinstance(item, Member)]
    cause = next((item for item in finding.evidence if isinstance(item, Cause)), None)
    fields: dict[str, Any] = {
        "ml.incident.groups": [member.group for member in members],
    }
    if cause is not None:
        fields |= {
            "ml.incident.cause.category": cause.category,
            "ml.incident.cause.field": cause.field,
            "ml.incident.cause.value": cause.value,
            "ml.incident.cause.score": cause.score,
            "ml.incident.cause.sentence": cause.sentence,
        }
    return fields


def drift_fields(finding: Finding) -> Mapping[str, Any]:
    """Return the fields of a column's drift."""
    measured = next(item for item in finding.evidence if isinstance(item, Measures))
    return {
        "ml.drift.column": measured.name,
        "ml.drift.kind": measured.category,
        "ml.drift.is_drifted": measured.is_alarming,
        "ml.drift.reference": measured.reference or None,
        **{f"ml.drift.{name}": plain(value) for name, value in measured.values},
    }


def performance_fields(finding: Finding) -> Mapping[str, Any]:
    """Return the fields of the performance of some predictions."""
    measured = next(item for item in finding.evidence if isinstance(item, Measures))
    return {
        "ml.performance.scope": measured.category,
        "ml.performance.name": measured.name or None,
        "ml.performance.is_worse": measured.is_alarming,
        "ml.performance.reference": measured.reference or None,
        **{f"ml.performance.{name}": text or None for name, text in measured.labels},
        **{f"ml.performance.{name}": plain(value) for name, value in measured.values},
    }


def quality_fields(finding: Finding) -> Mapping[str, Any]:
    """Return the fields of a check of quality."""
    measured = next(item for item in finding.evidence if isinstance(item, Measures))
    return {
        "ml.quality.column": measured.name or None,
        "ml.quality.dimension": measured.category,
        "ml.quality.is_violated": measured.is_alarming,
        "ml.quality.reference": measured.reference or None,
        **{f"ml.quality.{name}": text or None for name, text in measured.labels},
        **{f"ml.quality.{name}": plain(value) for name, value in measured.values},
    }


OWN_FIELDS: Mapping[str, OwnFields] = {
    "error-group": error_group_fields,
    "incident": incident_fields,
    "drift": drift_fields,
    "performance": performance_fields,
    "quality": quality_fields,
}
"""For each kind of finding the fields that only its results have."""


def result_of(
    finding: Finding, window: Window, created: datetime, identity: str | None = None
) -> Result:
    """Return the document of a finding.

    Its id follows from what was found, where and in which window, so that finding it again
    replaces the document.

    Args:
        finding: What was found.
        window: The window looked at; both ends are needed.
        created: When it was computed.
        identity: Its id, where it lives on from window to window.

    Raises:
        ValueError: If an end of the window is missing.
        KeyError: If findings of its kind are not stored.
    """
    since, until = window.ends()
    place = (finding.model or "", finding.version or "", finding.segment or "")
    fields = {
        **envelope(window, created),
        "ml.window.seconds": (until - since).total_seconds(),
        "ml.model.name": finding.model,
        "ml.model.version": finding.version,
        "ml.finding.id": finding.id,
        "ml.finding.kind": finding.kind,
        "ml.finding.subject": finding.subject,
        "ml.finding.summary": finding.summary,
        "ml.finding.segment": finding.segment,
        "ml.finding.severity": finding.severity,
        "ml.finding.n": finding.n,
        "ml.finding.requests": finding.requests,
        "ml.finding.effect": plain(finding.effect),
        "ml.finding.p": plain(finding.p),
        "ml.finding.q": plain(finding.q),
        "ml.finding.onset.earliest": plain(finding.onset[0]),
        "ml.finding.onset.latest": plain(finding.onset[1]),
        "ml.finding.last_seen": plain(finding.last_seen),
        "ml.finding.evidence": finding.document()["evidence"],
        **OWN_FIELDS[finding.kind](finding),
    }
    own = identity or digest((finding.kind, finding.id, *place, plain(since), plain(until)))
    return Result(own, nested(fields))


def envelope(window: Window, created: datetime) -> dict[str, Any]:
    """Return the fields that every result has, by dotted names.

    Raises:
        ValueError: If an end of the window is missing.
    """
    since, until = window.ends()
    return {
        "@timestamp": plain(until),
        "event.created": plain(created),
        "ecs.version": ECS_VERSION,
        "ml.schema.version": SCHEMA_VERSION,
        "ml.window.since": plain(since),
        "ml.window.until": plain(until),
    }


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields by dotted names as a document; what is None is left out."""
    document: dict[str, Any] = {}
    for name, value in fields.items():
        if value is None:
            continue
        node = document
        *parents, leaf = name.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[leaf] = cut_keyword(value) if isinstance(value, str) else value
    return document

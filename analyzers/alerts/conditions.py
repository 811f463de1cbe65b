"""Conditions on which somebody should look: good defaults, changed in ``elkhound.toml``.

Each is a number over the records, or results, of a span of time: how many there are, or the mean
or maximum of a field. Kibana's rules are made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from analyzers.spans import span_seconds

Aggregate = Literal["count", "avg", "max"]

MINUTE, HOUR, DAY = 60, 3600, 86_400


class AlertConditionError(ValueError):
    """A condition cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class AlertCondition:
    """One condition.

    Attributes:
        name: Its name in ``elkhound.toml``.
        title: What it is called.
        meaning: What it means and what to do, in one sentence.
        kind: Kind of record or result that it looks at.
        query: Which of them, as an Elasticsearch query.
        threshold: The number.
        window_seconds: Span of time that is looked at.
        every_seconds: How often.
        dashboard: Dashboard to open.
        aggregate: What is compared with the threshold.
        field: Field whose mean or maximum that is; '' for counts.
        comparator: Whether the number must be above or below the threshold.
        group_by: Field by whose values the number is looked at one by one; '' for none.
    """

    name: str
    title: str
    meaning: str
    kind: str
    query: Mapping[str, Any]
    threshold: float
    window_seconds: int
    every_seconds: int
    dashboard: str
    aggregate: Aggregate = "count"
    field: str = ""
    comparator: Literal[">", "<"] = ">"
    group_by: str = ""


def _is(field: str, value: object) -> dict[str, Any]:
    return {"term": {field: value}}


CONDITIONS: tuple[AlertCondition, ...] = (
    AlertCondition(
        "error-group", "A severe error group",
        "Errors of one kind touch many requests, or are new: `elkhound incidents` says why.",
        "error-groups", _is("ml.finding.severity", "critical"), 0, 2 * HOUR, 5 * MINUTE,
        "errors", group_by="error.grouping_name",
    ),
    AlertCondition(
        "incident", "An incident without an end",
        "Something went wrong and goes on: `elkhound incidents` says what began it.",
        "incidents", _is("ml.incident.state", "open"), 0, 2 * HOUR, 5 * MINUTE, "incidents",
        group_by="ml.finding.subject",
    ),
    AlertCondition(
        "failed-predictions", "Many predictions fail",
        "More predictions of a model fail than usual in this span: see which version and error.",
        "prediction", _is("event.outcome", "failure"), 50, 5 * MINUTE, MINUTE, "errors",
        group_by="ml.model.name",
    ),
    AlertCondition(
        "latency", "Predictions are slow",
        "The mean latency of a model is above the threshold, in nanoseconds.",
        "prediction", _is("event.outcome", "success"), 1e9, 5 * MINUTE, MINUTE, "predictions",
        "avg", "event.duration", group_by="ml.model.name",
    ),
    AlertCondition(
        "no-data", "No predictions arrive",
        "Fewer predictions than the threshold: the service, the shipper or Logstash may be down.",
        "prediction", {"match_all": {}}, 1, 15 * MINUTE, 5 * MINUTE, "pipeline", comparator="<",
    ),
    AlertCondition(
        "accuracy", "A model got worse",
        "Predictions are surely and much worse than in the reference: see since when.",
        "performance", _is("ml.performance.is_worse", True), 0, 2 * DAY, HOUR, "performance",
        group_by="ml.model.name",
    ),
    AlertCondition(
        "drift", "Inputs or outputs drifted",
        "Columns are surely and much otherwise distributed than in the reference.",
        "drift", _is("ml.drift.is_drifted", True), 0, 2 * DAY, HOUR, "drift",
        group_by="ml.drift.column",
    ),
    AlertCondition(
        "quality", "Data break a rule",
        "Values are missing, out of range or new, or records are too few or too old.",
        "quality", _is("ml.quality.is_violated", True), 0, 2 * DAY, HOUR, "drift",
        group_by="ml.quality.dimension",
    ),
    AlertCondition(
        "memory", "Memory runs out",
        "The share of a host's memory in use is above the threshold.",
        "resource", {"match_all": {}}, 0.9, 10 * MINUTE, MINUTE, "resources", "avg",
        "system.memory.actual.used.pct", group_by="host.name",
    ),
    AlertCondition(
        "cpu", "A processor is overloaded",
        "The share of a host's processors in use is above the threshold.",
        "resource", {"match_all": {}}, 0.95, 10 * MINUTE, MINUTE, "resources", "avg",
        "system.cpu.total.norm.pct", group_by="host.name",
    ),
    AlertCondition(
        "storage", "Storage runs out",
        "The share of a host's storage in use is above the threshold.",
        "resource", {"match_all": {}}, 0.9, 10 * MINUTE, 5 * MINUTE, "resources", "max",
        "system.filesystem.used.pct", group_by="host.name",
    ),
    AlertCondition(
        "dead-letters", "Records were refused",
        "Logstash or Elasticsearch refused records: the reason stands in each.",
        "deadletter", {"match_all": {}}, 0, 15 * MINUTE, 5 * MINUTE, "pipeline",
        group_by="event.dataset",
    ),
)  # fmt: skip
"""The conditions; a new one is one entry here."""


def asked_conditions(values: Mapping[str, Any]) -> list[AlertCondition]:
    """Return the conditions that are on, with the thresholds and windows that were asked for.

    Args:
        values: Values of ``elkhound.toml`` by dotted key, such as ``alerts.latency.threshold``.

    Raises:
        AlertConditionError: If a window is no span of time from a minute to 31 days.
    """
    found = []
    for one in CONDITIONS:
        if not values.get(f"alerts.{one.name}.enabled", True):
            continue
        window = values.get(f"alerts.{one.name}.window")
        seconds = one.window_seconds if window is None else span_seconds(window)
        if seconds is None or not MINUTE <= seconds <= 31 * DAY:
            raise AlertConditionError(
                f"alerts.{one.name}.window is {window!r}: give a time from 1m to 31d, such as 15m"
            )
        threshold = values.get(f"alerts.{one.name}.threshold", one.threshold)
        found.append(replace(one, threshold=float(threshold), window_seconds=int(seconds)))
    return found

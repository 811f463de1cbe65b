"""What a cluster is to hold: the templates of every kind of record, as this version wants them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shipper.schema import (
    COMMON,
    DEADLETTER,
    RESULT,
    RESULTS,
    STREAMS,
    component_template,
    component_template_name,
    index_template,
    schema,
)

Category = Literal[
    "component template",
    "index template",
    "result index",
    "role",
    "API key",
    "data view",
    "Discover session",
    "connector",
    "alerting rule",
    "dashboard",
]

RETENTION = {
    "prediction": "90d",
    "feedback": "365d",
    "error": "90d",
    "resource": "30d",
    "lifecycle": "1825d",
    "service": "30d",
    DEADLETTER: "30d",
}
"""How long each stream keeps its records; the life cycle of models is the audit trail."""

RETENTION_PATH = "template.lifecycle.data_retention"
REPLICAS_PATH = "template.settings.index.number_of_replicas"


@dataclass(frozen=True, slots=True)
class Desired:
    """One object of a cluster.

    Attributes:
        category: What it is.
        name: Its name.
        body: Its definition.
        keeps: Paths of settings whose value stays where the cluster has one already.
    """

    category: Category
    name: str
    body: Mapping[str, Any]
    keeps: tuple[str, ...] = ()


def desired_objects(
    retention: Mapping[str, str] | None = None, replicas: int | None = None
) -> list[Desired]:
    """Return all objects, in the order in which they must be installed.

    Args:
        retention: Retention of streams by kind, such as ``{"error": "180d"}``. For the others it
            is what the cluster has already, or else that of ``RETENTION``: nobody's records are
            to go earlier because somebody forgot an option.
        replicas: Copies of each stream's shards; where it is not given, what the cluster has, or
            else the server's default.
    """
    given = retention or {}
    components = [
        Desired("component template", component_template_name(name), component_template(name))
        for name in (COMMON, *STREAMS, RESULT, *RESULTS)
    ]
    streams = [_index_template(kind, given.get(kind), replicas) for kind in STREAMS]
    results = [
        Desired("index template", component_template_name(kind), index_template(kind))
        for kind in RESULTS
    ]
    return components + streams + results


def stream_pattern(kind: str) -> str:
    """Return the pattern of a kind's data streams."""
    return schema(kind).stream("*")


def _index_template(kind: str, retention: str | None, replicas: int | None) -> Desired:
    body = copy.deepcopy(index_template(kind))
    body["template"]["lifecycle"] = {"data_retention": retention or RETENTION[kind]}
    # a record that does not map must be refused, so that Logstash's dead letter queue sees it
    body["template"]["data_stream_options"] = {"failure_store": {"enabled": False}}
    if replicas is not None:
        body["template"]["settings"]["index"]["number_of_replicas"] = replicas
    keeps = [RETENTION_PATH] if retention is None else []
    keeps += [REPLICAS_PATH] if replicas is None else []
    return Desired("index template", component_template_name(kind), body, tuple(keeps))

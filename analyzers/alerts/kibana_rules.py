"""Conditions as rules of Kibana: Elasticsearch queries, which a basic licence allows."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from analyzers.alerts.conditions import AlertCondition
from analyzers.spans import span_text
from shipper.schema import schema

TAG = "elkhound"
RULE_TYPE = ".es-query"
CONNECTOR_TYPE = ".index"
GROUP = "query matched"
"""Action group of the rule type."""

MOST_GROUPS = 50
RUN_BOOK = "docs/alerts.md"
"""Page that says what to do, a heading for each condition."""


def identity(namespace: str, name: str) -> str:
    """Return the id of a rule or connector: the same in every run.

    Kibana takes ids of its own choice for encrypted objects only where they look random: these are
    digests in the form of a random UUID.
    """
    digest = hashlib.sha256(f"elkhound {namespace} {name}".encode()).hexdigest()
    variant = "89ab"[int(digest[16], 16) % 4]
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def connector(namespace: str) -> dict[str, Any]:
    """Return the connector that writes alerts into the index ``ml-alerts-<namespace>``."""
    return {
        "name": f"Elkhound alerts ({namespace})",
        "config": {
            "index": schema("alerts").stream(namespace),
            "refresh": False,
            "executionTimeField": "@timestamp",
        },
        "secrets": {},
    }


def rule(condition: AlertCondition, namespace: str) -> dict[str, Any]:
    """Return the rule of a condition, as ``PUT /api/alerting/rule/{id}`` takes it.

    Args:
        condition: The condition.
        namespace: Namespace of the records that it looks at.
    """
    return {
        "name": f"Elkhound: {condition.title}",
        "tags": [TAG, condition.name],
        "schedule": {"interval": span_text(condition.every_seconds)},
        "params": _params(condition, namespace),
        "actions": [
            {
                "id": identity(namespace, "connector"),
                "group": GROUP,
                "params": {"documents": [_document(condition)]},
                "frequency": {
                    "summary": False, "notify_when": "onActionGroupChange", "throttle": None,
                },
            }
        ],
    }  # fmt: skip


def new_rule(condition: AlertCondition, namespace: str) -> dict[str, Any]:
    """Return the rule of a condition, as ``POST /api/alerting/rule/{id}`` takes it."""
    return {
        **rule(condition, namespace),
        "rule_type_id": RULE_TYPE,
        "consumer": "stackAlerts",
        "enabled": True,
    }


def _params(condition: AlertCondition, namespace: str) -> dict[str, Any]:
    span = span_text(condition.window_seconds)
    params: dict[str, Any] = {
        "searchType": "esQuery",
        "esQuery": json.dumps({"query": dict(condition.query)}),
        "index": [schema(condition.kind).stream(namespace)],
        "timeField": "@timestamp",
        "timeWindowSize": int(span[:-1]),
        "timeWindowUnit": span[-1],
        "size": 10,
        "threshold": [condition.threshold],
        "thresholdComparator": condition.comparator,
        "aggType": condition.aggregate,
        "groupBy": "top" if condition.group_by else "all",
        "excludeHitsFromPreviousRun": False,
    }
    if condition.field:
        params["aggField"] = condition.field
    if condition.group_by:
        params |= {"termField": condition.group_by, "termSize": MOST_GROUPS}
    return params


def _document(condition: AlertCondition) -> dict[str, Any]:
    """Return what is written into the index; Kibana fills in what stands in braces."""
    return {
        "event": {"kind": "alert"},
        "ml": {
            "alert": {
                "id": "{{alert.id}}",
                "name": condition.name,
                "title": condition.title,
                "subject": "{{alert.id}}" if condition.group_by else condition.title,
                "message": condition.meaning,
                "value": "{{context.value}}",
                "threshold": condition.threshold,
                "link": "{{context.link}}",
                "run_book": f"{RUN_BOOK}#{condition.name}",
            }
        },
    }

"""Incidents as JSON, for scripts."""

from __future__ import annotations

from typing import Any

import orjson

from analyzers.findings import plain
from analyzers.root_cause.incidents import IncidentReport, state_of


def incidents_document(report: IncidentReport) -> dict[str, Any]:
    """Return the incidents as plain values, ready for JSON."""
    return {
        "kind": "incident-report",
        "store": report.store,
        "since": plain(report.since),
        "until": plain(report.until),
        "coverage": plain(report.coverage),
        "requests": report.requests,
        "failed": report.failed,
        "events": plain(report.events),
        "incidents": [
            {**incident.document(), "state": state_of(incident, report.until)}
            for incident in report.incidents
        ],
        "steady": plain(report.steady),
    }


def render_incidents_json(report: IncidentReport) -> str:
    """Return the incidents as JSON."""
    return orjson.dumps(incidents_document(report), option=orjson.OPT_INDENT_2).decode() + "\n"

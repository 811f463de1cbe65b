"""Drift as JSON, for scripts."""

from __future__ import annotations

import orjson

from analyzers.monitors.drift.report import DriftReport


def render_drift_json(report: DriftReport) -> str:
    """Return the report as JSON."""
    return orjson.dumps(report.document(), option=orjson.OPT_INDENT_2).decode() + "\n"

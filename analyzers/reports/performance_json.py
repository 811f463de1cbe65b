"""Performance as JSON, for scripts."""

from __future__ import annotations

import orjson

from analyzers.monitors.performance.slices import PerformanceReport


def render_performance_json(report: PerformanceReport) -> str:
    """Return the report as JSON."""
    return orjson.dumps(report.document(), option=orjson.OPT_INDENT_2).decode() + "\n"

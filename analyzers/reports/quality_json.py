"""Quality as JSON, for scripts."""

from __future__ import annotations

import orjson

from analyzers.monitors.quality.report import QualityReport


def render_quality_json(report: QualityReport) -> str:
    """Return the report as JSON."""
    return orjson.dumps(report.document(), option=orjson.OPT_INDENT_2).decode() + "\n"

"""The report for machines: one JSON document, or one finding a line."""

from __future__ import annotations

import orjson

from analyzers.root_cause.error_report import ErrorReport


def render_json(report: ErrorReport) -> str:
    """Return the whole report as indented JSON."""
    return orjson.dumps(report.document(), option=orjson.OPT_INDENT_2).decode() + "\n"


def render_ndjson(report: ErrorReport) -> str:
    """Return one line of JSON for each finding."""
    return "".join(orjson.dumps(f.document()).decode() + "\n" for f in report.findings)

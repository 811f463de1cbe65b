"""Drift as Markdown."""

from __future__ import annotations

from analyzers.monitors.drift.report import DriftReport
from analyzers.reports.drift_wording import (
    HEADERS,
    drift_headline,
    drift_notes,
    drift_row,
    segment_rows,
    together_text,
)
from analyzers.reports.markdown import escape, table_lines


def render_drift_markdown(report: DriftReport) -> str:
    """Return the report as GitHub-flavoured Markdown; text from the data is escaped."""
    lines = ["# Drift", "", escape(drift_headline(report)), ""]
    lines += [f"- Note: {escape(note)}" for note in drift_notes(report)]
    lines += [f"- {escape(said)}" for said, _ in together_text(report)]
    if report.columns:
        lines += table_lines(HEADERS, (drift_row(column) for column in report.columns))
    if report.segment is not None and (rows := segment_rows(report)):
        lines += table_lines((escape(report.segment), *HEADERS), rows)
    return "\n".join(lines).rstrip("\n") + "\n"

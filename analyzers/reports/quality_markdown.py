"""Quality as Markdown."""

from __future__ import annotations

from analyzers.monitors.quality.report import QualityReport
from analyzers.reports.markdown import escape, table_lines
from analyzers.reports.quality_wording import (
    HEADERS,
    quality_headline,
    quality_notes,
    quality_row,
)


def render_quality_markdown(report: QualityReport) -> str:
    """Return the report as GitHub-flavoured Markdown; text from the data is escaped."""
    lines = ["# Data quality", "", escape(quality_headline(report)), ""]
    lines += [f"- Note: {escape(note)}" for note in quality_notes(report)]
    if report.checks:
        rows = (
            ("broken" if one.is_violated else "kept", *quality_row(one)) for one in report.checks
        )
        lines += table_lines(("", *HEADERS), rows)
    return "\n".join(lines).rstrip("\n") + "\n"

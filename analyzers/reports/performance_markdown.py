"""Performance as Markdown."""

from __future__ import annotations

from analyzers.monitors.performance.slices import PerformanceReport
from analyzers.reports.markdown import escape, table_lines
from analyzers.reports.performance_wording import (
    CLASS_HEADERS,
    MEASURE_HEADERS,
    changes_text,
    class_rows,
    is_regression,
    measure_rows,
    performance_headline,
    performance_notes,
    slice_headers,
    slice_row,
)


def render_performance_markdown(report: PerformanceReport) -> str:
    """Return the report as GitHub-flavoured Markdown; text from the data is escaped."""
    lines = ["# Performance", "", escape(performance_headline(report)), ""]
    lines += [
        f"- Change: {escape(one)}" for one in changes_text(report.changes, is_regression(report))
    ]
    lines += [f"- Note: {escape(note)}" for note in performance_notes(report)]
    overall = report.overall
    width = 5 if overall.estimation is not None else 3
    if overall.performance.measures:
        lines += table_lines(
            MEASURE_HEADERS[:width], (row[:width] for row in measure_rows(overall))
        )
    if overall.performance.classes:
        lines += table_lines(CLASS_HEADERS, class_rows(overall.performance))
    if len(report.windows) > 1:
        rows = (slice_row(report, one) for one in report.windows)
        lines += table_lines(slice_headers(report, "window"), rows)
    for name, slices in report.told_groups.items():
        lines += table_lines(
            slice_headers(report, name), (slice_row(report, one) for one in slices)
        )
    return "\n".join(lines).rstrip("\n") + "\n"

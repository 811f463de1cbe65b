"""Performance on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzers.monitors.performance.slices import PerformanceReport, Slice
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
from analyzers.reports.printable import printable

LATEST = 40
"""Windows that are shown, the latest ones."""


def render_performance(report: PerformanceReport, console: Console) -> None:
    """Print the report.

    Args:
        report: The report.
        console: Where to; its width and colours are respected.
    """
    console.print(Text(printable(performance_headline(report)), style="bold"))
    against = f", against {report.reference}" if report.reference else ""
    console.print(Text(printable(f"{report.predictions}{against}"), "dim"))
    for change in changes_text(report.changes, is_regression(report)):
        console.print(Text(printable(f"change: {change}"), style="red"))
    for note in performance_notes(report):
        console.print(Text(printable(f"note: {note}"), style="yellow"))
    overall = report.overall
    if overall.performance.measures:
        rows = measure_rows(overall)
        width = 5 if overall.estimation is not None else 3
        _print(console, MEASURE_HEADERS[:width], (row[:width] for row in rows))
    if len(overall.performance.classes) > 2:
        _print(console, CLASS_HEADERS, class_rows(overall.performance))
    if len(report.windows) > 1:
        shown = report.windows[-LATEST:]
        if len(shown) < len(report.windows):
            console.print(f"\n[dim]the latest {LATEST} of {len(report.windows):,} windows[/dim]")
        _print_slices(report, "window", shown, console)
    for name, slices in report.told_groups.items():
        _print_slices(report, name, slices, console)


def _print_slices(
    report: PerformanceReport, name: str, slices: Sequence[Slice], console: Console
) -> None:
    styles = ["bold red" if one.is_worse else "" for one in slices]
    headers = slice_headers(report, name, is_wide=False)
    rows = [slice_row(report, one, is_wide=False) for one in slices]
    _print(console, headers, rows, styles)


def _print(
    console: Console,
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    styles: Sequence[str] = (),
) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, header in enumerate(headers):
        is_verdict = header == "" and place == len(headers) - 1
        is_text = place == 0 or is_verdict
        table.add_column(
            header, justify="left" if is_text else "right", no_wrap=not is_text,
            min_width=10 if is_text else None, overflow="fold" if is_text else "ellipsis",
        )  # fmt: skip
    for place, row in enumerate(rows):
        style = styles[place] if styles else ""
        table.add_row(*(Text(printable(cell), style=style) for cell in row))
    console.print()
    console.print(table)

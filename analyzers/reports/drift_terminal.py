"""Drift on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzers.monitors.drift.report import DriftReport
from analyzers.reports.drift_wording import (
    HEADERS,
    drift_headline,
    drift_notes,
    drift_row,
    segment_rows,
    together_text,
)
from analyzers.reports.printable import printable


def render_drift(report: DriftReport, console: Console) -> None:
    """Print the report.

    Args:
        report: The report.
        console: Where to; its width and colours are respected.
    """
    console.print(Text(drift_headline(report), style="bold"))
    console.print(
        Text(printable(f"{report.current} against {report.reference or 'the reference'}"), "dim")
    )
    for note in drift_notes(report):
        console.print(Text(printable(f"note: {note}"), style="yellow"))
    for said, is_drifted in together_text(report):
        console.print(Text(printable(said), style="bold red" if is_drifted else ""))
    if not report.columns:
        return
    styles = ["bold red" if column.is_drifted else "" for column in report.columns]
    _print(console, HEADERS, [drift_row(column) for column in report.columns], styles)
    if report.segment is not None:
        rows = segment_rows(report)
        if rows:
            _print(console, (report.segment, *HEADERS), rows, ["bold red"] * len(rows))
        else:
            console.print(f"\nNo drift in {len(report.segments)} values of {report.segment}.")
    console.print(
        "\n[dim]q: p-value of one test for each column (KS; G for categories), corrected for all. "
        "KS: largest difference of the shares below a value. W1: mean shift in robust standard "
        "deviations. moved: share of the values in another bin. PSI: population stability index."
        "[/dim]"
    )


def _print(
    console: Console,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    styles: Sequence[str],
) -> None:
    texts = len(headers) - len(HEADERS) + 2
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, header in enumerate(headers):
        table.add_column(
            header, justify="left" if place < texts else "right", no_wrap=place >= texts - 1
        )
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(printable(cell), style=style) for cell in row))
    console.print()
    console.print(table)

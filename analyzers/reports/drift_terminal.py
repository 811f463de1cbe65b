"""Drift on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzers.monitors.drift_report import DriftReport
from analyzers.reports.drift_wording import HEADERS, drift_headline, drift_notes, drift_row
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
    if not report.columns:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, header in enumerate(HEADERS):
        table.add_column(header, justify="left" if place < 2 else "right", no_wrap=place > 0)
    for column in report.columns:
        style = "bold red" if column.is_drifted else ""
        table.add_row(*(Text(printable(cell), style=style) for cell in drift_row(column)))
    console.print()
    console.print(table)
    console.print(
        "\n[dim]q: p-value of one test for each column (KS; G for categories), corrected for all. "
        "KS: largest difference of the shares below a value. W1: mean shift in robust standard "
        "deviations. moved: share of the values in another bin. PSI: population stability index."
        "[/dim]"
    )

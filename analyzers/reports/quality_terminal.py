"""Quality on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzers.monitors.quality.report import QualityReport
from analyzers.reports.printable import printable
from analyzers.reports.quality_wording import (
    HEADERS,
    TEXTS,
    kept_text,
    quality_headline,
    quality_notes,
    quality_row,
)


def render_quality(report: QualityReport, console: Console) -> None:
    """Print the report.

    Args:
        report: The report.
        console: Where to; its width and colours are respected.
    """
    console.print(Text(quality_headline(report), style="bold"))
    against = f" against {report.reference}" if report.reference else ""
    console.print(Text(printable(f"{report.source}{against}"), "dim"))
    for note in quality_notes(report):
        console.print(Text(printable(f"note: {note}"), style="yellow"))
    if report.violated:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for place, header in enumerate(HEADERS):
            is_text = place < TEXTS
            table.add_column(
                header, justify="left" if is_text else "right", no_wrap=header != "rule"
            )
        for one in report.violated:
            table.add_row(*(Text(printable(cell), style="red") for cell in quality_row(one)))
        console.print()
        console.print(table)
    if kept := kept_text(report):
        console.print(f"\n[dim]kept: {kept} (--format md shows each)[/dim]")

"""The report on a terminal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from analyzers.findings import (
    Breakdown,
    Change,
    Contrast,
    Description,
    Finding,
    LifeCycle,
    StackTrace,
    Timeline,
)
from analyzers.reports.printable import printable
from analyzers.reports.wording import (
    change_text,
    event_text,
    evidence_of,
    headline,
    joined,
    life_cycle_text,
    lift_text,
    notes,
    onset_text,
    probability,
    time_of_day,
    value_text,
)
from analyzers.root_cause.error_report import ErrorReport
from analyzers.root_cause.summaries import share_text
from shipper.fingerprint import frame_of

STYLES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_BLOCKS = " ▁▂▃▄▅▆▇█"
_SPARK_WIDTH = 60
_TRACE_LINES = 20
_TRACE_WIDTH = 200
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line \d+')


def _text(content: str = "", **options: Any) -> Text:
    return Text(printable(content), **options)


def render_terminal(report: ErrorReport, console: Console) -> None:
    """Print the report.

    Args:
        report: The report.
        console: Where to; its width and colours are respected.
    """
    console.print(_text(headline(report), style="bold"))
    if report.since is not None:
        console.print(
            f"[dim]{time_of_day(report.since)} to {time_of_day(report.until, report.since)} UTC, "
            f"{escape(printable(report.store))}[/dim]"
        )
    for note in notes(report.coverage, report.omitted):
        console.print(_text(f"note: {note}", style="yellow"))
    if report.events:
        console.print()
        for event in report.events[:20]:
            line = f"{time_of_day(event.time, report.since)}  {event_text(event)}"
            console.print(_text(line + (f": {event.reason}" if event.reason else ""), style="blue"))
    if report.findings:
        console.print()
        console.print(_overview(report))
    for place, finding in enumerate(report.findings, 1):
        console.print()
        console.print(_panel(place, finding, report))


def terminal_text(report: ErrorReport, width: int = 100) -> str:
    """Return what ``render_terminal`` prints, without colours."""
    return without_colors(render_terminal, report, width)


def without_colors(render: Callable[[Any, Console], None], report: Any, width: int = 100) -> str:
    """Return what a renderer prints, without colours."""
    output = io.StringIO()
    render(report, Console(file=output, width=width, no_color=True, force_terminal=False))
    return output.getvalue()


def _overview(report: ErrorReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header, justify in (
        ("#", "right"),
        ("errors", "right"),
        ("since", "left"),
        ("", "left"),
        ("what", "left"),
    ):
        table.add_column(header, justify=justify, no_wrap=header != "what")  # type: ignore[arg-type]
    for place, finding in enumerate(report.findings, 1):
        table.add_row(
            str(place),
            f"{finding.n:,}",
            time_of_day(finding.onset[1], report.since),
            _text(finding.severity, style=STYLES[finding.severity]),
            _text(finding.subject, overflow="ellipsis", no_wrap=True),
        )
    return table


def _panel(place: int, finding: Finding, report: ErrorReport) -> Panel:
    parts: list[object] = [_text(finding.summary), _text()]
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    onset = finding.onset
    facts.add_row(
        "began",
        _text(
            f"{onset_text(onset, report.since)}, last seen "
            f"{time_of_day(finding.last_seen, report.since)}"
        ),
    )
    if finding.effect is not None:
        facts.add_row("failed", _text(f"{share_text(finding.effect)} of the requests while active"))
    for state in evidence_of(finding, LifeCycle):
        facts.add_row("state", _text(life_cycle_text(state)))
    for change in evidence_of(finding, Change):
        facts.add_row("change before", _text(change_text(change)))
    for breakdown in evidence_of(finding, Breakdown):
        facts.add_row(breakdown.field, _text(joined(breakdown.values)))
    for item in evidence_of(finding, Description):
        facts.add_row("template", _text(item.template))
    facts.add_row("group", _text(finding.id))
    for timeline in evidence_of(finding, Timeline):
        facts.add_row(
            "over time",
            _text(sparkline(timeline, report.since, report.until), style=STYLES[finding.severity]),
        )
    parts.append(facts)
    contrasts = evidence_of(finding, Contrast)
    if contrasts:
        parts += [_text(), _contrasts(contrasts)]
    for trace in evidence_of(finding, StackTrace):
        parts += [_text(), Padding(_text(shorten_trace(trace.text), style="dim"), (0, 0, 0, 2))]
    title = f"[{STYLES[finding.severity]}]{place}. {escape(printable(finding.subject))}[/]"
    return Panel(Group(*parts), title=title, title_align="left")  # type: ignore[arg-type]


def _contrasts(contrasts: Sequence[Contrast]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("goes with")
    for header in ("failed requests", "other requests", "lift", "q"):
        table.add_column(header, justify="right", no_wrap=True)
    for contrast in contrasts:
        table.add_row(
            _text(value_text(contrast)),
            f"{_bar(contrast.share)} {share_text(contrast.share):>6}",
            f"{_bar(contrast.other_share)} {share_text(contrast.other_share):>6}",
            lift_text(contrast),
            probability(contrast.q),
        )
    return table


def _bar(value: float, width: int = 8) -> str:
    filled = round(value * width)
    return "█" * filled + "·" * (width - filled)


def sparkline(timeline: Timeline, since: datetime | None, until: datetime | None) -> str:
    """Return counts over a window as a row of blocks, the highest count full."""
    if since is None or until is None or not timeline.counts:
        return ""
    origin = _bucket(since, timeline.seconds)
    columns = min(_SPARK_WIDTH, _bucket(until, timeline.seconds) - origin + 1)
    heights = [0] * max(1, columns)
    for start, count in timeline.counts:
        place = min(len(heights) - 1, max(0, _bucket(start, timeline.seconds) - origin))
        heights[place] += count
    most = max(heights)
    return "".join(
        _BLOCKS[0 if not height else max(1, round(height / most * 8))] for height in heights
    )


def _bucket(moment: datetime, seconds: float) -> int:
    return int(moment.timestamp() // seconds)


def shorten_trace(trace: str) -> str:
    """Return a stack trace without the library's frames and the end of a long message."""
    kept: list[str] = []
    hidden = 0
    in_library = False
    for line in trace.splitlines():
        found = _FRAME.match(line)
        if found is not None:
            in_library = not frame_of(found["file"], "", 0).own
            hidden += in_library
        elif not line.startswith(" "):
            in_library = False
        if in_library:
            continue
        if hidden:
            kept.append(f"  ... {hidden} library frame{'s' if hidden > 1 else ''} ...")
            hidden = 0
        kept.append(line)
    if len(kept) > _TRACE_LINES:
        half = _TRACE_LINES // 2
        kept = [*kept[:half], f"  ... {len(kept) - 2 * half} lines ...", *kept[-half:]]
    return "\n".join(
        line if len(line) <= _TRACE_WIDTH else line[:_TRACE_WIDTH] + " ..." for line in kept
    )

"""Incidents on a terminal: the sentence first, the evidence beneath."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from analyzers.findings import Breakdown, Cause, Finding, Member, Timeline
from analyzers.reports.printable import printable
from analyzers.reports.terminal import STYLES, sparkline, without_colors
from analyzers.reports.wording import (
    counted,
    duration,
    event_text,
    evidence_of,
    joined,
    notes,
    onset_text,
    probability,
    time_of_day,
)
from analyzers.root_cause.incidents import OPEN, IncidentReport, state_of
from analyzers.root_cause.summaries import share_text


def render_incidents(report: IncidentReport, console: Console) -> None:
    """Print the incidents.

    Args:
        report: The report.
        console: Where to; its width and colours are respected.
    """
    console.print(Text(incident_headline(report), style="bold"))
    if report.since is not None:
        console.print(
            f"[dim]{time_of_day(report.since)} to {time_of_day(report.until, report.since)} UTC, "
            f"{escape(printable(report.store))}[/dim]"
        )
    for note in notes(report.coverage):
        console.print(Text(printable(f"note: {note}"), style="yellow"))
    for event in report.events[:20]:
        line = f"{time_of_day(event.time, report.since)}  {event_text(event)}"
        console.print(Text(printable(line), style="blue"))
    for place, incident in enumerate(report.incidents, 1):
        console.print()
        console.print(_panel(place, incident, report))
    if report.steady:
        console.print()
        errors = sum(member.n for member in report.steady)
        console.print(
            f"[dim]No incident: {counted(len(report.steady), 'group')} with {errors:,} errors that "
            "came all along or too rarely; see elkhound errors.[/dim]"
        )


def incidents_text(report: IncidentReport, width: int = 100) -> str:
    """Return what ``render_incidents`` prints, without colours."""
    return without_colors(render_incidents, report, width)


def incident_headline(report: IncidentReport) -> str:
    """Return the report in one sentence."""
    if not report.incidents:
        return f"No incident; {report.failed:,} of {report.requests:,} requests failed."
    running = sum(state_of(i, report.until) == OPEN for i in report.incidents)
    return (
        f"{counted(len(report.incidents), 'incident')}, {running} still open; "
        f"{report.failed:,} of {report.requests:,} requests failed."
    )


def member_label(member: Member) -> str:
    """Return what a member is to its incident."""
    if member.category != "error-group":
        return member.category
    return "follows" if member.is_symptom else "group"


def _panel(place: int, incident: Finding, report: IncidentReport) -> Panel:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    last = time_of_day(incident.last_seen, report.since)
    facts.add_row("began", f"{onset_text(incident.onset, report.since)}, last seen {last}")
    facts.add_row("errors", f"{incident.n:,}")
    if incident.effect:
        facts.add_row("failed", f"{share_text(incident.effect)} of the requests while it lasted")
    for breakdown in evidence_of(incident, Breakdown):
        facts.add_row(breakdown.field, Text(printable(joined(breakdown.values))))
    for member in evidence_of(incident, Member):
        kind = member_label(member)
        facts.add_row(kind, Text(printable(f"{member.subject} ({member.n:,}, {member.group})")))
    for timeline in evidence_of(incident, Timeline):
        line = sparkline(timeline, report.since, report.until)
        facts.add_row("over time", Text(line, style=STYLES[incident.severity]))
    parts: list[object] = [Text(printable(incident.summary)), Text(), facts]
    causes = evidence_of(incident, Cause)
    if causes:
        parts += [Text(), _causes(causes)]
    title = (
        f"[{STYLES[incident.severity]}]{place}. {escape(printable(incident.subject))}[/] "
        f"({state_of(incident, report.until)})"
    )
    return Panel(Group(*parts), title=title, title_align="left")  # type: ignore[arg-type]


def _causes(causes: Sequence[Cause]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", justify="right")
    table.add_column("possible cause")
    for header in ("score", "failed", "others", "p", "before"):
        table.add_column(header, justify="right", no_wrap=True)
    for place, cause in enumerate(causes[:5], 1):
        other = "" if cause.other_share is None else share_text(cause.other_share)
        lead = "" if cause.lead_seconds is None else duration(cause.lead_seconds)
        table.add_row(
            str(place),
            Text(printable(cause.sentence)),
            f"{cause.score:.2f}",
            share_text(cause.share),
            other,
            probability(cause.p),
            lead,
        )
    return table

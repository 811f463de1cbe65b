"""Incidents as Markdown, fit to paste into a ticket."""

from __future__ import annotations

from analyzers.findings import Cause, Finding, Member
from analyzers.reports.incidents_terminal import incident_headline, member_label
from analyzers.reports.markdown import escape
from analyzers.reports.wording import (
    duration,
    event_text,
    evidence_of,
    notes,
    onset_text,
    probability,
    time_of_day,
)
from analyzers.root_cause.incidents import IncidentReport, state_of
from analyzers.root_cause.summaries import share_text


def render_incidents_markdown(report: IncidentReport) -> str:
    """Return the incidents as GitHub-flavoured Markdown; text from records is escaped."""
    lines = ["# Incidents", "", escape(incident_headline(report)), ""]
    lines += [
        f"- Window: {time_of_day(report.since)} to {time_of_day(report.until, report.since)} UTC",
        f"- Store: `{report.store.replace('`', '')}`",
    ]
    lines += [f"- Note: {escape(note)}" for note in notes(report.coverage)]
    lines += [
        f"- {time_of_day(event.time, report.since)} {escape(event_text(event))}"
        for event in report.events[:20]
    ]
    for place, incident in enumerate(report.incidents, 1):
        lines += ["", *_incident(place, incident, report)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _incident(place: int, incident: Finding, report: IncidentReport) -> list[str]:
    lines = [
        f"## {place}. {escape(incident.subject)} "
        f"({incident.severity}, {state_of(incident, report.until)})",
        "",
        escape(incident.summary),
        "",
        f"- Incident: `{incident.id}`",
        f"- Began: {onset_text(incident.onset, report.since)} UTC; last seen "
        f"{time_of_day(incident.last_seen, report.since)}",
    ]
    for member in evidence_of(incident, Member):
        label = "Follows from it" if member.is_symptom else member_label(member).capitalize()
        what = "errors" if member.category == "error-group" else "values"
        line = f"- {label}: {escape(member.subject)}, {member.n:,} {what} (`{member.group}`)"
        lines.append(line)
    causes = evidence_of(incident, Cause)
    if causes:
        lines += [
            "",
            "| possible cause | score | failed | others | p | before |",
            "|---|---|---|---|---|---|",
        ]
    for cause in causes[:5]:
        other = "" if cause.other_share is None else share_text(cause.other_share)
        lead = "" if cause.lead_seconds is None else duration(cause.lead_seconds)
        lines.append(
            f"| {escape(cause.sentence)} | {cause.score:.2f} | {share_text(cause.share)} | {other} "
            f"| {probability(cause.p)} | {lead} |"
        )
    return lines

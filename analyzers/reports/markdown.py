"""The report as Markdown, for an issue, a pull request or a run-book."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from analyzers.findings import (
    Breakdown,
    Change,
    Contrast,
    Description,
    Finding,
    LifeCycle,
    StackTrace,
)
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

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!~&])")


def render_markdown(report: ErrorReport) -> str:
    """Return the report as GitHub-flavoured Markdown; text from records is escaped."""
    lines = ["# Error report", "", escape(headline(report)), ""]
    lines += [
        f"- Window: {time_of_day(report.since)} to {time_of_day(report.until, report.since)} UTC",
        f"- Store: `{report.store.replace('`', '')}`",
    ]
    lines += [f"- Note: {escape(note)}" for note in notes(report.coverage, report.omitted)]
    lines.append("")
    if report.events:
        lines += ["## Changes", ""]
        lines += [
            f"- {time_of_day(event.time, report.since)} {escape(event_text(event))}"
            + (f": {escape(event.reason)}" if event.reason else "")
            for event in report.events
        ]
        lines.append("")
    for place, finding in enumerate(report.findings, 1):
        lines += _finding(place, finding, report)
    return "\n".join(lines).rstrip("\n") + "\n"


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _finding(place: int, finding: Finding, report: ErrorReport) -> list[str]:
    lines = [
        f"## {place}. {escape(finding.subject)}",
        "",
        f"**{finding.severity}**: {escape(finding.summary)}",
        "",
        f"- Group: `{finding.id}`",
        f"- Began: {onset_text(finding.onset, report.since)} UTC; last seen "
        f"{time_of_day(finding.last_seen, report.since)}",
    ]
    if finding.effect is not None:
        lines.append(f"- Failed requests while active: {share_text(finding.effect)}")
    for state in evidence_of(finding, LifeCycle):
        lines.append(f"- State: {escape(life_cycle_text(state))}")
    for item in evidence_of(finding, Description):
        lines.append(f"- Template: {escape(item.template)}")
    for breakdown in evidence_of(finding, Breakdown):
        lines.append(f"- {escape(breakdown.field)}: {escape(joined(breakdown.values))}")
    for change in evidence_of(finding, Change):
        lines.append(f"- Change before: {escape(change_text(change))}")
    contrasts = evidence_of(finding, Contrast)
    if contrasts:
        lines += [
            "",
            "| goes with | failed requests | other requests | lift | q |",
            "|---|---:|---:|---:|---:|",
        ]
        lines += [
            f"| {escape(value_text(c))} | {share_text(c.share)} of {c.failed:,} | "
            f"{share_text(c.other_share)} of {c.others:,} | {lift_text(c)} | {probability(c.q)} |"
            for c in contrasts
        ]
    for trace in evidence_of(finding, StackTrace):
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", trace.text)), default=0))
        lines += ["", f"{fence}text", *trace.text.splitlines(), fence]
    lines.append("")
    return lines


def table_lines(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table with a blank line before it; cells are escaped, headers are not."""
    return [
        "",
        f"| {' | '.join(headers)} |",
        "|" + "---|" * len(headers),
        *(f"| {' | '.join(escape(cell) for cell in row)} |" for row in rows),
    ]

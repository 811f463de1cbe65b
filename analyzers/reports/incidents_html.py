"""Incidents as one HTML file: errors, changes and causes on one time axis; everything escaped."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from analyzers.findings import Cause, Finding, Levels, Member, Timeline
from analyzers.reports import wording
from analyzers.reports.charts import SERIES, Mark, Series, stacked_bars
from analyzers.reports.html import asset, environment
from analyzers.reports.incidents_terminal import incident_headline, member_label
from analyzers.reports.lines import level_lines
from analyzers.root_cause.incidents import IncidentReport, state_of
from analyzers.root_cause.summaries import share_text


def render_incidents_html(report: IncidentReport, link: str | None = None) -> str:
    """Return the incidents as a self-contained page without any script."""
    return (
        environment()
        .get_template("incident_report.html")
        .render(
            report=report,
            link=link,
            wording=wording,
            share_text=share_text,
            notes=wording.notes(report.coverage),
            member_label=member_label,
            headline=incident_headline(report),
            incidents=[_incident(place, i, report) for place, i in enumerate(report.incidents, 1)],
            style=Markup(asset("report.css")),  # noqa: S704 (our own file)
            written=wording.time_of_day(datetime.now(UTC)),
        )
    )


def _incident(place: int, incident: Finding, report: IncidentReport) -> dict[str, object]:
    causes = wording.evidence_of(incident, Cause)
    color = SERIES[min(place - 1, len(SERIES) - 1)]
    return {
        "finding": incident,
        "place": place,
        "color": color,
        "state": state_of(incident, report.until),
        "chart": _charts(incident, causes, report, color),
        "causes": causes[:5],
        "members": wording.evidence_of(incident, Member),
    }


def _charts(incident: Finding, causes: list[Cause], report: IncidentReport, color: str) -> Markup:
    timeline = next(iter(wording.evidence_of(incident, Timeline)), None)
    if timeline is None or report.since is None or report.until is None:
        return Markup("")
    when = wording.time_of_day(incident.onset[1], report.since)
    marks = [
        *(
            Mark(
                event.time,
                f"{wording.time_of_day(event.time, report.since)} {wording.event_text(event)}",
                "change",
            )
            for event in report.events
        ),
        *(
            Mark(cause.time, f"{wording.time_of_day(cause.time)} {cause.sentence}", "change")
            for cause in causes
            if cause.category == "resource" and cause.time is not None
        ),
        Mark(incident.onset[1], f"onset {when}: {incident.subject}", "onset", color),
    ]
    series = [Series(incident.subject, color, timeline.counts)]
    bars = stacked_bars(series, marks, report.since, report.until, timeline.seconds, height=140)
    below = [
        level_lines(levels, marks, report.since, report.until)
        for levels in wording.evidence_of(incident, Levels)
    ]
    return Markup("").join([bars, *below])

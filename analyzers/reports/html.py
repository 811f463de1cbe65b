"""The report as one HTML file: no network, no outside script, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

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
from analyzers.reports import wording
from analyzers.reports.charts import SERIES, Mark, Series, contrast_bars, stacked_bars
from analyzers.root_cause.error_report import ErrorReport
from analyzers.root_cause.summaries import share_text

_MAXIMUM_SERIES = len(SERIES) - 1


def render_html(report: ErrorReport, link: str | None = None) -> str:
    """Return the report as a self-contained page, readable in light and dark.

    A content security policy forbids every script but the page's own few lines.
    """
    script = asset("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        environment()
        .get_template("error_report.html")
        .render(
            report=report,
            link=link,
            wording=wording,
            share_text=share_text,
            headline=wording.headline(report),
            notes=wording.notes(report.coverage, report.omitted),
            overview=_overview(report),
            legend=_legend(report),
            groups=[
                _group(place, finding, report) for place, finding in enumerate(report.findings)
            ],
            style=Markup(asset("report.css")),  # noqa: S704 (our own file)
            script=Markup(script),  # noqa: S704
            script_digest=digest,
            written=wording.time_of_day(datetime.now(UTC)),
        )
    )


@cache
def environment() -> Environment:
    """Return the templates; everything that they show is escaped."""
    return Environment(
        loader=PackageLoader("analyzers.reports", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(name: str) -> str:
    """Return a file that pages hold."""
    return resources.files("analyzers.reports").joinpath("templates", name).read_text("utf-8")


def _color(place: int) -> str:
    return SERIES[min(place, _MAXIMUM_SERIES)]


def _changes(report: ErrorReport) -> list[Mark]:
    return [
        Mark(
            event.time,
            f"{wording.time_of_day(event.time, report.since)} {wording.event_text(event)}",
            "change",
        )
        for event in report.events
    ]


def _onset(finding: Finding, report: ErrorReport, color: str) -> Mark:
    when = wording.time_of_day(finding.onset[1], report.since)
    return Mark(finding.onset[1], f"onset {when}: {finding.subject}", "onset", color)


def _counts(finding: Finding) -> Timeline | None:
    return next(iter(wording.evidence_of(finding, Timeline)), None)


def _overview(report: ErrorReport) -> Markup:
    if report.since is None or report.until is None or not report.findings:
        return Markup("")
    series = [
        Series(finding.subject, _color(place), timeline.counts)
        for place, finding in enumerate(report.findings)
        if (timeline := _counts(finding)) is not None
    ]
    onsets = [_onset(f, report, _color(place)) for place, f in enumerate(report.findings)]
    return stacked_bars(
        series, [*_changes(report), *onsets], report.since, report.until, report.bucket_seconds
    )


def _legend(report: ErrorReport) -> list[tuple[str, str, str]]:
    return [
        (finding.id, _color(place), finding.subject)
        for place, finding in enumerate(report.findings)
    ]


def _group(place: int, finding: Finding, report: ErrorReport) -> dict[str, object]:
    timeline = _counts(finding)
    chart = Markup("")
    if timeline is not None and report.since is not None and report.until is not None:
        color = _color(place)
        chart = stacked_bars(
            [Series(finding.subject, color, timeline.counts)],
            [*_changes(report), _onset(finding, report, color)],
            report.since,
            report.until,
            timeline.seconds,
            height=120,
        )
    contrasts = [
        {
            "value": wording.value_text(contrast),
            "lift": wording.lift_text(contrast),
            "q": wording.probability(contrast.q),
            "bars": contrast_bars(
                contrast.share,
                contrast.other_share,
                f"{share_text(contrast.share)} of {contrast.failed:,} failed",
                f"{share_text(contrast.other_share)} of {contrast.others:,} others",
            ),
        }
        for contrast in wording.evidence_of(finding, Contrast)
    ]
    return {
        "finding": finding,
        "place": place + 1,
        "color": _color(place),
        "chart": chart,
        "contrasts": contrasts,
        "descriptions": wording.evidence_of(finding, Description),
        "breakdowns": wording.evidence_of(finding, Breakdown),
        "states": wording.evidence_of(finding, LifeCycle),
        "changes": wording.evidence_of(finding, Change),
        "traces": wording.evidence_of(finding, StackTrace),
    }

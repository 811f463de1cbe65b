"""Performance as one HTML file: measures, estimates, coverage and drift on one axis of windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from analyzers.monitors.performance.slices import PerformanceReport, Slice
from analyzers.reports import performance_wording as words
from analyzers.reports.html import asset, environment
from analyzers.reports.model_charts import (
    Point,
    calibration_chart,
    coverage_chart,
    drift_map,
    measure_chart,
)
from analyzers.reports.wording import duration, time_of_day
from analyzers.root_cause.summaries import share_text

MOST_COLUMNS = 30
"""Columns in the map of drift, those that moved most."""


def render_performance_html(report: PerformanceReport, link: str | None = None) -> str:
    """Return the report as a self-contained page without any script; everything is escaped."""
    overall = report.overall.performance
    primary, second = words.primary_measures(report)
    return (
        environment()
        .get_template("performance_report.html")
        .render(
            report=report,
            link=link,
            words=words,
            headline=words.performance_headline(report),
            notes=words.performance_notes(report),
            changes=words.changes_text(report.changes, words.is_regression(report)),
            tiles=_tiles(report),
            charts=[
                (title(name), measure_chart(_points(report, name, name == primary), title(name)))
                for name in (primary, second)
            ],
            coverage=coverage_chart(_points(report, primary)),
            drift=_drift(report),
            calibration=calibration_chart(overall.calibration),
            is_estimated=report.overall.estimation is not None,
            style=Markup(asset("report.css")),  # noqa: S704 (our own file)
            written=time_of_day(datetime.now(UTC)),
        )
    )


def _tiles(report: PerformanceReport) -> list[tuple[str, str]]:
    found = report.overall.performance
    primary = words.primary_measures(report)[0]
    measured = next((one for one in found.measures if one.name == primary), None)
    tiles = [
        (f"{found.rows:,}", "predictions"),
        (share_text(found.coverage) if found.rows else "-", "have a label"),
        (words.value_text(measured), words.NAMES[primary]),
    ]
    if found.lag_median is not None:
        tiles.append((duration(found.lag_median), "until the label, median"))
    return tiles


def title(name: str) -> str:
    """Return what people call a measure, as a heading begins."""
    called = words.NAMES[name]
    return called[:1].upper() + called[1:]


def _points(report: PerformanceReport, name: str, is_tested: bool = True) -> list[Point]:
    """Return a measure of each window; only that which is tested can be worse."""
    return [_point(one, name, is_tested) for one in report.windows]


def _point(one: Slice, name: str, is_tested: bool) -> Point:
    found = next((m for m in one.performance.measures if m.name == name), None)
    said = next(
        (m for m in (one.estimation.measures if one.estimation else ()) if m.name == name), None
    )
    return Point(
        one.name,
        found.value if found else None,
        found.low if found else None,
        found.high if found else None,
        said.value if said else None,
        said.low if said else None,
        said.high if said else None,
        one.performance.coverage,
        one.is_worse and is_tested,
    )


def _drift(report: PerformanceReport) -> Markup:
    names: dict[str, float] = {}
    for window in report.drift:
        for column in window.columns:
            if column.share_moved == column.share_moved:
                names[column.column] = max(names.get(column.column, 0.0), column.share_moved)
    ranked: Sequence[str] = sorted(names, key=lambda name: (-names[name], name))[:MOST_COLUMNS]
    rows = []
    for name in ranked:
        cells: list[tuple[float, bool] | None] = []
        for window in report.drift:
            found = next((one for one in window.columns if one.column == name), None)
            known = found is not None and found.share_moved == found.share_moved
            cells.append((found.share_moved, found.is_drifted) if found and known else None)
        rows.append((name, cells))
    return drift_map([window.name for window in report.drift], rows)

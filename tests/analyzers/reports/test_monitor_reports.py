"""Reports of monitors: numbers with their intervals, pictures, and nothing unescaped."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from analyzers.monitors.drift.comparing import compare
from analyzers.monitors.performance.outcomes import Grouping, Outcomes
from analyzers.monitors.performance.report import Asked, report_performance
from analyzers.monitors.performance.slices import DriftWindow, PerformanceReport
from analyzers.monitors.quality.checks import QualityCheck
from analyzers.monitors.quality.report import QualityReport
from analyzers.monitors.references.columns import count_numbers, profile_numbers
from analyzers.reports.model_charts import calibration_chart, drift_map, measure_chart
from analyzers.reports.performance_html import render_performance_html
from analyzers.reports.performance_markdown import render_performance_markdown
from analyzers.reports.performance_terminal import render_performance
from analyzers.reports.quality_markdown import render_quality_markdown
from analyzers.reports.quality_terminal import render_quality
from tests.analyzers.monitors.performance.outcome_rows import DAY, binary, numbers, over_days

NASTY = '<script>alert("x")</script>|`[bold]'


def report(outcomes: Outcomes | None = None) -> PerformanceReport:
    """Return a report of four days, the last one worse, with a group of a nasty name."""
    draw = np.random.default_rng(1)
    if outcomes is None:
        days = [binary(1500, draw, concept=3.0 if day == 3 else 0.0) for day in range(4)]
        segment = Grouping((NASTY,), np.zeros(6000, dtype=np.int64))
        outcomes = replace(over_days(days), groupings={"segment": segment})
    made = report_performance(outcomes, Asked(DAY, estimates=True), NASTY, "f")
    profile = profile_numbers(draw.normal(size=1000))
    assert profile is not None
    windows = []
    for place in range(4):
        now = count_numbers(draw.normal(place, 1, size=1000), profile.edges)
        begin = datetime(1970, 1, 1, tzinfo=UTC) + place * timedelta(days=1)
        columns = tuple(compare({NASTY: profile}, {NASTY: now}))
        windows.append(DriftWindow(str(begin.date()), begin, begin + timedelta(days=1), columns))
    return replace(made, drift=tuple(windows))


def on_terminal(render: object, shown: object, width: int = 80) -> str:
    """Return what a renderer prints."""
    out = StringIO()
    render(shown, Console(file=out, width=width, no_color=True))  # type: ignore[operator]
    return out.getvalue()


def test_the_page_shows_everything_and_escapes_all() -> None:
    """Measures, estimate, coverage, drift, calibration; no script, no network."""
    page = render_performance_html(report())
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    for text in ("Accuracy by window", "Coverage by window", "Drift by window", "Calibration"):
        assert text in page
    assert page.count("<svg") == 5
    assert "<polygon" in page  # the interval of the estimate
    assert ", worse</title>" in page
    assert len(re.findall(r", drifted</title>", page)) == 3


def test_a_page_without_labels_or_windows() -> None:
    """Says so, and draws nothing."""
    draw = np.random.default_rng(2)
    empty = report_performance(binary(0, draw), Asked(DAY), "p", "f")
    assert "No performance yet: there are no predictions." in render_performance_html(empty)
    regression = report_performance(numbers(500, draw), Asked(), "p", "f")
    page = render_performance_html(regression)
    assert "MAE" in page
    assert "by window" not in page


@pytest.mark.parametrize("width", [80, 160])
def test_the_terminal(width: int) -> None:
    """Names stay whole; markup of others is text."""
    text = on_terminal(render_performance, report(), width)
    assert "1970-01-04" in text
    assert "WORSE" in text
    assert "[bold]" in text.replace("\n", "")


def test_markdown() -> None:
    """Cells are escaped, q-values stand beside verdicts."""
    text = render_performance_markdown(report())
    assert "| window | n |" in text
    assert "<script>" not in text
    assert r"\|" in text


def test_charts_of_nothing_are_nothing() -> None:
    """No axis without a value."""
    assert measure_chart([], "accuracy") == ""
    assert drift_map([], []) == ""
    assert calibration_chart([]) == ""


def test_quality() -> None:
    """Broken rules in full, the others counted; all of them in Markdown."""
    check = QualityCheck(
        "validity", NASTY, "one of a", is_declared=True, n=10, violations=2, share=0.2, low=0.1,
        high=0.4, allowed=0.0, is_violated=True, examples=(NASTY,),
    )  # fmt: skip
    kept = replace(
        check, is_violated=False, dimension="volume", share=1.5, is_declared=False, q=0.5
    )
    found = QualityReport("here", "", 10, (check, kept))
    text = on_terminal(render_quality, found, 120)
    assert "1 of 2 checks broken, over 10 rows." in text
    assert "kept: 1 of volume" in text
    markdown = render_quality_markdown(found)
    assert "<script>" not in markdown
    assert "x 1.50" in markdown

"""The HTML report in a real Chromium: no script error, everything on the page, light and dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzers.reports.html import render_html
from analyzers.reports.incidents_html import render_incidents_html
from analyzers.root_cause.error_report import ErrorReport
from analyzers.root_cause.incidents import report_incidents
from analyzers.stores.base import Window
from analyzers.stores.local import LocalStore
from benchmarks.root_cause.__main__ import run
from tests.analyzers.conftest import Opener, error, prediction
from tests.analyzers.reports.conftest import HOSTILE

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    path = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing")
        pytest.skip("no Chromium here: install your system's package (chromium) to test the page")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(params=["light", "dark"])
def page(browser: Any, request: Any) -> Iterator[Any]:
    """An empty page in one of the colour schemes; its errors fail the test."""
    context = browser.new_context(color_scheme=request.param, offline=True)
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on(
        "console",
        lambda message: (
            errors.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    found.on(
        "request",
        lambda asked: (
            errors.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None
        ),
    )
    found.scheme = request.param
    yield found
    context.close()
    assert errors == []


def show(page: Any, report: ErrorReport, folder: Path) -> None:
    """Open a report as a file, as a user would."""
    file = folder / "report.html"
    file.write_text(render_html(report), encoding="utf-8")
    page.goto(file.as_uri())


def test_the_report_is_on_the_page(page: Any, report: ErrorReport, tmp_path: Path) -> None:
    """Groups, plots, onset marks, the deployment and the contrasts."""
    show(page, report, tmp_path)
    assert page.title() == "Error report"
    assert page.locator("section.group").count() == 2
    assert page.locator("#overview svg.chart rect").count() >= 5
    assert page.locator("#overview .onset").count() == 2
    assert page.locator("#overview .change").count() == 1
    assert page.locator("section.group").first.locator("table.contrasts tr").count() >= 2
    assert "ValueError: row 1 is bad" in page.locator("section.group h2").first.inner_text()
    assert page.locator("svg.chart rect").first.bounding_box()["height"] > 0


def test_text_stands_out_from_its_ground(page: Any, report: ErrorReport, tmp_path: Path) -> None:
    """At least 4.5 : 1 (WCAG 2.2, 1.4.3) in both colour schemes."""
    show(page, report, tmp_path)
    for selector in ("h1", ".soft", ".badge", "dt", "dd", "summary"):
        colors = page.locator(selector).first.evaluate(
            "e => { let g = e; while (getComputedStyle(g).backgroundColor === 'rgba(0, 0, 0, 0)') g = g.parentElement;"
            " return [getComputedStyle(e).color, getComputedStyle(g).backgroundColor]; }"
        )
        assert contrast_ratio(*colors) >= 4.5, (selector, colors)


def test_stack_traces_open_together(page: Any, report: ErrorReport, tmp_path: Path) -> None:
    """The page's one button works."""
    show(page, report, tmp_path)
    page.click("#traces")
    assert page.locator("details.trace[open]").count() == 2
    page.click("#traces")
    assert page.locator("details.trace[open]").count() == 0


def test_hostile_text_stays_text(page: Any, hostile_report: ErrorReport, tmp_path: Path) -> None:
    """Nothing that a service logged runs."""
    show(page, hostile_report, tmp_path)
    assert page.title() == "Error report"
    assert page.locator("img").count() == 0
    assert "<script>" in page.locator("section.group h2").first.inner_text()


def test_incidents_are_on_the_page(page: Any, tmp_path: Path) -> None:
    """A plot with its onset and what ran out, members and causes; no script at all."""
    run("memory leak", 3, tmp_path / "data")
    with LocalStore(tmp_path / "data") as store:
        text = render_incidents_html(report_incidents(store, Window()))
    file = tmp_path / "incidents.html"
    file.write_text(text, encoding="utf-8")
    page.goto(file.as_uri())
    assert page.locator("section.group").count() == 1
    assert "memory ran out on" in page.locator("table.contrasts td").first.inner_text()
    pictures = [item.get_attribute("aria-label") for item in page.locator("svg.chart").all()]
    assert pictures == [
        "errors over time",
        "requests over time",
        "memory over time",
        "processor over time",
    ]
    assert page.locator("svg.chart .onset").count() == len(pictures)  # one axis of time
    assert page.locator("svg.lines").nth(1).locator("path.level").count() == 4  # hosts
    assert page.locator("svg.chart rect").count() >= 5
    assert page.locator("script").count() == 0


def test_hostile_incidents_stay_text(page: Any, open_local: Opener, tmp_path: Path) -> None:
    """Nothing that a service logged runs."""
    records = [prediction(n, n, failed="f1" if n >= 300 else None) for n in range(400)]
    records += [
        error(n, n, message=HOSTILE, template=HOSTILE, type=HOSTILE, types=[HOSTILE])
        for n in range(300, 400)
    ]
    text = render_incidents_html(report_incidents(open_local(records), Window()))
    file = tmp_path / "incidents.html"
    file.write_text(text, encoding="utf-8")
    page.goto(file.as_uri())
    assert page.title() == "Incidents"
    assert page.locator("img").count() == 0
    assert "<script>" in page.locator("section.group h2").first.inner_text()


def test_an_empty_report_opens(page: Any, empty_report: ErrorReport, tmp_path: Path) -> None:
    """No group, no plot, one sentence."""
    show(page, empty_report, tmp_path)
    assert "No records" in page.locator(".headline").inner_text()
    assert page.locator("section").count() == 0


def test_a_narrow_screen_needs_no_sideways_scrolling(
    page: Any, report: ErrorReport, tmp_path: Path
) -> None:
    """The page fits a telephone."""
    page.set_viewport_size({"width": 390, "height": 800})
    show(page, report, tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def contrast_ratio(first: str, second: str) -> float:
    """Return the ratio of two CSS colours (WCAG 2.2, relative luminance)."""
    lights = sorted((luminance(color) for color in (first, second)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def luminance(color: str) -> float:
    """Return the relative luminance of a colour such as ``rgb(1, 2, 3)``."""
    parts = [float(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

"""Every format says the same, and none lets text from records out of its place."""

from __future__ import annotations

import re

import orjson

from analyzers.findings import Timeline
from analyzers.reports.html import render_html
from analyzers.reports.json_report import render_json, render_ndjson
from analyzers.reports.markdown import escape, render_markdown
from analyzers.reports.printable import printable
from analyzers.reports.terminal import shorten_trace, sparkline, terminal_text
from analyzers.reports.wording import duration, evidence_of, headline, probability
from analyzers.root_cause.error_report import ErrorReport
from analyzers.root_cause.summaries import share_text
from tests.analyzers.reports.conftest import HOSTILE


def test_every_format_names_the_groups(report: ErrorReport) -> None:
    """Group, version, time, share and cause are in each of them."""
    for text in (terminal_text(report, width=140), render_markdown(report), render_html(report)):
        assert "ValueError: row 1 is bad" in text
        assert "04:00:50" in text
        assert "100%" in text
        assert "model version 2" in text
        assert "2 error groups from 13 errors, 1 critical" in text


def test_json_is_the_whole_report(report: ErrorReport) -> None:
    """The machine's format has everything, a line a finding in the other."""
    document = orjson.loads(render_json(report))
    lines = [orjson.loads(line) for line in render_ndjson(report).splitlines()]
    assert document["findings"] == lines
    assert document["requests"] == 100
    assert {item["kind"] for item in lines[0]["evidence"]} == {
        "description", "breakdown", "timeline", "contrast", "change", "stack_trace",
    }  # fmt: skip


def test_an_empty_report_is_one_sentence(empty_report: ErrorReport) -> None:
    """No records: said, in every format."""
    for text in (
        terminal_text(empty_report),
        render_markdown(empty_report),
        render_html(empty_report),
    ):
        assert "No records in" in text
    assert render_ndjson(empty_report) == ""


def test_html_escapes_everything(hostile_report: ErrorReport) -> None:
    """Only the page's own script, no tag from a record."""
    page = render_html(hostile_report)
    assert page.count("<script>") == 1
    assert "<img" not in page
    assert 'document.title="owned"' not in page


def test_html_needs_no_network(report: ErrorReport) -> None:
    """No address is in the page but the SVG's own, which is none."""
    page = render_html(report)
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_markdown_escapes_everything(hostile_report: ErrorReport) -> None:
    """No tag, no link, and the code block ends where it should."""
    page = render_markdown(hostile_report)
    outside = re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", page)
    assert not re.search(r"(?<!\\)<", outside)
    assert "```" not in outside
    assert escape("a|b\n# c") == r"a\|b \# c"


def test_the_terminal_shows_markup_as_text(hostile_report: ErrorReport) -> None:
    """Square brackets in messages are no styles."""
    assert "[x](y)" in terminal_text(hostile_report, width=400)
    assert HOSTILE[:20] in terminal_text(hostile_report, width=400)


def test_control_characters_do_not_reach_the_terminal() -> None:
    """A message that would clear the screen or set the title is shown, not obeyed."""
    assert printable("a\x1b[2J\x07\x9b1m\tb\n") == "a\\x1b[2J\\x07\\x9b1m\tb\n"


def test_traces_are_shortened_to_own_code() -> None:
    """Library frames are counted, not shown."""
    library = '  File "/x/site-packages/lib/core.py", line 1, in f\n    g()\n'
    own = '  File "/srv/app.py", line 3, in handle\n    predict()\n'
    text = shorten_trace(
        "Traceback (most recent call last):\n" + library + own + library * 3 + "ValueError: x"
    )
    assert text.splitlines() == [
        "Traceback (most recent call last):",
        "  ... 1 library frame ...",
        '  File "/srv/app.py", line 3, in handle',
        "    predict()",
        "  ... 3 library frames ...",
        "ValueError: x",
    ]


def test_sparklines_span_the_window(report: ErrorReport) -> None:
    """The highest bucket is a full block; empty ones are blank."""
    (timeline,) = evidence_of(report.findings[0], Timeline)
    line = sparkline(timeline, report.since, report.until)
    assert max(line) == "█"
    assert line.strip() != line


def test_numbers_in_words() -> None:
    """Shares never round to a false 0 or 100, spans have two units."""
    assert [share_text(x) for x in (0.0, 0.0004, 0.123, 0.9996, 1.0)] == [
        "0%",
        "<0.1%",
        "12.3%",
        ">99.9%",
        "100%",
    ]
    assert [duration(x) for x in (0.25, 59.9, 61, 3600, 93_600 * 2)] == [
        "0.2 s",
        "60 s",
        "1 min 1 s",
        "1 h",
        "2 days 4 h",
    ]
    assert [probability(x) for x in (None, 0.5, 2e-9, 0.0)] == ["-", "0.500", "2e-09", "<1e-300"]


def test_the_headline_counts(report: ErrorReport) -> None:
    """One sentence with the figures."""
    assert headline(report).endswith("10 of 100 requests failed (10.0%).")

"""The report says what broke, since when, for whom, and what goes with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from analyzers.findings import Breakdown, Change, Contrast, StackTrace, Timeline
from analyzers.reports.wording import evidence_of
from analyzers.root_cause.error_report import bucket_width, report_errors
from analyzers.stores.base import Condition, Window
from tests.analyzers.conftest import START, Opener, Record, error, prediction, record


def bad_deploy() -> list[Record]:
    """Version 2 is deployed after 50 s, fails every other request until 70 s, and is one of two."""
    records: list[Record] = []
    for second in range(100):
        on_two = 50 <= second < 70
        failed = "f1" if on_two and second % 2 else None
        records.append(prediction(second, second, version="2" if on_two else "1", failed=failed))
        if failed:
            records.append(error(second, second, version="2"))
    records.append(
        record(
            "lifecycle", 49, 1, event={"action": "model-deployed", "reason": "new scores"},
            ml={"model": {"name": "m", "version": "2"}, "lifecycle": {"version": {"before": "1", "after": "2"}}},
        )
    )  # fmt: skip
    return records


def test_a_bad_deploy(open_local: Opener) -> None:
    """Version, onset, share, change before it and trace are all there."""
    report = report_errors(open_local(bad_deploy()), Window())
    assert (report.requests, report.failed) == (100, 10)
    (finding,) = report.findings
    assert (finding.model, finding.version, finding.n, finding.severity) == (
        "m",
        "2",
        10,
        "critical",
    )
    assert finding.onset == (START + timedelta(seconds=50), START + timedelta(seconds=51))
    assert finding.last_seen == START + timedelta(seconds=69)
    assert finding.effect == pytest.approx(10 / 21, abs=0.05)
    (contrast,) = evidence_of(finding, Contrast)
    assert (contrast.field, contrast.value) == ("ml.model.version", "2")
    assert (finding.p, finding.q) == (contrast.p, contrast.q)
    (change,) = evidence_of(finding, Change)
    assert (change.action, change.version, change.seconds_before) == ("model-deployed", "2", 2.0)
    assert evidence_of(finding, StackTrace)[0].event_id == "error-51"
    assert Breakdown("ml.model.version", (("2", 10),)) in evidence_of(finding, Breakdown)
    assert sum(count for _, count in evidence_of(finding, Timeline)[0].counts) == 10
    assert "only on version 2" in finding.summary
    assert (
        "goes with model version 2 (100% of its failed requests, 11.1% of the others)"
        in finding.summary
    )


def test_a_second_run_says_the_same(open_local: Opener) -> None:
    """The report of the same records is the same, ids included."""
    store = open_local(bad_deploy())
    window = Window(until=START + timedelta(hours=1))
    assert report_errors(store, window).document() == report_errors(store, window).document()


def test_a_tie_is_reported_as_a_tie(open_local: Opener) -> None:
    """Two features that are missing together are both named."""
    records = [prediction(n, n, failed="f1", features={"missing": ["a", "b"]}) for n in range(20)]
    records += [error(n, n) for n in range(20)] + [prediction(n, n) for n in range(20, 120)]
    (finding,) = report_errors(open_local(records), Window()).findings
    assert "missing feature a" in finding.summary
    assert "equally with missing feature b" in finding.summary


def test_a_group_is_compared_with_requests_to_its_own_service(open_local: Opener) -> None:
    """What another service does, and where it runs, explains nothing."""
    records = [
        prediction(n, n, version="2", failed="f1" if n % 3 == 0 else None) for n in range(90)
    ]
    records += [error(n, n, version="2") for n in range(0, 90, 3)]
    others = [prediction(n, 1000 + n, version="9") for n in range(900)]
    for item in others:
        item["service"]["name"] = "another"
        item["host"]["name"] = "b"
    (finding,) = report_errors(open_local(records + others), Window()).findings
    assert evidence_of(finding, Contrast) == []
    assert finding.requests == 90
    assert finding.effect == pytest.approx(1 / 3, abs=0.01)


def test_errors_outside_predictions_are_reported_without_a_comparison(open_local: Opener) -> None:
    """No request is tied to them, and the report says so."""
    (finding,) = report_errors(open_local([error(0, 1), prediction(0, 2)]), Window()).findings
    assert (finding.requests, finding.effect, finding.q, finding.severity) == (
        0,
        None,
        None,
        "info",
    )
    assert "no request data to compare with" in finding.summary


def test_conditions_and_windows(open_local: Opener) -> None:
    """Only the version asked for, only the time asked for."""
    store = open_local(bad_deploy())
    assert (
        report_errors(store, Window(), [Condition("ml.model.version", "any_of", ("1",))]).findings
        == ()
    )
    late = report_errors(store, Window(since=START + timedelta(seconds=60)))
    assert late.findings[0].n == 5


def test_limits_are_said(open_local: Opener) -> None:
    """Groups beyond the limit are counted."""
    records = [error(n, n, fingerprint=f"f{n}", culprit=f"m:{n}") for n in range(5)]
    report = report_errors(open_local(records), Window(), limit=2)
    assert (len(report.findings), report.omitted) == (2, 3)


def test_records_of_the_future_are_left_out_and_counted(open_local: Opener) -> None:
    """A clock that is ahead does not stretch the report."""
    ahead = error(0, 1)
    ahead["@timestamp"] = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="milliseconds")
    report = report_errors(open_local([ahead, error(0, 2)]), Window())
    assert report.findings[0].n == 1
    assert report.coverage.future == 1


def test_empty(open_local: Opener) -> None:
    """No record makes an empty report, not an error."""
    report = report_errors(open_local([]), Window())
    assert (report.findings, report.requests, report.since) == ((), 0, None)


def test_the_document_is_json(open_local: Opener) -> None:
    """No NaN, no infinity, times in ISO 8601."""
    document = report_errors(open_local(bad_deploy()), Window()).document()
    text = orjson.dumps(document).decode()
    assert orjson.loads(text) == document
    assert document["findings"][0]["onset"] == [
        "2026-11-21T04:00:50.000Z",
        "2026-11-21T04:00:51.000Z",
    ]


@pytest.mark.parametrize(
    ("seconds", "width"), [(0, 0.25), (60, 1), (3600, 60), (86400, 1800), (90 * 86400, 172800)]
)
def test_buckets_are_round_and_about_sixty(seconds: float, width: float) -> None:
    """A window of any length is cut into a readable number of buckets."""
    assert bucket_width(START, START + timedelta(seconds=seconds)) == width

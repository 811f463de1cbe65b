"""Incidents keep their id from run to run, and are closed when they are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analyzers.findings import Cause, Finding, Member
from analyzers.results.incidents import save_incidents
from analyzers.stores.base import Window
from analyzers.stores.elasticsearch_results import ElasticsearchResults
from analyzers.stores.local_results import LocalResults
from analyzers.stores.results import ResultStore
from shipper.schema import schema
from shipper.schema.validation import lookup, validate
from tests.conftest import new_namespace

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture(params=["local", "elasticsearch"])
def results(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ResultStore]:
    """Each store of results, empty."""
    if request.param == "local":
        yield LocalResults(tmp_path)
        return
    url = request.getfixturevalue("elasticsearch_url")
    store = ElasticsearchResults(f"{url}?namespace={new_namespace()}")
    yield store
    store.close()


def minute(number: float) -> datetime:
    """Return a time."""
    return START + timedelta(minutes=number)


def incident(identity: str, begin: float, last: float, group: str = "g1") -> Finding:
    """Return an incident."""
    best = Cause(
        category="value", field="host.name", value="a", score=0.8, share=1.0, other_share=0.2,
        lift=5.0, p=1e-9, q=1e-8, sentence="the host is a",
    )  # fmt: skip
    return Finding(
        kind="incident", id=identity, subject="x", summary="y", model=None, version=None,
        since=minute(0), until=minute(60), n=9, requests=90, effect=0.1, p=1e-9, q=1e-8,
        onset=(minute(begin), minute(begin + 0.5)), last_seen=minute(last), severity="critical",
        evidence=(best, Member(group, "x", 9, is_symptom=False)),
    )  # fmt: skip


def save(results: ResultStore, found: list[Finding], since: float, until: float) -> None:
    """Save what one run found."""
    window = Window(minute(since), minute(until))
    save_incidents(results, found, window, datetime.now(UTC))


def stored(results: ResultStore) -> list[tuple[str, str]]:
    """Return id and state of what is stored."""
    documents: list[Any] = list(results.read("incidents", Window()))
    for document in documents:
        validate(document, schema("incidents"))
    return sorted((lookup(d, "ml.finding.id"), lookup(d, "ml.incident.state")) for d in documents)


def test_a_later_run_finds_the_same_incident(results: ResultStore) -> None:
    """Although its onset, and so its own id, came out otherwise."""
    save(results, [incident("first", 10, 19)], 0, 20)
    assert stored(results) == [("first", "open")]
    save(results, [incident("second", 11, 29)], 5, 30)
    assert stored(results) == [("first", "open")]
    (document,) = results.read("incidents", Window())
    assert lookup(document, "ml.finding.last_seen") == "2026-11-21T04:29:00.000Z"
    assert lookup(document, "ml.incident.cause.sentence") == "the host is a"


def test_an_onset_before_the_window_is_remembered(results: ResultStore) -> None:
    """A later run sees only the rest of it."""
    save(results, [incident("first", 10, 19)], 0, 20)
    save(results, [incident("second", 31, 39)], 30, 40)
    (document,) = results.read("incidents", Window())
    assert lookup(document, "ml.finding.onset.earliest") == "2026-11-21T04:10:00.000Z"


def test_an_incident_that_is_over_is_closed(results: ResultStore) -> None:
    """By the run that finds it, or by one that no longer does."""
    save(results, [incident("a", 10, 19)], 0, 20)
    save(results, [], 20, 30)
    assert stored(results) == [("a", "open")]
    save(results, [], 30, 40)
    assert stored(results) == [("a", "over")]
    save(results, [incident("b", 1, 2, group="g2")], 0, 60)
    assert stored(results) == [("a", "over"), ("b", "over")]


def test_the_same_group_hours_later_is_another_incident(results: ResultStore) -> None:
    """It was over."""
    save(results, [incident("a", 10, 19)], 0, 20)
    save(results, [incident("b", 200, 219)], 180, 220)
    assert stored(results) == [("a", "over"), ("b", "open")]

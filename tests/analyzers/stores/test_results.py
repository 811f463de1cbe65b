"""Results are replaced window by window, on both stores alike."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from analyzers.stores.base import StoreError, Window
from analyzers.stores.elasticsearch_results import ElasticsearchResults
from analyzers.stores.local_results import LocalResults
from analyzers.stores.results import Result, ResultStore, Saved, days_of
from shipper.schema import schema
from shipper.schema.validation import lookup, validate
from tests.conftest import new_namespace
from tests.receivers.proxy import faulty

KIND = "error-groups"
START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def hour(number: int) -> Window:
    """Return a window of an hour."""
    return Window(START + timedelta(hours=number), START + timedelta(hours=number + 1))


def stamp(moment: datetime | None) -> str:
    """Return a time as documents have it."""
    assert moment is not None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def result(group: str, window: Window, created: datetime | None = None, **own: Any) -> Result:
    """Return a result of a group in a window."""
    document = {
        "@timestamp": stamp(window.until),
        "event": {"created": stamp(created or datetime.now(UTC))},
        "ml": {
            "window": {
                "since": stamp(window.since),
                "until": stamp(window.until),
                "seconds": 3600.0,
            },
            "finding": {
                "id": group,
                "kind": "error-group",
                "evidence": [{"kind": "breakdown", "values": [["a", 1]]}],
                "n": 3,
                **own,
            },
        },
        "error": {"grouping_key": group, "fingerprint": ["f1", "f2"]},
    }
    if isinstance(lookup(document, "ml.finding.n"), int):
        validate(document, schema(KIND))
    return Result(f"{group}-{stamp(window.since)}", document)


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


def stored(results: ResultStore, window: Window | None = None) -> list[str]:
    """Return the ids of the groups that are stored."""
    return [d["ml"]["finding"]["id"] for d in results.read(KIND, window or Window())]


def test_a_second_run_of_a_window_changes_nothing(results: ResultStore) -> None:
    """The same documents under the same ids."""
    both = [result("a", hour(0)), result("b", hour(0))]
    assert results.replace(KIND, hour(0), both) == Saved(2, 0)
    before = list(results.read(KIND, Window()))
    assert results.replace(KIND, hour(0), both) == Saved(2, 0)
    assert list(results.read(KIND, Window())) == before
    assert len(before) == 2


def test_documents_come_back_as_they_were(results: ResultStore) -> None:
    """Times, lists, and evidence that is kept whole."""
    one = result("a", hour(0), effect=0.25, q=1e-300)
    results.replace(KIND, hour(0), [one])
    assert list(results.read(KIND, Window())) == [one.document]


def test_what_is_no_longer_found_goes(results: ResultStore) -> None:
    """Only in the window that was computed again."""
    results.replace(KIND, hour(0), [result("a", hour(0)), result("b", hour(0))])
    results.replace(KIND, hour(1), [result("a", hour(1))])
    assert results.replace(KIND, hour(0), [result("b", hour(0)), result("c", hour(0))]) == Saved(
        2, 1
    )
    assert stored(results) == ["b", "c", "a"]
    assert results.replace(KIND, hour(0), []) == Saved(0, 2)
    assert stored(results) == ["a"]


def test_windows_and_reading_some_of_them(results: ResultStore) -> None:
    """Windows have results or are not there; reading goes by their end."""
    assert results.windows(KIND, 3600) == []
    assert results.replace(KIND, hour(0), []) == Saved(0, 0)
    for number in (2, 0, 1):
        results.replace(KIND, hour(number), [result(f"g{number}", hour(number))])
    assert results.windows(KIND, 3600) == [hour(0), hour(1), hour(2)]
    assert results.windows(KIND, 60) == []
    assert stored(results, Window(since=hour(1).until)) == ["g1", "g2"]
    assert stored(results, Window(until=hour(1).until)) == ["g0"]


def test_more_results_than_a_page(results: ResultStore) -> None:
    """All are written, read, and removed."""
    many = [result(f"g{n:04}", hour(0)) for n in range(2500)]
    assert results.replace(KIND, hour(0), many) == Saved(2500, 0)
    assert stored(results) == [f"g{n:04}" for n in range(2500)]
    assert results.replace(KIND, hour(0), many[:1]) == Saved(1, 2499)


def test_results_expire(results: ResultStore, tmp_path: Path) -> None:
    """A year after they were computed last, whatever time they speak of."""
    assert results.expire(KIND) == 0
    old = datetime.now(UTC) - timedelta(days=366)
    results.replace(KIND, hour(0), [result("old", hour(0), created=old)])
    results.replace(KIND, hour(1), [result("new", hour(1))])
    for path in tmp_path.rglob("*T040000000Z-*.parquet"):
        os.utime(path, (time.time(), old.timestamp()))
    assert results.expire(KIND) == 1
    assert stored(results) == ["new"]


def test_results_belong_to_one_namespace() -> None:
    """A pattern is none."""
    with pytest.raises(StoreError, match=r"one namespace, and 'prod\*' is none"):
        ElasticsearchResults("http://localhost:9200?namespace=prod*")


def test_retention_in_days() -> None:
    """As Elasticsearch writes it."""
    assert [days_of(text) for text in ("365d", "12h", "90m")] == [365.0, 0.5, 0.0625]


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    """We cannot tear it, others can: its window is computed again."""
    results = LocalResults(tmp_path)
    results.replace(KIND, hour(0), [result("a", hour(0))])
    (path,) = tmp_path.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StoreError, match=r"cannot be read: .*; compute its window again"):
        stored(results)
    results.replace(KIND, hour(0), [result("a", hour(0))])
    assert stored(results) == ["a"]


@pytest.mark.elasticsearch
def test_one_refused_result_leaves_the_others(elasticsearch_url: str) -> None:
    """What does not map is reported by id; the good ones stay."""
    store = ElasticsearchResults(f"{elasticsearch_url}?namespace={new_namespace()}")
    bad = result("bad", hour(0), n="many")
    saved = store.replace(KIND, hour(0), [result("a", hour(0)), bad, result("b", hour(0))])
    assert saved.written == 2
    (refused,) = saved.refused
    assert refused.id == bad.id
    assert "failed to parse field [ml.finding.n] of type [long]" in refused.reason
    assert 'For input string: "many"' in refused.reason
    assert stored(store) == ["a", "b"]
    store.close()


@pytest.mark.elasticsearch
def test_a_busy_server_is_asked_again(elasticsearch_url: str) -> None:
    """Status 429, for the whole request and for single items."""
    answers: list[Any] = [
        (429, {"error": {"type": "circuit_breaking_exception", "reason": "busy"}, "status": 429}),
        (
            200,
            {
                "errors": True,
                "items": [
                    {"index": {"_id": "x", "status": 429, "error": {"reason": "rejected"}}},
                ],
            },
        ),
    ]

    def fault(_method: str, path: str, _: bytes) -> Any:
        return answers.pop(0) if path.startswith("/_bulk") and answers else None

    namespace = new_namespace()
    with faulty(elasticsearch_url, fault) as url:
        store = ElasticsearchResults(f"{url}?namespace={namespace}")
        assert store.replace(KIND, hour(0), [result("a", hour(0))]) == Saved(1, 0)
        assert stored(store) == ["a"]
        store.close()
    assert not answers


@pytest.mark.elasticsearch
def test_an_index_in_the_place_of_the_alias_is_named(elasticsearch_url: str) -> None:
    """Somebody wrote by hand."""
    namespace = new_namespace()
    store = ElasticsearchResults(f"{elasticsearch_url}?namespace={namespace}")
    with Elasticsearch(elasticsearch_url) as client:
        client.indices.create(index=f"ml-error-groups-{namespace}")
        try:
            with pytest.raises(StoreError, match="is an index where an alias should be"):
                store.replace(KIND, hour(0), [result("a", hour(0))])
        finally:
            client.indices.delete(index=f"ml-error-groups-{namespace}")  # setup would mind it
    store.close()

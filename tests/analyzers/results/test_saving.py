"""Windows are computed and saved one by one; what is finished stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from elasticsearch import Elasticsearch
from hypothesis import given
from hypothesis import strategies as st

from analyzers.cli import main
from analyzers.results.windows import overlaps, window_at
from analyzers.stores.base import Window
from analyzers.stores.elasticsearch_results import ElasticsearchResults
from analyzers.stores.local_results import LocalResults
from shipper.schema import schema
from shipper.schema.validation import lookup, validate
from tests.analyzers.conftest import (
    START,
    Opener,
    error,
    fill,
    prediction,
    write_segment,
)
from tests.conftest import new_namespace
from tests.receivers.proxy import faulty

KIND = "error-groups"


def errors(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["errors", *arguments])


def filled(client: Elasticsearch, url: str) -> str:
    """Return a new namespace that holds the records of three hours."""
    namespace = new_namespace()
    fill(url, three_hours(), namespace)
    client.indices.refresh(index=f"*-ml.*-{namespace}")
    return namespace


def three_hours() -> list[dict[str, Any]]:
    """Return requests over three hours, of which some fail; the second hour has no error."""
    records: list[dict[str, Any]] = []
    for n in range(180):
        fails = n % 10 == 0 and not 60 <= n < 120
        records.append(prediction(n * 60, n, failed="f1" if fails else None))
        if fails:
            records.append(error(n * 60, n))
    return records


def test_each_window_with_errors_has_its_results(open_local: Opener, tmp_path: Path) -> None:
    """Documents that follow the schema, with the numbers of their window."""
    open_local(three_hours())
    result = errors("--store", str(tmp_path), "--save", "--format", "json")
    assert result.exit_code == 0, result.output
    assert result.stderr == "saved 2 results of 2 windows\n"
    results = LocalResults(tmp_path)
    documents = list(results.read(KIND, Window()))
    for document in documents:
        validate(document, schema(KIND))
    assert [lookup(d, "ml.window.since") for d in documents] == [
        "2026-11-21T04:00:00.000Z",
        "2026-11-21T06:00:00.000Z",
    ]
    first = documents[0]
    assert lookup(first, "ml.finding.n") == 6
    assert lookup(first, "ml.finding.requests") == 51  # from the first error to the last
    assert lookup(first, "ml.finding.subject") == "ValueError: row 1 is bad"
    assert lookup(first, "error.fingerprint") == ["f1"]
    assert lookup(first, "error.template") == "row <*> is bad"
    assert lookup(first, "service.name") == ["shop"]
    assert {item["kind"] for item in lookup(first, "ml.finding.evidence")} >= {
        "description",
        "timeline",
        "stack_trace",
    }


def test_running_again_leaves_the_count_unchanged(open_local: Opener, tmp_path: Path) -> None:
    """Any part of the time, as a whole window; other lengths stand beside it."""
    open_local(three_hours())
    for since in ((), ("--since", "2026-11-21T06:30Z")):
        errors("--store", str(tmp_path), "--save", *since)
        assert len(list(LocalResults(tmp_path).read(KIND, Window()))) == 2
    errors("--store", str(tmp_path), "--save", "--every", "30m")
    assert len(list(LocalResults(tmp_path).read(KIND, Window()))) == 6


def test_a_window_whose_errors_are_gone_loses_its_results(
    open_local: Opener, tmp_path: Path
) -> None:
    """Somebody erased them; a run over another time leaves it alone."""
    open_local(three_hours())
    errors("--store", str(tmp_path), "--save")
    write_segment(tmp_path, "error", [error(7200, 1)])
    errors("--store", str(tmp_path), "--save", "--since", "2026-11-21T06:00Z")
    assert len(list(LocalResults(tmp_path).read(KIND, Window()))) == 2
    last = errors("--store", str(tmp_path), "--save")
    assert last.stderr == "saved 1 results of 2 windows, removed 1\n"


def test_a_clock_that_is_far_ahead_makes_no_window(open_local: Opener, tmp_path: Path) -> None:
    """Its records wait until their time has come."""
    ahead = (datetime.now(UTC) - START).total_seconds() + 7 * 86400
    open_local([error(0, 0), error(ahead, 1)])
    saved = errors("--store", str(tmp_path), "--save")
    assert saved.stderr == "saved 1 results of 1 windows\n"


def test_a_part_of_the_models_is_no_window() -> None:
    """The results of a window are replaced as a whole."""
    result = errors("--save", "--model", "m")
    assert result.exit_code == 2
    assert "leave out --model, --version and --group" in result.stderr


@pytest.mark.parametrize("text", ["5s", "1.0001h", "40d", "soon", "0h"])
def test_lengths_that_are_none(text: str) -> None:
    """One sentence with what would be right."""
    result = errors("--save", "--every", text)
    assert result.exit_code == 2
    assert "is no length from 1m to 31d" in result.stderr


@pytest.mark.elasticsearch
def test_a_cluster_has_the_same_results(
    open_local: Opener, client: Elasticsearch, elasticsearch_url: str, tmp_path: Path
) -> None:
    """But for the time of their making."""
    open_local(three_hours())
    url = f"{elasticsearch_url}?namespace={filled(client, elasticsearch_url)}"
    for place in (str(tmp_path), url):
        saved = errors("--store", place, "--save")
        assert saved.stderr == "saved 2 results of 2 windows\n", saved.output
    local = list(LocalResults(tmp_path).read(KIND, Window()))
    cluster = list(ElasticsearchResults(url).read(KIND, Window()))
    for document in (*local, *cluster):
        del document["event"]  # type: ignore[attr-defined]
    assert local == cluster


@pytest.mark.elasticsearch
def test_a_connection_lost_on_the_way_loses_no_finished_window(
    client: Elasticsearch, elasticsearch_url: str
) -> None:
    """The sentence says how far it came; the next run does the rest."""
    query = f"?namespace={filled(client, elasticsearch_url)}"
    writes: list[str] = []

    def fault(_method: str, path: str, _: bytes) -> str | None:
        if path.startswith("/_bulk"):
            writes.append(path)
        return "drop" if len(writes) > 1 else None

    with faulty(elasticsearch_url, fault) as url:
        broken = errors("--store", f"{url}{query}", "--save")
    assert broken.exit_code == 3
    assert "1 of 2 windows are saved and stay: run it again for the rest" in broken.stderr
    results = ElasticsearchResults(f"{elasticsearch_url}{query}")
    assert len(list(results.read(KIND, Window()))) == 1
    assert errors("--store", f"{elasticsearch_url}{query}", "--save").exit_code == 0
    assert len(list(results.read(KIND, Window()))) == 2


@given(
    st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.integers(60, 31 * 86400),
)
def test_windows_hold_their_moment_and_meet(moment: datetime, seconds: int) -> None:
    """Every moment lies in one window, and the next begins where it ends."""
    window = window_at(moment, seconds)
    assert window.since is not None
    assert window.until is not None
    assert window.since <= moment < window.until
    assert window.until - window.since == timedelta(seconds=seconds)
    following = window_at(window.until, seconds)
    assert following.since == window.until
    assert overlaps(window, Window(moment, moment + timedelta(1)))
    assert not overlaps(window, following)


def test_open_ends_overlap() -> None:
    """All time overlaps everything."""
    assert overlaps(Window(START, START + timedelta(1)), Window())

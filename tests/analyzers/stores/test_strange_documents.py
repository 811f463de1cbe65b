"""A cluster holds what others wrote, too: it is counted where it fits, and never ends a report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from analyzers.reports.incidents_terminal import incidents_text
from analyzers.root_cause.error_report import report_errors
from analyzers.root_cause.incidents import report_incidents
from analyzers.stores.base import Window
from analyzers.stores.elasticsearch import ElasticsearchStore
from tests.analyzers.conftest import START, Record, error, fill, prediction

pytestmark = pytest.mark.elasticsearch


def failing(count: int = 20) -> list[Record]:
    """Return requests of which every second fails."""
    records: list[Record] = []
    for n in range(count):
        records.append(prediction(n, n, failed="f1" if n % 2 else None))
        if n % 2:
            records.append(error(n, n))
    return records


@pytest.mark.parametrize(
    ("kind", "strange"),
    [
        ("error", {"message": "a log line of another application"}),
        ("error", {"error": {"fingerprint": "f9"}}),
        ("prediction", {"ml": {"features": {"number": {"amount": "not a number"}}}}),
        ("prediction", {"ml": {"features": {"category": {f"c{n}": "x" for n in range(5000)}}}}),
        ("lifecycle", {"event": {"action": "model-deployed"}}),
    ],
    ids=["no error", "nothing but a fingerprint", "text in a number", "5,000 inputs", "no model"],
)
def test_documents_that_are_not_ours(
    kind: str,
    strange: dict[str, Any],
    client: Elasticsearch,
    elasticsearch_url: str,
    namespace: str,
) -> None:
    """The report on our own records is the same beside them."""
    fill(elasticsearch_url, failing(), namespace)
    document = {"@timestamp": (START + timedelta(seconds=3)).isoformat(), **strange}
    client.create(index=f"logs-ml.{kind}-{namespace}", id="strange", document=document)
    client.indices.refresh(index=f"*-ml.*-{namespace}")
    with ElasticsearchStore(f"{elasticsearch_url}?namespace={namespace}") as store:
        report = report_errors(store, Window(until=datetime(2026, 11, 22, tzinfo=UTC)))
    ours = [finding for finding in report.findings if finding.n == 10]
    assert len(ours) == 1
    assert report.failed == 10


def test_a_clock_that_is_ahead_is_counted_apart(
    client: Elasticsearch, elasticsearch_url: str, namespace: str
) -> None:
    """Records from the future are named, not mixed in."""
    fill(elasticsearch_url, [prediction(n * 3600, n) for n in range(5)], namespace)
    client.indices.refresh(index=f"*-ml.*-{namespace}")
    with ElasticsearchStore(f"{elasticsearch_url}?namespace={namespace}") as store:
        coverage = store.coverage(Window(until=START + timedelta(hours=2)))
    assert (coverage.count("prediction"), coverage.future) == (2, 3)


def test_an_index_with_another_mapping_is_set_aside_and_named(
    client: Elasticsearch, elasticsearch_url: str, namespace: str
) -> None:
    """Somebody wrote before the templates were there: never a part of the answer unsaid."""
    fill(elasticsearch_url, failing(), namespace)
    wrong = f"logs-ml.error-{namespace}.old"
    client.options(ignore_status=404).indices.delete_index_template(name=f"wrong-{namespace}")
    client.indices.put_index_template(
        name=f"wrong-{namespace}", index_patterns=[wrong], priority=900, data_stream={},
        template={"mappings": {"properties": {"error": {"properties": {"fingerprint": {"type": "text"}}}}}},
    )  # fmt: skip
    document = {"@timestamp": START.isoformat(), "error": {"fingerprint": "f1"}}
    client.create(index=wrong, id="strange", document=document)
    client.indices.refresh(index=f"*-ml.*-{namespace}*")
    window = Window(until=datetime(2026, 11, 22, tzinfo=UTC))
    with ElasticsearchStore(f"{elasticsearch_url}?namespace={namespace}*") as store:
        report = report_errors(store, window)
    with ElasticsearchStore(f"{elasticsearch_url}?namespace={namespace}*") as store:
        incidents = report_incidents(store, window)
    assert [incident.n for incident in incidents.incidents] == [10]
    assert wrong in incidents_text(incidents)
    (finding,) = report.findings
    assert finding.n == 10
    (aside,) = report.coverage.set_aside
    assert wrong in aside.file
    assert "error.fingerprint" in aside.reason
    with ElasticsearchStore(f"{elasticsearch_url}?namespace={namespace}.old") as store:
        assert report_errors(store, window).findings == ()

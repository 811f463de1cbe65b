"""Straight into a real Elasticsearch: each record once, whatever is sent again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

import shipper
from shipper.address import parse_address
from shipper.credentials import Credentials
from shipper.transports import open_transport
from shipper.transports.base import UnreachableError
from tests.receivers.index import wait_for

pytestmark = pytest.mark.elasticsearch


@pytest.fixture
def url(elasticsearch_url: str) -> str:
    """The node as a destination."""
    return elasticsearch_url.replace("http://", "elasticsearch://")


def stored(client: Elasticsearch, stream: str) -> list[dict[str, Any]]:
    """Return the documents of a stream."""
    client.indices.refresh(index=stream)
    found = client.search(index=stream, size=1000)
    return [hit["_source"] for hit in found["hits"]["hits"]]


def test_a_service_writes_to_the_cluster(
    client: Elasticsearch, url: str, namespace: str, tmp_path: Path
) -> None:
    """Predictions, errors and logs, from the call to the index, with the time of arrival."""
    shipper.configure(service="shop", to=url, spool=tmp_path, namespace=namespace)
    log = shipper.get_logger("shop")
    for number in range(50):
        log.info("request served", number=number)
    log.prediction(model="fraud", version="1", features={"amount": 3.5}, label="no")
    log.error("it failed")
    assert shipper.flush(30, delivered=True)
    counts = shipper.statistics()
    shipper.shutdown()
    assert (counts.delivered, counts.duplicates, counts.set_aside) == (52, 0, 0)
    logs = stored(client, f"logs-ml.service-{namespace}")
    assert sorted(log["numeric_labels"]["number"] for log in logs) == list(range(50))
    assert all(log["event"]["ingested"] >= log["event"]["created"] for log in logs)
    assert len(stored(client, f"logs-ml.prediction-{namespace}")) == 1
    assert len(stored(client, f"logs-ml.error-{namespace}")) == 1


def test_sending_everything_again_adds_nothing(
    client: Elasticsearch, url: str, namespace: str, tmp_path: Path
) -> None:
    """All cursors are lost: the second delivery is nothing but conflicts."""
    for attempt in range(2):
        shipper.configure(service="shop", to=url, spool=tmp_path, namespace=namespace, keep=True)
        if attempt == 0:
            for number in range(100):
                shipper.get_logger("shop").info("request served", number=number)
        else:
            shipper.get_logger("shop").info("started again", number=100)
        assert shipper.flush(30, delivered=True)
        wait_for(shipper.statistics, lambda counts: counts.delivered >= 100, 20)
        counts = shipper.statistics()
        shipper.shutdown()
        for cursor in tmp_path.glob("*/*.cursor"):
            cursor.unlink()
    assert counts.duplicates == 100
    logs = stored(client, f"logs-ml.service-{namespace}")
    assert sorted(log["numeric_labels"]["number"] for log in logs) == list(range(101))


def test_refused_documents_are_named_one_by_one(
    client: Elasticsearch, url: str, namespace: str
) -> None:
    """The good ones beside them are stored."""
    transport = open_transport(parse_address(url), Credentials())
    stream = f"logs-ml.service-{namespace}"

    def document(number: int, **changes: Any) -> bytes:
        return orjson.dumps({
            "@timestamp": "2026-11-21T00:00:00Z", "event": {"id": f"{namespace}-{number}"},
            "data_stream": {"type": "logs", "dataset": "ml.service", "namespace": namespace}, **changes,
        })  # fmt: skip

    receipt = transport.send(
        [
            document(1),
            document(2, **{"@timestamp": "yesterday"}),
            document(3, event=[]),
            document(4),
        ],
        streams=[stream] * 3 + ["Not A Stream"],
    )
    assert [place for place, _ in receipt.refused] == [1, 2, 3]
    reasons = [reason for _, reason in receipt.refused]
    assert "document_parsing_exception" in reasons[0] or "mapper_parsing" in reasons[0]
    assert "no event object" in reasons[1]
    assert "no name of a data stream" in reasons[2]
    assert len(stored(client, stream)) == 1


def test_a_missing_template_is_no_fault_of_the_record(client: Elasticsearch, url: str) -> None:
    """Records wait until somebody has installed it; they are not set aside."""
    transport = open_transport(parse_address(url), Credentials())
    with pytest.raises(UnreachableError, match="run `elkhound setup` first"):
        transport.send([b'{"event":{"id":"x-1"}}'], streams=["nothing-like-it-default"])


def test_who_is_there(url: str) -> None:
    """The doctor's question."""
    transport = open_transport(parse_address(url), Credentials())
    assert transport.connect().startswith("Elasticsearch cluster ")

"""The schema is proved on a real Elasticsearch: every kind of record is read back as it was sent."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from elasticsearch import BadRequestError, Elasticsearch

import shipper
from shipper.schema import (
    KINDS,
    schema,
)
from shipper.schema.validation import validate
from tests.conftest import Records

pytestmark = pytest.mark.elasticsearch


def write_every_kind() -> None:
    """Use every call of the shipper once, with everything it can carry."""
    log = shipper.get_logger("tests.shop")

    @shipper.observe(model="fraud", version="1.3", segments=["channel"], dataset="holdout")
    def predict(row: dict[str, Any]) -> dict[str, Any]:
        if row["amount"] is None:
            raise ValueError("amount 12 is missing")
        return {"probabilities": {"no": 0.25, "yes": 0.75}}

    row = {
        "amount": 12.5, "count": np.int64(3), "channel": "web", "returning": True, "age": None,
        "ratio": float("inf"), "embedding": np.array([0.1, 0.2, 0.1]), "b.c": "dotted",
    }  # fmt: skip
    predict(row)
    with pytest.raises(ValueError, match="missing"):
        predict({**row, "amount": None})
    log.prediction(
        model="fraud",
        version="1.3",
        text="hello",
        attributions={"amount": 0.4},
        cost=0.01,
        score=0.5,
    )
    log.feedback(
        shipper.prediction_ids()[0],
        label=1,
        value=2.5,
        rating=4,
        comment="good",
        business={"revenue": 9.5},
    )
    log.lifecycle(
        "model-retrained", model="fraud", version="1.4", previous_version="1.3", stage="staging", hosts=["b", "a"],
        user="jo", reason="drift", training={"dataset": "s3://x", "rows": 10, "started": datetime.now(UTC)},
        hyperparameters={"depth": 3}, metrics={"auc": 0.9}, change={"name": "depth", "before": 2, "after": 3},
    )  # fmt: skip
    log.info(
        "sold", items=2, shop="north", **{"http.request.id": "r1", "http.response.status_code": 200}
    )
    monitor = shipper.monitor_resources(every=0.1)
    time.sleep(0.35)
    monitor.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_back_as_it_was_sent(
    client: Elasticsearch, namespace: str, spool: object, kind: str, records: Records
) -> None:
    """Indexed into its logsdb data stream by its own id, nothing ignored, nothing changed."""
    shipper.configure(
        service="shop", version="7.1", environment="test", to=f"file:{spool}", namespace=namespace
    )
    write_every_kind()
    sent = {record["event"]["id"]: record for record in records(kind)}
    assert sent
    stream = schema(kind).stream(namespace)
    for identity, record in sent.items():
        validate(record, schema(kind))
        client.create(index=stream, id=identity, document=record)
    client.indices.refresh(index=stream)
    hits = client.search(index=stream, size=1000)["hits"]["hits"]
    assert {hit["_id"]: hit["_source"] for hit in hits} == sent
    assert [hit["_ignored"] for hit in hits if "_ignored" in hit] == []
    settings = client.indices.get_settings(index=stream, flat_settings=True)
    assert {index["settings"]["index.mode"] for index in settings.body.values()} == {"logsdb"}


def test_fields_are_typed_as_the_schema_says(client: Elasticsearch, namespace: str) -> None:
    """Features of any name are doubles and keywords."""
    stream = schema("prediction").stream(namespace)
    client.create(
        index=stream,
        id="a",
        document=minimal("a", {"number": {"x": 1}, "category": {"y": "1"}}, namespace),
    )
    found = client.field_caps(index=stream, fields="ml.features.*")["fields"]
    assert set(found["ml.features.number.x"]) == {"double"}
    assert set(found["ml.features.category.y"]) == {"keyword"}


def test_five_thousand_features_reject_no_record(client: Elasticsearch, namespace: str) -> None:
    """Beyond the limit of fields the rest is kept, not indexed."""
    stream = schema("prediction").stream(namespace)
    features = {"number": {f"feature_{place}": place / 2 for place in range(5000)}}
    document = minimal("wide", features, namespace)
    client.create(index=stream, id="wide", document=document, refresh=True)
    (hit,) = client.search(index=stream)["hits"]["hits"]
    assert hit["_source"] == document


ODD_NAMES = [
    "a b",
    "ü",
    "😀",
    "a\x00b",
    "x" * 600,
    "_id",
    "...",
    " ",
    "a[0]",
    "*",
    "",
    "a/b",
    "\n",
    "<tag>",
]


def test_odd_names_and_long_texts_are_indexed(
    client: Elasticsearch, namespace: str, spool: object, records: Records
) -> None:
    """Whatever a service calls its features, and however much it says, nothing is refused."""
    shipper.configure(service="shop", to=f"file:{spool}", namespace=namespace)
    log = shipper.get_logger()
    for name in ODD_NAMES:
        log.prediction(
            model="m", version="1", segments={name: "x"}, attributions={name: 1.0},
            features={name: 1.0, f"{name}c": "v", f"v{name}": [1, 2, 3]}, probabilities={name: 0.5, "other": 0.5},
        )  # fmt: skip
    for letter in "aé字😀":
        long = letter * 9000
        log.prediction(model=long, version=long, features={"c": long}, label=long, text=long)
    for kind, calls in (("prediction", len(ODD_NAMES) + 4),):
        stream = schema(kind).stream(namespace)
        sent = {record["event"]["id"]: record for record in records(kind)}
        for identity, record in sent.items():
            client.create(index=stream, id=identity, document=record)
        client.indices.refresh(index=stream)
        hits = client.search(index=stream, size=1000)["hits"]["hits"]
        assert len(hits) == calls
        assert {hit["_id"]: hit["_source"] for hit in hits} == sent
        assert [hit["_ignored"] for hit in hits if "_ignored" in hit] == []


def test_a_second_delivery_is_a_harmless_conflict(client: Elasticsearch, namespace: str) -> None:
    """The event id is the document id: sending again adds nothing."""
    stream = schema("prediction").stream(namespace)
    client.create(index=stream, id="once", document=minimal("once", {}, namespace), refresh=True)
    answer = client.bulk(
        operations=[{"create": {"_index": stream, "_id": "once"}}, minimal("once", {}, namespace)],
        refresh=True,
    )
    assert answer["items"][0]["create"]["status"] == 409
    assert client.count(index=stream)["count"] == 1


def test_plain_indexing_into_a_stream_is_refused(client: Elasticsearch, namespace: str) -> None:
    """What looks like an index is a data stream: it only takes ``create``."""
    with pytest.raises(BadRequestError):
        client.index(
            index=schema("error").stream(namespace),
            id="x",
            document={"@timestamp": "2026-01-01T00:00:00Z"},
            op_type="index",
        )


def minimal(identity: str, features: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return the smallest valid prediction with some features."""
    return {
        "@timestamp": "2026-11-21T04:00:00.000Z",
        "data_stream": {"type": "logs", "dataset": "ml.prediction", "namespace": namespace},
        "event": {"id": identity, "outcome": "success"},
        "ml": {
            "model": {"name": "m", "version": "1"},
            "prediction": {"id": identity},
            **({"features": features} if features else {}),
        },
    }

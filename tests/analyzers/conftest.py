"""Stores with records whose every number is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from analyzers.stores.base import Store
from analyzers.stores.elasticsearch import ElasticsearchStore
from analyzers.stores.local import LocalStore
from shipper.address import parse_address
from shipper.credentials import Credentials
from shipper.schema import schema
from shipper.schema.validation import validate
from shipper.transports import open_transport
from tests.conftest import install_templates, new_namespace

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)

Record = dict[str, Any]
Opener = Callable[[list[Record]], LocalStore]
StoreOpener = Callable[[list[Record]], Store]


def record(kind: str, seconds: float, number: int, **parts: Any) -> Record:
    """Return a valid record of a kind, so many seconds after ``START``."""
    described = schema(kind)
    moment = (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    base: Record = {
        "@timestamp": moment.replace("+00:00", "Z"),
        "event": {"id": f"{kind}-{number}", "sequence": number, **parts.pop("event", {})},
        "data_stream": {
            "type": described.stream_type,
            "dataset": described.dataset,
            "namespace": "default",
        },
        "service": {"name": "shop", "version": "7.1"},
        "host": {"name": parts.pop("host", "a")},
        **parts,
    }
    validate(base, described)
    return base


def prediction(
    seconds: float, number: int, version: str = "1", failed: str | None = None, **ml: Any
) -> Record:
    """Return a prediction; ``failed`` is the fingerprint of its error."""
    parts: Record = {
        "event": {"outcome": "failure" if failed else "success"},
        "ml": {
            "model": {"name": "m", "version": version},
            "prediction": {"id": f"p{number}"},
            **ml,
        },
    }
    if failed:
        parts["error"] = {"type": "ValueError", "fingerprint": failed}
    return record("prediction", seconds, number, **parts)


def error(
    seconds: float, number: int, fingerprint: str = "f1", version: str = "1", **changes: Any
) -> Record:
    """Return an error record."""
    described = {
        "type": "ValueError",
        "types": ["ValueError"],
        "message": "row 1 is bad",
        "template": "row <*> is bad",
        "fingerprint": fingerprint,
        "culprit": "model:predict",
        "stack_trace": "Traceback (most recent call last):\nValueError: row 1 is bad",
        **changes,
    }
    return record(
        "error", seconds, number, error=described, ml={"model": {"name": "m", "version": version}}
    )


def write_segment(folder: Path, kind: str, records: list[Record], name: str = "s") -> Path:
    """Write records into a segment of a spool."""
    path = folder / schema(kind).stream() / f"{name}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(item) + b"\n" for item in records))
    return path


@pytest.fixture(params=["local", "elasticsearch"])
def open_over(request: pytest.FixtureRequest) -> StoreOpener:
    """Return a function that opens a store of each kind over some records."""
    if request.param == "local":
        opener: StoreOpener = request.getfixturevalue("open_local")
    else:
        opener = request.getfixturevalue("open_cluster")
    return opener


@pytest.fixture
def open_cluster(elasticsearch_url: str) -> Iterator[StoreOpener]:
    """Return a function that fills the streams of a real cluster and opens it."""
    opened: list[ElasticsearchStore] = []
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        install_templates(client)

        def open_filled(records: list[Record]) -> ElasticsearchStore:
            # a namespace of its own keeps a test's records apart
            namespace = new_namespace()
            fill(elasticsearch_url, records, namespace)
            client.indices.refresh(index=f"*-ml.*-{namespace}", ignore_unavailable=True)
            store = ElasticsearchStore(f"{elasticsearch_url}?namespace={namespace}")
            opened.append(store)
            return store

        yield open_filled
        for store in opened:
            store.close()


def fill(url: str, records: list[Record], namespace: str) -> None:
    """Send records the way a service does."""
    records = [
        {**item, "data_stream": {**item["data_stream"], "namespace": namespace}} for item in records
    ]
    address = parse_address(url.replace("http://", "elasticsearch://"))
    transport = open_transport(address, Credentials())
    if records:
        streams = [
            "-".join(item["data_stream"][part] for part in ("type", "dataset", "namespace"))
            for item in records
        ]
        receipt = transport.send([orjson.dumps(item) for item in records], streams=streams)
        assert not receipt.refused, receipt.refused
    transport.close()


@pytest.fixture
def open_local(tmp_path: Path) -> Iterator[Opener]:
    """Return a function that opens a local store over some records."""
    opened: list[LocalStore] = []

    def open_over(records: list[Record]) -> LocalStore:
        by_kind: dict[str, list[Record]] = {}
        for item in records:
            by_kind.setdefault(item["data_stream"]["dataset"].removeprefix("ml."), []).append(item)
        for kind, items in by_kind.items():
            write_segment(tmp_path, kind, items)
        store = LocalStore(tmp_path)
        opened.append(store)
        return store

    yield open_over
    for store in opened:
        store.close()

"""Both stores as the records grow: time, and bytes on the wire.

Asked are the whole error report, and the histograms and moments of ten features.

Run it with ``python -m benchmarks.stores [MOST_RECORDS]``. The cluster is the tests' own node; what
it sends and receives is counted by a proxy.
"""

from __future__ import annotations

import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from elasticsearch import Elasticsearch

from analyzers.root_cause.error_report import report_errors
from analyzers.stores.base import Store, Window
from analyzers.stores.opening import open_store
from benchmarks.timing import machine
from shipper.address import parse_address
from shipper.credentials import Credentials
from shipper.schema import schema
from shipper.transports import open_transport
from tests.analyzers.conftest import error, prediction
from tests.conftest import install_templates
from tests.elasticsearch_node import running_node

SIZES = (10_000, 100_000, 1_000_000)
FAULTS = 20
FEATURES = [f"feature_{place}" for place in range(10)]
EDGES = [place / 2 for place in range(-6, 7)]
_BATCH = 5000


class CountingProxy:
    """Hands bytes on between a client and a server, and counts them.

    Args:
        url: The server.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.bytes = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._to)
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65_536):
            self.bytes += len(data)
            target.sendall(data)
        target.close()


def records(count: int) -> Iterator[dict[str, Any]]:
    """Yield predictions over a day; one in fifty fails, with one of some faults."""
    chance = random.Random(3)
    for number in range(count):
        second = number * 86_400 / count
        fault = f"f{chance.randrange(FAULTS)}" if chance.random() < 0.02 else None
        segment = {"region": f"r{chance.randrange(8)}", "tier": f"t{chance.randrange(3)}"}
        numbers = {name: chance.gauss(0, 1) for name in FEATURES}
        yield prediction(
            second,
            number,
            str(chance.randrange(3)),
            fault,
            segment=segment,
            features={"number": numbers},
        )
        if fault is not None:
            place = f"model:step_{fault}"
            message = f"row {number} is bad"
            yield error(second, number, fingerprint=fault, message=message, culprit=place)


def fill(url: str, folder: Path, count: int, namespace: str) -> None:
    """Write the same records into both stores."""
    transport = open_transport(
        parse_address(url.replace("http://", "elasticsearch://")), Credentials()
    )
    files = {}
    batch: list[tuple[str, bytes]] = []
    for record in records(count):
        kind = record["data_stream"]["dataset"].removeprefix("ml.")
        if kind not in files:
            path = folder / schema(kind).stream() / "s.ndjson"
            path.parent.mkdir(parents=True)
            files[kind] = path.open("wb")
        files[kind].write(orjson.dumps(record) + b"\n")
        record["data_stream"]["namespace"] = namespace
        record["event"]["id"] = f"{namespace}-{record['event']['id']}"
        batch.append((schema(kind).stream(namespace), orjson.dumps(record)))
        if len(batch) >= _BATCH:
            _send(transport, batch)
    _send(transport, batch)
    for file in files.values():
        file.close()


def _send(transport: Any, batch: list[tuple[str, bytes]]) -> None:
    if batch:
        streams, lines = zip(*batch, strict=True)
        receipt = transport.send(list(lines), streams=streams)
        assert not receipt.refused
        assert not receipt.again
        batch.clear()


def report(store: Store) -> int:
    """Make the error report, and return the number of its groups."""
    return len(report_errors(store, _all()).findings)


def profile(store: Store) -> int:
    """Ask for histograms and moments of all features, and return the number of values."""
    fields = [f"ml.features.number.{name}" for name in FEATURES]
    found = store.histograms("prediction", dict.fromkeys(fields, EDGES), _all())
    moments = store.moments("prediction", fields, _all())
    assert all(moments[field].n == found[field].n for field in fields)
    return sum(histogram.n for histogram in found.values())


def _all() -> Window:
    return Window(until=datetime.now(UTC) + timedelta(days=1))


def measure(question: Callable[[Store], int], folder: Path, url: str) -> tuple[float, float, int]:
    """Return seconds on the local store and on the cluster, and bytes on the wire."""
    proxy = CountingProxy(url.partition("?")[0])
    took: list[float] = []
    answers: list[int] = []
    for place in (str(folder), f"{proxy.url}?{url.partition('?')[2]}"):
        store = open_store(place)
        begun = time.perf_counter()
        answers.append(question(store))
        took.append(time.perf_counter() - begun)
        store.close()
    assert answers[0] == answers[1]
    return took[0], took[1], proxy.bytes


def main() -> None:
    """Print the table."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    print(f"Both stores ({machine()})\n")
    print("| predictions | asked | local store, s | cluster, s | on the wire, kB | segments, MB |")
    print("|---|---|---|---|---|---|")
    with running_node() as url, Elasticsearch(url, request_timeout=300) as client:
        install_templates(client)
        for count in (size for size in SIZES if size <= most):
            with tempfile.TemporaryDirectory() as name:
                folder, namespace = Path(name), f"benchmark{count}"
                fill(url, folder, count, namespace)
                client.indices.refresh(index=f"*-ml.*-{namespace}")
                size = sum(path.stat().st_size for path in folder.glob("*/*.ndjson"))
                for title, question in (("error report", report), ("10 features", profile)):
                    here, there, sent = measure(question, folder, f"{url}?namespace={namespace}")
                    print(
                        f"| {count:,} | {title} | {here:.2f} | {there:.2f} | "
                        f"{sent / 1000:,.0f} | {size / 1e6:,.0f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()

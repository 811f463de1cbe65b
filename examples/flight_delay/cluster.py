"""The demo on a cluster: prepare it, ship to it, and wait until everything has arrived."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from analyzers.setup.cluster import Cluster
from analyzers.setup.desired import desired_objects
from analyzers.setup.result_indices import ResultIndices
from analyzers.stores.base import Window
from analyzers.stores.opening import open_store

ARRIVAL_SECONDS = 90.0


def prepare(store: str) -> None:
    """Do what ``elkhound setup --store`` does."""
    with contextlib.closing(Cluster(store, desired_objects())) as cluster:
        for part in (cluster, ResultIndices(cluster.client, store)):
            list(part.apply())


def destination_of(store: str) -> str:
    """Return the destination that ships straight into a store.

    >>> destination_of("https://localhost:9200?ca=ca.pem&namespace=demo")
    'elasticsearch+https://localhost:9200?ca=ca.pem'
    """
    parts = urlsplit(store)
    scheme = "elasticsearch" if parts.scheme == "http" else "elasticsearch+https"
    options = [(name, value) for name, value in parse_qsl(parts.query) if name in ("ca", "verify")]
    return f"{scheme}://{parts.netloc}" + (f"?{urlencode(options)}" if options else "")


def wait_for_records(store: str, folder: str, since: datetime) -> None:
    """Wait until a store has as many records as the folder that they were sent from.

    Raises:
        SystemExit: If it has not after ``ARRIVAL_SECONDS``.
    """
    sent = _number(folder, since)
    found = 0
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while time.monotonic() < deadline:
        found = _number(store, since)
        if found >= sent:
            return
        time.sleep(1)
    raise SystemExit(
        f"{found:,} of {sent:,} records arrived: `elkhound doctor --to ...` says what is wrong"
    )


def _number(store: str, since: datetime) -> int:
    opened = open_store(store)
    try:
        return sum(entry.count for entry in opened.coverage(Window(since)).kinds)
    finally:
        opened.close()

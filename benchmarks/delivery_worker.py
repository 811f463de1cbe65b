"""One contestant of ``benchmarks.delivery``, in a process of its own."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil

from benchmarks.log_call import FIELDS, plain_structlog

Call = Callable[[], object]


def elkhound(url: str, folder: Path) -> Call:
    """Elkhound with its durable spool."""
    import shipper

    shipper.configure(service="benchmark", to=url, spool=folder / "spool")
    logger = shipper.get_logger("benchmark")
    return lambda: logger.info("request served", **FIELDS)


def elkhound_file(url: str, folder: Path) -> Call:
    """Elkhound's local store."""
    import shipper

    shipper.configure(service="benchmark", to=f"file:{folder}/store")
    logger = shipper.get_logger("benchmark")
    return lambda: logger.info("request served", **FIELDS)


def logstash_async(
    url: str, folder: Path, database: str | None = None, formatter: logging.Formatter | None = None
) -> Call:
    """The handler of python-logstash-async, with its own formatter and defaults."""
    from logstash_async.handler import AsynchronousLogstashHandler

    parts = urlsplit(url)
    transport = {
        "tcp": "logstash_async.transport.TcpTransport",
        "beats": "logstash_async.transport.BeatsTransport",
        "http": "logstash_async.transport.HttpTransport",
    }[parts.scheme]
    handler = AsynchronousLogstashHandler(
        parts.hostname, parts.port, database_path=database, transport=transport, ssl_enable=False
    )
    if formatter is not None:
        handler.setFormatter(formatter)
    return _standard(handler)


def logstash_async_ecs(url: str, folder: Path) -> Call:
    """The same with ECS fields."""
    from logstash_async.formatter import LogstashEcsFormatter

    return logstash_async(url, folder, formatter=LogstashEcsFormatter())


def logstash_async_tuned(url: str, folder: Path) -> Call:
    """The same with larger batches."""
    _tune()
    return logstash_async(url, folder)


def logstash_async_sqlite(url: str, folder: Path) -> Call:
    """The same with its durable queue."""
    _tune()
    return logstash_async(url, folder, str(folder / "queue.db"))


def _tune() -> None:
    from logstash_async.constants import constants

    constants.QUEUED_EVENTS_BATCH_SIZE = 1000
    constants.QUEUED_EVENTS_BEATS_BATCH_SIZE = 1000
    constants.QUEUE_CHECK_INTERVAL = 0.1
    constants.QUEUED_EVENTS_FLUSH_INTERVAL = 0.1
    constants.QUEUED_EVENTS_FLUSH_COUNT = 1000


def ecs_logging(url: str, folder: Path) -> Call:
    """Elastic's formatter, to a file."""
    import ecs_logging

    handler = logging.FileHandler(folder / "ecs.log")
    handler.setFormatter(ecs_logging.StdlibFormatter())
    return _standard(handler)


def _standard(handler: logging.Handler) -> Call:
    logger = logging.getLogger("benchmark")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    return lambda: logger.info("request served", extra=FIELDS)


CONTESTANTS: dict[str, Callable[[str, Path], Call]] = {
    "elkhound": elkhound,
    "elkhound-file": elkhound_file,
    "logstash-async": logstash_async,
    "logstash-async-ecs": logstash_async_ecs,
    "logstash-async-sqlite": logstash_async_sqlite,
    "logstash-async-tuned": logstash_async_tuned,
    "ecs-logging": ecs_logging,
    "structlog": lambda url, folder: plain_structlog(folder / "plain.ndjson"),
}


def main() -> None:
    """Log, print what it took, and stay until standard input ends."""
    name, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        call = CONTESTANTS[name](url, Path(folder))
        times = np.zeros(count)
        before = psutil.Process().memory_info().rss
        print("begin", flush=True)
        begun = time.perf_counter()
        for place in range(count):
            began = time.perf_counter_ns()
            call()
            times[place] = time.perf_counter_ns() - began
        seconds = time.perf_counter() - begun
        # what waits does so in memory or on disk: let it get there
        time.sleep(0.5)
        measured: dict[str, Any] = {
            "count": count,
            "seconds": seconds,
            "mean": float(times.mean() / 1000),
            "p50": float(np.percentile(times, 50) / 1000),
            "p99": float(np.percentile(times, 99) / 1000),
            "grown": psutil.Process().memory_info().rss - before,
        }
        sys.stdin.read()
        print(json.dumps(measured), flush=True)
        sys.stdin.close()
        time.sleep(60)


if __name__ == "__main__":
    main()

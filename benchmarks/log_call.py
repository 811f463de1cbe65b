"""What a log call costs its caller: 13 extra fields, at full rate, to a file.

Run it with ``python -m benchmarks.log_call``.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import structlog

import shipper
from benchmarks.timing import describe, machine, time_calls

FIELDS: dict[str, Any] = {
    "user_reference": "u-1234567",
    "request_reference": "3f2b8c1e-7f6a-4f6e-9f9e-0a1b2c3d4e5f",
    "model": "fraud",
    "version": "1.3.0",
    "latency_ms": 12.7,
    "score": 0.83,
    "country": "DE",
    "amount": 129.95,
    "currency": "EUR",
    "retries": 0,
    "cached": False,
    "route": "/v1/predict",
    "zone": "eu-west-1a",
}
ROUNDS = 3


def null_handler() -> Callable[[], object]:
    """Return a call to the standard library's logger with a handler that does nothing."""
    logger = logging.getLogger("benchmark.null")
    _only(logger, logging.NullHandler())
    return lambda: logger.info("request served", extra=FIELDS)


def plain_structlog(path: Path) -> Callable[[], object]:
    """Return a call to structlog with orjson to a file: no ECS, no redaction."""
    logger = structlog.wrap_logger(
        structlog.BytesLogger(path.open("ab")),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    return lambda: logger.info("request served", **FIELDS)


def our_logger() -> Callable[[], object]:
    """Return a call to Elkhound's logger: ECS fields, redaction, durable spool."""
    logger = shipper.get_logger("benchmark")
    return lambda: logger.info("request served", **FIELDS)


def our_handler() -> Callable[[], object]:
    """Return a call to the standard library's logger with Elkhound's handler."""
    logger = logging.getLogger("benchmark.elkhound")
    _only(logger, shipper.LogHandler())
    return lambda: logger.info("request served", extra=FIELDS)


def _only(logger: logging.Logger, handler: logging.Handler) -> None:
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def main() -> None:
    """Print the table: the contestants take turns, so that a noisy moment hits them all."""
    with tempfile.TemporaryDirectory() as folder:
        shipper.configure(service="benchmark", to=f"file:{folder}/spool")
        contestants = {
            "`NullHandler` (floor)": null_handler(),
            "structlog + orjson to a file": plain_structlog(Path(folder) / "plain.ndjson"),
            "Elkhound logger": our_logger(),
            "Elkhound `logging.Handler`": our_handler(),
        }
        print(f"Log call with 13 fields, µs ({machine()})\n")
        print("| handler | mean | p50 | p99 |\n|---|---|---|---|")
        for _ in range(ROUNDS):
            for name, call in contestants.items():
                print(describe(name, time_calls(call)), flush=True)
        print(f"\n{shipper.statistics()}")
        shipper.shutdown()


if __name__ == "__main__":
    main()

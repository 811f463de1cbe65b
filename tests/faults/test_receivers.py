"""Receivers that die, stall, answer late, half, twice or never."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import shipper
from shipper.accounting import Statistics
from tests.faults.tally import LONG, Matrix, Row
from tests.receivers import beats
from tests.receivers.beats import BeatsServer, Behaviour
from tests.receivers.http import HttpServer
from tests.receivers.lines import LineServer

SECONDS = 10.0 if LONG else 2.0
"""How long a receiver is away."""
RATE = 1000
"""Log calls per second meanwhile, as in the table of the anchors."""


@contextmanager
def configured(spool: Path, to: str, **options: Any) -> Iterator[Any]:
    """A shipper in this process, shut down at the end."""
    shipper.configure(service="faulty", to=to, spool=spool, **options)
    try:
        yield shipper.get_logger("faults")
    finally:
        shipper.shutdown()


def log_at_rate(
    log: Any, count: int, first: int = 0, during: Callable[[int], None] = lambda n: None
) -> None:
    """Make log calls at the rate of the matrix."""
    begun = time.perf_counter()
    for number in range(count):
        log.info("request served", number=first + number)
        during(number)
        behind = begun + number / RATE - time.perf_counter()
        if behind > 0:
            time.sleep(behind)


def finish(seconds: float = 60.0) -> Statistics:
    """Wait until everything is delivered, and return the counts."""
    assert shipper.flush(seconds, delivered=True), shipper.statistics()
    return shipper.statistics()


def row(what: str, sent: int, server: Any, counts: Statistics, note: str = "") -> Row:
    """Compare what was sent with what is in the index."""
    numbers = server.index.numbers()
    return Row(
        what,
        sent,
        len(set(numbers)),
        len(numbers) - len(set(numbers)),
        server.index.resent,
        counts.dropped,
        note,
    )


@pytest.mark.parametrize("kind", [BeatsServer, HttpServer])
def test_full_speed(kind: Any, tmp_path: Path, matrix: Matrix) -> None:
    """50,000 events as fast as they come."""
    count = 50_000 if LONG else 5_000
    with kind() as server, configured(tmp_path, server.url) as log:
        begun = time.monotonic()
        for number in range(count):
            log.info("request served", number=number)
        counts = finish()
        taken = time.monotonic() - begun
        assert server.index.numbers() == list(range(count))
        matrix.add(
            row(
                f"{kind.__name__}: {count:,} events at full speed",
                count,
                server,
                counts,
                f"{count / taken:,.0f}/s, receiver in Python on the same cores",
            )
        )


@pytest.mark.parametrize("kind", [BeatsServer, HttpServer])
def test_a_receiver_is_killed_and_comes_back(kind: Any, tmp_path: Path, matrix: Matrix) -> None:
    """Nothing is lost, and shutting down meanwhile does not hang."""
    count = int(2 * SECONDS * RATE)
    with kind() as server, configured(tmp_path, server.url) as log:

        def during(number: int) -> None:
            if number == count // 4:
                server.kill()
            if number == 3 * count // 4:
                server.start()

        log_at_rate(log, count, during=during)
        counts = finish()
        matrix.add(row(f"{kind.__name__}: killed for {SECONDS:g} s", count, server, counts))


def test_shutdown_while_the_receiver_is_away(tmp_path: Path, matrix: Matrix) -> None:
    """The deadline holds, and the next process delivers what was left."""
    with BeatsServer() as server:
        server.kill()
        with configured(tmp_path, server.url) as log:
            log_at_rate(log, 1000)
            begun = time.monotonic()
            assert shipper.shutdown(5.0)
            taken = time.monotonic() - begun
        assert taken < 5.0
        server.start()
        with configured(tmp_path, server.url) as log:
            log.info("request served", number=1000)
            server.index.await_numbers(1001)
            counts = finish()
            matrix.add(
                row(
                    "shutdown while the receiver is away",
                    1001,
                    server,
                    counts,
                    f"shutdown took {taken:.2f} s",
                )
            )


@pytest.mark.parametrize("kind", [BeatsServer, HttpServer, LineServer])
def test_a_receiver_stalls_and_then_crashes(kind: Any, tmp_path: Path, matrix: Matrix) -> None:
    """It acknowledges nothing and dies with what it held; TCP sends the last of it again."""
    count = int(2 * SECONDS * RATE)
    with kind() as server, configured(tmp_path, f"{server.url}?timeout=30") as log:
        stalled = threading.Event()
        if kind is HttpServer:

            def decide(http: HttpServer, events: list[bytes]) -> int:
                while stalled.is_set() and http._server is not None:
                    time.sleep(0.01)
                if stalled.is_set():
                    return 0
                for event in events:
                    http.index.take(event)
                return 200

            server.decide = decide
        else:
            stalled = server.stalled

        def during(number: int) -> None:
            if number == count // 4:
                stalled.set()
            if number == 3 * count // 4:
                server.kill()
                stalled.clear()
                server.start()

        log_at_rate(log, count, during=during)
        counts = finish()
        # without acknowledgements the last bytes may still be on their way
        server.index.await_numbers(count, 5)
        matrix.add(
            row(f"{kind.__name__}: stalls {SECONDS:g} s, then crashes", count, server, counts)
        )


BEHAVIOURS: dict[str, Behaviour] = {
    "acknowledges late, with signs of life": beats.acknowledge_late,
    "acknowledges half and closes": beats.acknowledge_half_and_close,
    "acknowledges in parts, and twice": beats.acknowledge_twice,
    "closes in mid-acknowledgement": beats.close_in_mid_frame,
}


@pytest.mark.parametrize("what", BEHAVIOURS)
def test_a_receiver_misbehaves(what: str, tmp_path: Path, matrix: Matrix) -> None:
    """Whatever it does, every record is in the index once."""
    with BeatsServer(BEHAVIOURS[what]) as server, configured(tmp_path, server.url) as log:
        log_at_rate(log, 2000)
        counts = finish()
        assert counts.set_aside == 0
        matrix.add(row(f"receiver {what}", 2000, server, counts))


def test_a_receiver_never_acknowledges(tmp_path: Path, matrix: Matrix) -> None:
    """The second destination gets everything; nothing waits for the first for ever."""
    with BeatsServer(beats.never_acknowledge) as silent, BeatsServer() as server:
        shipper.configure(
            service="faulty", to=[f"{silent.url}?timeout=0.5", server.url], spool=tmp_path
        )
        log_at_rate(shipper.get_logger("faults"), 1000)
        counts = finish()
        matrix.add(row("receiver never acknowledges; fail over", 1000, server, counts))
        shipper.shutdown()


def test_a_receiver_acknowledges_and_dies(tmp_path: Path, matrix: Matrix) -> None:
    """It took the batch and crashed before saying so: sent twice, once in the index."""
    crashes = iter(range(5))

    def behave(server: BeatsServer, connection: Any, events: list[bytes]) -> None:
        if next(crashes, None) is None:
            beats.acknowledge(server, connection, events)
        else:
            beats.reset_before_acknowledging(server, connection, events)

    with BeatsServer(behave) as server, configured(tmp_path, server.url) as log:
        log_at_rate(log, 2000)
        counts = finish()
        assert server.index.resent > 0
        matrix.add(
            row("receiver takes batches and dies before it acknowledges", 2000, server, counts)
        )


def test_no_receiver_for_long(tmp_path: Path, matrix: Matrix) -> None:
    """Memory stays where it was; everything arrives when the receiver comes."""
    import psutil

    seconds = 600 if LONG else 5
    count = seconds * RATE
    with BeatsServer() as server:
        server.kill()
        with configured(tmp_path, server.url) as log:
            log_at_rate(log, RATE)
            assert shipper.flush()
            before = psutil.Process().memory_info().rss
            log_at_rate(log, count - RATE, first=RATE)
            assert shipper.flush()
            grown = psutil.Process().memory_info().rss - before
            assert grown < 20e6
            server.start()
            counts = finish(300)
            matrix.add(
                row(
                    f"no receiver for {seconds} s at {RATE:,}/s",
                    count,
                    server,
                    counts,
                    f"memory grew by {grown / 1e6:.1f} MB",
                )
            )

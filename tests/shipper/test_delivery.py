"""Delivery ends when every line is acknowledged or, with good reason, set aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shipper.address import parse_address
from shipper.credentials import Credentials
from shipper.delivery import BatchLimits, Delivery
from shipper.destinations import AllDownError, Destinations
from shipper.outbox import Outbox
from shipper.segments import Segment
from tests.receivers.beats import BeatsServer, refuse, reset_before_acknowledging
from tests.receivers.http import HttpServer

STREAM = "logs-ml.service-default"


def record(number: int, text: str = "") -> bytes:
    """Return a record as a line."""
    return (
        json.dumps(
            {
                "event": {"id": f"e-{number}", "sequence": number},
                "data_stream": {"dataset": "ml.service"},
                "numeric_labels": {"number": number},
                "text": text,
            },
            separators=(",", ":"),
        ).encode()
        + b"\n"
    )


class Case:
    """A folder with records, and a delivery from it."""

    def __init__(self, folder: Path, *urls: str) -> None:
        self.folder = folder
        self.aside: list[tuple[bytes, str]] = []
        self.paused: list[float] = []
        self.destinations = Destinations(
            [parse_address(url) for url in urls], Credentials(), longest_pause=0.02
        )

    def write(self, lines: list[bytes]) -> None:
        """Write a finished segment."""
        segment = Segment(self.folder / STREAM, "aa", 1)
        segment.write(b"".join(lines))
        segment.close()

    def deliver(self, count: int = 100) -> Delivery:
        """Deliver all there is."""
        outbox = Outbox(self.folder, lambda line, reason: self.aside.append((line, reason)))
        outbox.discover()
        delivery = Delivery(
            outbox,
            self.destinations,
            lambda line, reason: self.aside.append((line, reason)),
            BatchLimits(count=count),
            self.wait,
        )
        while delivery.deliver_batch():
            pass
        return delivery

    def wait(self, seconds: float) -> None:
        """Wait no longer than a test may."""
        import time

        self.paused.append(seconds)
        time.sleep(min(seconds, 0.02))


Make = Callable[..., Case]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a case in a folder of its own."""
    return lambda *urls: Case(tmp_path, *urls)


def test_everything_is_delivered_in_batches(make: Make) -> None:
    """The plain case."""
    with BeatsServer() as server:
        case = make(server.url)
        case.write([record(number) for number in range(250)])
        counts = case.deliver(count=100).counts
        assert server.index.numbers() == list(range(250))
        assert server.windows == [100, 100, 50]
        assert (counts.delivered, counts.resent, counts.set_aside) == (250, 0, 0)


def test_the_record_that_a_receiver_cannot_digest_is_found(make: Make) -> None:
    """Logstash resets the connection for the whole batch; the other records must get through."""
    with BeatsServer(refuse(lambda event: b"poison" in event)) as server:
        case = make(server.url)
        case.write([record(n, "poison" if n in (37, 38) else "") for n in range(100)])
        counts = case.deliver().counts
        assert sorted(server.index.numbers()) == [n for n in range(100) if n not in (37, 38)]
        assert sorted(json.loads(line)["numeric_labels"]["number"] for line, _ in case.aside) == [
            37,
            38,
        ]
        assert (counts.delivered, counts.set_aside) == (98, 2)


def test_a_receiver_that_refuses_everything_costs_nothing(make: Make) -> None:
    """Records are set aside only when their neighbours are taken: here the receiver is at fault."""
    with BeatsServer(reset_before_acknowledging) as server:
        case = make(server.url)
        case.write([record(number) for number in range(20)])
        tries = 0

        def mend(seconds: float) -> None:
            nonlocal tries
            tries += 1
            if tries == 60:
                from tests.receivers.beats import acknowledge

                server.behaviour = acknowledge

        case.wait = mend  # type: ignore[method-assign]
        counts = case.deliver().counts
        assert case.aside == []
        assert sorted(server.index.numbers()) == list(range(20))
        assert (counts.delivered, counts.set_aside) == (20, 0)


def test_http_refusals_are_narrowed_down(make: Make) -> None:
    """An answer of 400 for a batch is one record's fault, not that of all."""

    def decide(server: HttpServer, events: list[bytes]) -> int:
        if any(b"poison" in event for event in events):
            return 400
        for event in events:
            server.index.take(event)
        return 200

    with HttpServer(decide) as server:
        case = make(server.url)
        case.write([record(n, "poison" if n == 99 else "") for n in range(100)])
        case.deliver()
        assert sorted(server.index.numbers()) == list(range(99))
        assert len(case.aside) == 1
        assert "answered 400" in case.aside[0][1]


def test_a_refused_record_without_neighbours_waits_for_one(make: Make) -> None:
    """Alone it cannot be told whether record or receiver is at fault."""
    refusing = True

    def decide(server: HttpServer, events: list[bytes]) -> int:
        if refusing:
            return 400
        for event in events:
            server.index.take(event)
        return 200

    with HttpServer(decide) as server:
        case = make(server.url)
        case.write([record(1)])

        def mend(seconds: float) -> None:
            nonlocal refusing
            refusing = len(case.paused) < 5
            case.paused.append(seconds)

        case.wait = mend  # type: ignore[method-assign]
        case.deliver()
        assert server.index.numbers() == [1]
        assert case.aside == []


def test_an_oversized_record_is_set_aside(make: Make) -> None:
    """The receiver's bound is the transport's, or the address's."""
    with BeatsServer() as server:
        case = make(f"{server.url}?max_event_bytes=1000")
        case.write([record(1), record(2, "x" * 2000), record(3)])
        case.deliver()
        assert server.index.numbers() == [1, 3]
        assert "more than 1000" in case.aside[0][1]


def test_a_broken_line_is_found_when_the_batch_fails(make: Make) -> None:
    """A power cut can leave a line that only looks whole."""
    with BeatsServer(refuse(lambda event: b'"broken' in event)) as server:
        case = make(server.url)
        case.write([record(1), b'{"broken": }\n', record(2)])
        case.deliver()
        assert server.index.numbers() == [1, 2]
        assert "not JSON" in case.aside[0][1]


def test_the_next_destination_takes_over_and_the_first_comes_back(make: Make) -> None:
    """Fail over at once, fail back when the preferred one answers again."""
    with HttpServer() as second, BeatsServer() as first:
        case = make(first.url, second.url)
        case.write([record(number) for number in range(10)])
        case.deliver()
        assert case.destinations.current is not None
        assert case.destinations.current.name == first.url
        first.kill()
        case.write([record(number) for number in range(10, 20)])
        case.deliver()
        assert sorted(second.index.numbers()) == list(range(10, 20))
        assert case.destinations.current.name == second.url
        first.start()
        case.destinations.retry_now()
        case.write([record(number) for number in range(20, 30)])
        case.deliver()
        assert sorted(first.index.numbers()) == [*range(10), *range(20, 30)]


def test_a_destination_that_is_down_is_left_alone_for_longer_and_longer() -> None:
    """Exponential backoff: not every batch costs an attempt."""
    destinations = Destinations([parse_address("beats://127.0.0.1:1")], Credentials())
    pauses = []
    for _ in range(6):
        destinations.retry_now()
        with pytest.raises(AllDownError) as caught:
            destinations.send([b"{}"], [STREAM])
        pauses.append(caught.value.retry_after or 0)
    assert pauses == sorted(pauses) or pauses[-1] > 4 * pauses[0]
    assert 0.1 < pauses[0] < 0.3
    assert 3.5 < pauses[-1] <= 8
    assert destinations.is_failing()


def test_a_receiver_may_ask_for_patience(make: Make) -> None:
    """``Retry-After`` is a lower bound of the pause."""
    with HttpServer(lambda server, events: 429, retry_after=9) as server:
        destinations = Destinations([parse_address(server.url)], Credentials())
        with pytest.raises(AllDownError) as caught:
            destinations.send([b"{}"], [STREAM])
        assert caught.value.retry_after is not None
        assert 8 < caught.value.retry_after <= 9


def test_a_transport_of_python_logstash_async_can_be_used(tmp_path: Path) -> None:
    """As it is, with what it can and cannot do."""
    from logstash_async.transport import BeatsTransport, HttpTransport

    with BeatsServer() as beats, HttpServer() as http:
        for number, transport in enumerate(
            (
                BeatsTransport(
                    "127.0.0.1", beats.port, False, False, None, None, None, None, timeout=5.0
                ),
                HttpTransport("127.0.0.1", http.port, timeout=5.0, ssl_enable=False),
            )
        ):
            case = Case(tmp_path / str(number))
            case.destinations = Destinations([transport], Credentials())
            case.write([record(number) for number in range(10)])
            case.deliver()
        assert beats.index.numbers() == list(range(10))
        assert http.index.numbers() == list(range(10))

"""A Lumberjack v2 server, checked against Elastic's own go-lumber, that can misbehave."""

from __future__ import annotations

import socket
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

from tests.receivers.server import Server, address_of, receive, reset

Behaviour = Callable[["BeatsServer", socket.socket, list[bytes]], None]
"""What the server does with one window of events."""


class BeatsServer(Server):
    """Takes windows of events and behaves as told.

    Args:
        behaviour: What to do with a window; index and acknowledge all of it when omitted.
        server: Arguments of ``Server``.
    """

    def __init__(self, behaviour: Behaviour | None = None, **server: Any) -> None:
        super().__init__(**server)
        self.behaviour = behaviour or acknowledge
        self.windows: list[int] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return address_of(self, "beats" if self.context is None else "beats+tls")

    def serve(self, connection: socket.socket) -> None:
        while True:
            events = read_window(connection)
            self.wait_while_stalled()
            self.windows.append(len(events))
            self.behaviour(self, connection, events)

    def take(self, events: list[bytes]) -> None:
        """Index events."""
        for event in events:
            self.index.take(event)


def read_window(connection: socket.socket) -> list[bytes]:
    """Return the events of the next window, in order.

    Raises:
        EOFError: If the connection ends.
        ValueError: If what comes is not Lumberjack v2.
    """
    kind = receive(connection, 2)
    if kind != b"2W":
        raise ValueError(f"a window was expected, not {kind!r}")
    (count,) = struct.unpack(">I", receive(connection, 4))
    events: list[bytes] = []
    while len(events) < count:
        kind = receive(connection, 2)
        if kind == b"2C":
            (size,) = struct.unpack(">I", receive(connection, 4))
            events += parse_events(zlib.decompress(receive(connection, size)))
        elif kind == b"2J":
            number, size = struct.unpack(">II", receive(connection, 8))
            check_number(number, len(events))
            events.append(receive(connection, size))
        else:
            raise ValueError(f"unknown frame {kind!r}")
    return events


def parse_events(data: bytes) -> list[bytes]:
    """Return the events of a compressed frame."""
    events: list[bytes] = []
    place = 0
    while place < len(data):
        kind, number, size = struct.unpack_from(">2sII", data, place)
        if kind != b"2J":
            raise ValueError(f"unknown frame {kind!r} inside")
        check_number(number, len(events))
        place += 10
        events.append(data[place : place + size])
        place += size
    return events


def check_number(number: int, before: int) -> None:
    """Raise unless sequence numbers count from 1."""
    if number != before + 1:
        raise ValueError(f"event {before + 1} has number {number}")


def send_acknowledgement(connection: socket.socket, number: int) -> None:
    """Acknowledge events up to ``number``."""
    connection.sendall(struct.pack(">2sI", b"2A", number))


def acknowledge(server: BeatsServer, connection: socket.socket, events: list[bytes]) -> None:
    """Take all and say so: the normal case."""
    server.take(events)
    send_acknowledgement(connection, len(events))


def acknowledge_late(server: BeatsServer, connection: socket.socket, events: list[bytes]) -> None:
    """Say that it is alive, as Logstash does while its queue is full, and acknowledge then."""
    server.take(events)
    for _ in range(3):
        time.sleep(0.1)
        send_acknowledgement(connection, 0)
    send_acknowledgement(connection, len(events))


def acknowledge_half_and_close(
    server: BeatsServer, connection: socket.socket, events: list[bytes]
) -> None:
    """Take all, acknowledge half, and break off; every third window goes well."""
    server.take(events)
    if len(server.windows) % 3 == 0:
        send_acknowledgement(connection, len(events))
    else:
        send_acknowledgement(connection, len(events) // 2)
        raise EOFError


def acknowledge_twice(server: BeatsServer, connection: socket.socket, events: list[bytes]) -> None:
    """Acknowledge every window in parts, and some parts twice."""
    server.take(events)
    for number in (len(events) // 3, len(events) // 3, len(events) // 2, len(events)):
        send_acknowledgement(connection, number)


def never_acknowledge(server: BeatsServer, connection: socket.socket, events: list[bytes]) -> None:
    """Take all and say nothing."""
    server.take(events)
    time.sleep(60)


def reset_before_acknowledging(
    server: BeatsServer, connection: socket.socket, events: list[bytes]
) -> None:
    """Take all and crash before the acknowledgement."""
    server.take(events)
    reset(connection)


def close_in_mid_frame(server: BeatsServer, connection: socket.socket, events: list[bytes]) -> None:
    """Send half an acknowledgement and close; every second window goes well."""
    if len(server.windows) % 2:
        connection.sendall(b"2A\x00")
        raise EOFError
    acknowledge(server, connection, events)


def refuse(is_bad: Callable[[bytes], bool]) -> Behaviour:
    """Reset the connection for a window with a bad event, as Logstash's beats input does."""

    def behave(server: BeatsServer, connection: socket.socket, events: list[bytes]) -> None:
        for event in events:
            if is_bad(event):
                reset(connection)
                raise EOFError
            server.index.take(event)
        send_acknowledgement(connection, len(events))

    return behave

"""A raw TCP receiver of JSON lines, as Logstash's tcp input is one."""

from __future__ import annotations

import socket

from tests.receivers.server import Server, address_of


class LineServer(Server):
    """Takes JSON lines; acknowledges nothing, as the protocol has it."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return address_of(self, "tcp" if self.context is None else "tcp+tls")

    def serve(self, connection: socket.socket) -> None:
        rest = b""
        while True:
            self.wait_while_stalled()
            data = connection.recv(1 << 16)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.index.take(line)

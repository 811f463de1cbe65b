"""Beats: the Lumberjack protocol, version 2, as Logstash's beats input speaks it.

A window of events goes out in one frame; the receiver acknowledges by sequence number, perhaps in
parts. Acknowledgements of number 0 only say that it is alive: Logstash sends them every 5 s while
its queue is full. See https://github.com/elastic/go-lumber.
"""

from __future__ import annotations

import time
import zlib
from struct import Struct
from typing import Any

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.transports.base import DeliveryError, Receipt, UnansweredError
from shipper.transports.connected import ConnectedTransport

PATIENCE = 4
"""A receiver that only says it is alive may take so many times the timeout."""

_DEFAULT_COMPRESSION = 1
_FRAME = Struct(">2sI")
_EVENT = Struct(">2sII")
_WINDOW, _COMPRESSED, _JSON, _ACKNOWLEDGEMENT = b"2W", b"2C", b"2J", b"2A"


class BeatsTransport(ConnectedTransport):
    """Sends to Logstash's beats input, plain or with TLS.

    Args:
        address: Where to.
        credentials: Passphrase of the client's key, if it has one.

    Raises:
        ConfigurationError: If a certificate cannot be loaded.
    """

    protocol = "Beats (Lumberjack 2)"

    def __init__(self, address: Address, credentials: Credentials) -> None:
        super().__init__(address, credentials)
        level = address.compression
        self._compression = _DEFAULT_COMPRESSION if level is None else level

    def send(self, events: list[bytes], **details: Any) -> Receipt:
        """Send a window of events and wait until all of it is acknowledged.

        Raises:
            DeliveryError: If not all of it was; ``accepted`` says how much.
        """
        connection = self.connected()
        acknowledged = 0
        try:
            connection.send(self._encode(events))
            begun = progress = time.monotonic()
            while acknowledged < len(events):
                limit = min(
                    progress + self.address.timeout, begun + PATIENCE * self.address.timeout
                )
                kind, number = _FRAME.unpack(connection.receive(_FRAME.size, limit))
                if kind != _ACKNOWLEDGEMENT or number > len(events):
                    raise UnansweredError(f"{self.address} does not speak the Beats protocol")
                progress = time.monotonic()
                if number > acknowledged:
                    acknowledged, begun = number, progress
        except DeliveryError as error:
            self.close()
            error.accepted = acknowledged
            raise
        return Receipt()

    def _encode(self, events: list[bytes]) -> bytes:
        pack = _EVENT.pack
        parts: list[bytes] = []
        for number, event in enumerate(events, 1):
            parts.append(pack(_JSON, number, len(event)))
            parts.append(event)
        body = b"".join(parts)
        if self._compression:
            squeezed = zlib.compress(body, self._compression)
            body = _FRAME.pack(_COMPRESSED, len(squeezed)) + squeezed
        return _FRAME.pack(_WINDOW, len(events)) + body

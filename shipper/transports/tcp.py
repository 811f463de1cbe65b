"""TCP: JSON lines to Logstash's tcp input. It gives no acknowledgement, so records can be lost.

What can be done is done. Before a batch counts as delivered, the receiver's machine has confirmed
every byte. That its process died before it read them shows only in the broken connection: then what
went over it last is sent again, which the index recognises by its ids. A gap is left where this
process ends before it notices; Beats and HTTP do not have it.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Sequence
from struct import unpack
from typing import Any

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.transports.base import DeliveryError, Receipt, UnansweredError
from shipper.transports.connected import ConnectedTransport
from shipper.transports.connection import Connection

RECENT_BYTES = 8 * 1024 * 1024
RECENT_SECONDS = 300.0
"""What was sent so recently, and no more of it, is sent again when a connection breaks."""

_POLL_SECONDS = 0.002
_LONGEST_POLL_SECONDS = 0.05


class TcpTransport(ConnectedTransport):
    """Sends JSON lines over a kept-alive connection, plain or with TLS.

    Args:
        address: Where to.
        credentials: Passphrase of the client's key, if it has one.
    """

    protocol = "TCP (no acknowledgement)"
    acknowledges = False
    # beyond it Logstash's json_lines codec closes the connection
    maximum_event_bytes = 1024 * 1024 - 1

    def __init__(self, address: Address, credentials: Credentials) -> None:
        super().__init__(address, credentials)
        self._recent: deque[tuple[float, bytes]] = deque()
        self._recent_bytes = 0

    def send(self, events: list[bytes], **details: Any) -> Receipt:
        """Send a batch and wait until the receiver's machine has all of it.

        Raises:
            DeliveryError: If the connection ended before that.
        """
        connection = self.connected()
        data = b"\n".join(events) + b"\n"
        self._deliver(connection, [data])
        self._remember(data)
        return Receipt()

    def _remember(self, data: bytes) -> None:
        """Keep what a receiver may not have read yet: no more than its machine's buffer holds."""
        self._recent.append((time.monotonic(), data))
        self._recent_bytes += len(data)
        while self._recent_bytes > RECENT_BYTES and len(self._recent) > 1:
            self._recent_bytes -= len(self._recent.popleft()[1])

    def begin(self, connection: Connection) -> None:
        """Send what went over the connection before this one shortly before it broke."""
        limit = time.monotonic() - RECENT_SECONDS
        self._deliver(connection, [data for moment, data in self._recent if moment >= limit])

    def _deliver(self, connection: Connection, pieces: Sequence[bytes]) -> None:
        try:
            for piece in pieces:
                connection.send(piece)
            self._wait_until_received(connection)
        except DeliveryError:
            self.close()
            raise

    def _wait_until_received(self, connection: Connection) -> None:
        deadline = time.monotonic() + self.address.timeout
        pause = _POLL_SECONDS
        while _unconfirmed_bytes(connection.fileno()) > 0:
            if connection.is_closed_by_peer():
                raise UnansweredError(f"{self.address} closed the connection")
            if time.monotonic() > deadline:
                raise UnansweredError(f"{self.address} stopped reading")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_POLL_SECONDS)
        if connection.is_closed_by_peer():
            raise UnansweredError(f"{self.address} closed the connection")


def _unconfirmed_bytes(descriptor: int) -> int:
    """Return the bytes in the send queue that the other machine has not confirmed."""
    if sys.platform != "linux" or descriptor < 0:  # elsewhere the queue cannot be asked
        return 0
    import fcntl
    import termios

    return int(unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0\0\0\0"))[0])

"""TCP: JSON lines to Logstash's tcp input. It gives no acknowledgement, so records can be lost.

What can be done is done: before a batch counts as delivered, the receiver's machine has confirmed
every byte. What its process had not read when it died is lost; Beats and HTTP do not have this gap.
"""

from __future__ import annotations

import sys
import time
from struct import unpack
from typing import Any

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.transports.base import DeliveryError, DeliveryTransport, Receipt, UnansweredError
from shipper.transports.connection import Connection
from shipper.transports.tls import tls_context

_POLL_SECONDS = 0.002
_LONGEST_POLL_SECONDS = 0.05


class TcpTransport(DeliveryTransport):
    """Sends JSON lines over a kept-alive connection, plain or with TLS.

    Args:
        address: Where to.
        credentials: Passphrase of the client's key, if it has one.
    """

    acknowledges = False
    # beyond it Logstash's json_lines codec closes the connection
    maximum_event_bytes = 1024 * 1024 - 1

    def __init__(self, address: Address, credentials: Credentials) -> None:
        super().__init__(address)
        self._context = tls_context(address, credentials)
        self._connection: Connection | None = None

    def connect(self) -> str:
        """Open the connection if there is none.

        Raises:
            UnreachableError: If that fails.
        """
        if self._connection is not None and self._connection.is_closed_by_peer():
            self.close()
        if self._connection is None:
            self._connection = Connection(self.address, self._context)
        return "TCP (no acknowledgement)"

    def send(self, events: list[bytes], **details: Any) -> Receipt:
        """Send a batch and wait until the receiver's machine has all of it.

        Raises:
            DeliveryError: If the connection ended before that.
        """
        self.connect()
        connection = self._connection
        if connection is None:
            raise UnansweredError(f"{self.address}: the connection was given up")
        try:
            connection.send(b"\n".join(events) + b"\n")
            self._wait_until_received(connection)
        except DeliveryError:
            self.close()
            raise
        return Receipt()

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abort(self) -> None:
        """Wake up a waiting ``send``."""
        connection = self._connection
        if connection is not None:
            connection.abort()

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

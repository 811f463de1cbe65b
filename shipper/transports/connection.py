"""A kept-alive TCP or TLS connection with deadlines, over IPv4 or IPv6."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

from shipper.address import Address
from shipper.transports.base import UnansweredError, UnreachableError
from shipper.transports.tls import explain_tls_failure

MAXIMUM_CONNECT_SECONDS = 10.0
_PIECE_BYTES = 256 * 1024


class Connection:
    """An open connection.

    Args:
        address: Where to.
        context: How to encrypt; None for plain TCP.

    Raises:
        UnreachableError: If it cannot be opened; the message says why and what to do.
    """

    def __init__(self, address: Address, context: ssl.SSLContext | None) -> None:
        self.address = address
        limit = min(address.timeout, MAXIMUM_CONNECT_SECONDS)
        plain = self._open(limit)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket: socket.socket = plain
        if context is not None:
            try:
                self._socket = context.wrap_socket(
                    plain, server_hostname=address.server_name or address.host
                )
            except ssl.SSLError as error:
                plain.close()
                raise UnreachableError(explain_tls_failure(address, error)) from error
            except OSError as error:
                plain.close()
                raise UnreachableError(
                    f"{address} broke off the TLS handshake: {describe(error)}"
                ) from error

    def send(self, data: bytes) -> None:
        """Send all of the data, or fail within the address's timeout without progress.

        Raises:
            UnansweredError: If the connection broke, or the receiver stopped reading.
        """
        view = memoryview(data)
        place = 0
        self._socket.settimeout(self.address.timeout)
        try:
            while place < len(data):
                # a send may be short: what it says it took counts
                place += self._socket.send(view[place : place + _PIECE_BYTES])
        except TimeoutError as error:
            raise UnansweredError(
                f"{self.address} stopped reading for {self.address.timeout:g} s"
            ) from error
        except (OSError, ValueError) as error:
            raise UnansweredError(
                f"{self.address} closed the connection: {describe(error)}"
            ) from error

    def receive(self, size: int, deadline: float) -> bytes:
        """Return exactly ``size`` bytes.

        Args:
            size: How many.
            deadline: Time by the monotonic clock at which to give up.

        Raises:
            UnansweredError: If the connection ends or the time is over first.
        """
        data = b""
        try:
            while len(data) < size:
                self._socket.settimeout(max(0.001, deadline - time.monotonic()))
                piece = self._socket.recv(size - len(data))
                if not piece:
                    raise UnansweredError(f"{self.address} closed the connection")
                data += piece
        except TimeoutError as error:
            raise UnansweredError(f"{self.address} did not answer in time") from error
        except (OSError, ValueError) as error:
            raise UnansweredError(
                f"{self.address} closed the connection: {describe(error)}"
            ) from error
        return data

    def is_closed_by_peer(self) -> bool:
        """Return whether the other side has ended the connection, or sent what nobody expects."""
        self._socket.settimeout(0)
        try:
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.recv(1)  # also takes in session tickets, which are no data
            else:
                self._socket.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except (OSError, ValueError):
            return True
        return True

    def peer_certificate(self) -> Mapping[str, Any]:
        """Return the other side's certificate, as ``ssl`` describes it; empty without TLS."""
        if isinstance(self._socket, ssl.SSLSocket):
            return self._socket.getpeercert() or {}
        return {}

    def tls_version(self) -> str:
        """Return the version of TLS, such as ``TLSv1.3``; '' without TLS."""
        return (self._socket.version() or "") if isinstance(self._socket, ssl.SSLSocket) else ""

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def abort(self) -> None:
        """Break the connection, so that whoever waits on it in another thread wakes up."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _open(self, limit: float) -> socket.socket:
        address = self.address
        try:
            return socket.create_connection((address.host, address.port), limit)
        except socket.gaierror as error:
            raise UnreachableError(
                f"the name {address.host!r} is not known here: check the host in {address}"
            ) from error
        except TimeoutError as error:
            raise UnreachableError(
                f"{address} did not accept a connection within {limit:g} s: "
                "check the host, the port and the firewall between"
            ) from error
        except ConnectionRefusedError as error:
            raise UnreachableError(
                f"nothing listens at {address}: is the receiver running, and on this port?"
            ) from error
        except OSError as error:
            raise UnreachableError(f"{address} cannot be reached: {describe(error)}") from error


def describe(error: BaseException) -> str:
    """Return what the system said, or the error's type where it said nothing."""
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__)

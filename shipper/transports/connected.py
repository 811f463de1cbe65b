"""What transports over a connection of their own share: it is opened when needed, and kept."""

from __future__ import annotations

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.transports.base import DeliveryTransport, UnansweredError
from shipper.transports.connection import Connection
from shipper.transports.tls import tls_context


class ConnectedTransport(DeliveryTransport):
    """Keeps a TCP or TLS connection.

    Args:
        address: Where to.
        credentials: Passphrase of the client's key, if it has one.

    Attributes:
        protocol: What is spoken, in a few words.

    Raises:
        ConfigurationError: If a certificate cannot be loaded.
    """

    protocol: str

    def __init__(self, address: Address, credentials: Credentials) -> None:
        super().__init__(address)
        self._context = tls_context(address, credentials)
        self._connection: Connection | None = None

    def connect(self) -> str:
        """Open the connection if there is none.

        Raises:
            DeliveryError: If that fails.
        """
        if self._connection is not None and self._connection.is_closed_by_peer():
            self.close()
        if self._connection is None:
            self._connection = connection = Connection(self.address, self._context)
            self.begin(connection)
        return self.protocol

    def begin(self, connection: Connection) -> None:
        """Do what a new connection begins with: nothing, for most protocols."""

    def connected(self) -> Connection:
        """Return the open connection.

        Raises:
            DeliveryError: If there is none and none can be opened.
        """
        self.connect()
        connection = self._connection
        if connection is None:  # aborted meanwhile
            raise UnansweredError(f"{self.address}: the connection was given up")
        return connection

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

"""A TCP server in a thread, with TLS on demand, that can be killed and started again."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from typing import Any, Self

from tests.receivers.index import Index


class Server:
    """Accepts connections and hands each to ``serve`` in a thread of its own.

    Args:
        index: Where records go.
        port: Port to listen at; any free one when 0.
        context: TLS, if wanted.
        host: Address to listen at.
    """

    def __init__(
        self,
        index: Index | None = None,
        port: int = 0,
        context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.index = index or Index()
        self.context = context
        self.host = host
        self.port = port
        self.connections = 0
        self.stalled = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Listen, at the same port as before."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.create_server((self.host, self.port), family=family)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def kill(self) -> None:
        """Close everything at once, the way a crash does: connections are reset."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(listener, socket.SHUT_RDWR)
            listener.close()
        for connection in list(self._open):
            reset(connection)

    def wait_while_stalled(self) -> None:
        """Do nothing while ``stalled`` is set; a kill ends that too."""
        while self.stalled.is_set() and self._listener is not None:
            time.sleep(0.01)
        if self._listener is None:
            raise EOFError

    def serve(self, connection: socket.socket) -> None:
        """Serve one connection until it ends."""
        raise NotImplementedError

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            if self.context is not None:
                plain, connection = (
                    connection,
                    self.context.wrap_socket(connection, server_side=True),
                )
                self._open.discard(plain)
                self._open.add(connection)
            self.connections += 1
            self.serve(connection)
        except (OSError, ValueError, EOFError):
            pass  # the connection ends, as in a server that logs the error
        finally:
            self._open.discard(connection)
            connection.close()


def reset(connection: socket.socket) -> None:
    """Close a connection with a reset instead of an orderly end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        connection.close()


def receive(connection: socket.socket, size: int) -> bytes:
    """Return exactly ``size`` bytes.

    Raises:
        EOFError: If the connection ends first.
    """
    parts: list[bytes] = []
    left = size
    while left:
        piece = connection.recv(min(left, 1 << 20))
        if not piece:
            raise EOFError
        parts.append(piece)
        left -= len(piece)
    return b"".join(parts)


def address_of(server: Any, scheme: str, options: str = "") -> str:
    """Return the URL of a server."""
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{scheme}://{host}:{server.port}{options}"

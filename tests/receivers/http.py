"""A real HTTP server that takes JSON arrays as Logstash's http input does, and can misbehave."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.receivers.index import Index

Decide = Callable[["HttpServer", list[bytes]], int]
"""Returns the status for a batch; 0 breaks the connection off without an answer."""


def accept(server: HttpServer, events: list[bytes]) -> int:
    """Take the batch: the normal case."""
    for event in events:
        server.index.take(event)
    return 200


class HttpServer:
    """Takes batches over HTTP/1.1 with kept-alive connections.

    Args:
        decide: What to answer.
        index: Where records go.
        port: Port to listen at; any free one when 0.
        context: TLS, if wanted.
        retry_after: What to ask for in ``Retry-After``, in seconds.
    """

    def __init__(
        self,
        decide: Decide = accept,
        index: Index | None = None,
        port: int = 0,
        context: ssl.SSLContext | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.decide = decide
        self.index = index or Index()
        self.port = port
        self.host = "127.0.0.1"
        self.context = context
        self.retry_after = retry_after
        self.requests = 0
        self.connections = 0
        self.batches: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.seconds_per_request = 0.0
        self._server: ThreadingHTTPServer | None = None
        self._open: set[Any] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'http' if self.context is None else 'https'}://{self.host}:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Listen, at the same port as before."""
        ours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                ours.connections += 1
                ours._open.add(self.connection)

            def finish(self) -> None:
                ours._open.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                ours.requests += 1
                ours.headers.append(dict(self.headers.items()))
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                time.sleep(ours.seconds_per_request)
                events = [json.dumps(event).encode() for event in json.loads(body)]
                ours.batches.append(len(events))
                status = ours.decide(ours, events)
                if status == 0:
                    self.close_connection = True
                    return
                said = b"ok" if status == 200 else b"refused"
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                if ours.retry_after is not None and status in (429, 503):
                    self.send_header("Retry-After", str(ours.retry_after))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        class Listener(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                pass

        server = Listener((self.host, self.port), Handler)
        if self.context is not None:
            server.socket = self.context.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def kill(self) -> None:
        """Stop listening and reset the connections."""
        from tests.receivers.server import reset

        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        for connection in list(self._open):
            reset(connection)

"""A way to a real server on which things can go wrong."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Fault = Callable[[str, str, bytes], tuple[int, Any] | str | None]
"""Given method, path and body: an answer in place of the server's, ``"drop"``, or None to pass it on."""

_PASSED = ("content-type", "content-encoding", "accept", "accept-encoding", "authorization")


@contextmanager
def faulty(url: str, fault: Fault) -> Iterator[str]:
    """Give the URL of a proxy before a server; ``fault`` is asked about each request."""
    target = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            wanted = fault(self.command, self.path, body)
            if wanted == "drop":
                self.close_connection = True
                self.connection.close()
                return
            if isinstance(wanted, tuple):
                status, told = wanted
                self._answer(status, json.dumps(told).encode(), {})
                return
            connection = http.client.HTTPConnection(target.hostname or "", target.port)
            headers = {k: v for k, v in self.headers.items() if k.lower() in _PASSED}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            self._answer(answer.status, answer.read(), dict(answer.getheaders()))
            connection.close()

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            lower = {name.lower(): value for name, value in headers.items()}
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", lower.get("content-type", "application/json"))
            if "content-encoding" in lower:
                self.send_header("Content-Encoding", lower["content-encoding"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Listener(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass

    server = Listener(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

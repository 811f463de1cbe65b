"""HTTP with a kept-alive connection and a deadline for the whole answer; urllib3 does the work."""

from __future__ import annotations

import contextlib
import gzip
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.transports.base import UnansweredError, UnreachableError
from shipper.transports.connection import MAXIMUM_CONNECT_SECONDS, describe
from shipper.transports.tls import explain_tls_failure, tls_context

_LONGEST_ANSWER_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response.

    Attributes:
        status: Its status.
        body: Its content.
        retry_after: Seconds that it asks to wait, or None.
    """

    status: int
    body: bytes
    retry_after: float | None


class HttpClient:
    """Sends requests to one host over one connection.

    Args:
        address: Where to.
        credentials: What the receiver may ask for.

    Raises:
        ConfigurationError: If a certificate cannot be loaded.
    """

    def __init__(self, address: Address, credentials: Credentials) -> None:
        self.address = address
        self._authorization = credentials.authorization()
        self._pool = self._make_pool(tls_context(address, credentials))

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
        compression: int = 0,
    ) -> Answer:
        """Send a request and return the whole answer.

        Raises:
            UnreachableError: If there is no connection.
            UnansweredError: If no answer came in time.
        """
        headers = {"Content-Type": content_type, "User-Agent": "elkhound"}
        if self._authorization is not None:
            headers["Authorization"] = self._authorization
        if body is not None and compression:
            body = gzip.compress(body, compression, mtime=0)
            headers["Content-Encoding"] = "gzip"
        deadline = time.monotonic() + 2 * self.address.timeout
        try:
            response = self._pool.urlopen(
                method,
                path,
                body=body,
                headers=headers,
                preload_content=False,
                redirect=False,
            )
            try:
                return self._read(response, deadline)
            finally:
                response.release_conn()
        except urllib3.exceptions.SSLError as error:
            cause = error.args[0] if error.args else error
            raise UnreachableError(explain_tls_failure(self.address, _tls_error(cause))) from error
        except urllib3.exceptions.NameResolutionError as error:
            raise UnreachableError(
                f"the name {self.address.host!r} is not known here: check the host"
            ) from error
        except urllib3.exceptions.NewConnectionError as error:
            raise UnreachableError(
                f"nothing listens at {self.address}: is the receiver running, and on this port?"
            ) from error
        except urllib3.exceptions.ConnectTimeoutError as error:
            raise UnreachableError(
                f"{self.address} did not accept a connection: check host, port and firewall"
            ) from error
        except urllib3.exceptions.TimeoutError as error:
            raise UnansweredError(f"{self.address} did not answer in time") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            cause = error.args[-1] if error.args else error
            said = describe(cause) if isinstance(cause, BaseException) else str(cause)
            raise UnansweredError(f"{self.address} closed the connection: {said}") from error

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        with contextlib.suppress(Exception):
            self._pool.close()
        self._pool = self._make_pool(self._context)

    def _make_pool(self, context: Any) -> urllib3.HTTPConnectionPool:
        self._context = context
        timeout = urllib3.Timeout(
            connect=min(self.address.timeout, MAXIMUM_CONNECT_SECONDS), read=self.address.timeout
        )
        shared: dict[str, Any] = {"timeout": timeout, "maxsize": 1, "retries": False}
        if context is None:
            return urllib3.HTTPConnectionPool(self.address.host, self.address.port, **shared)
        if not self.address.verify:
            shared |= {"assert_hostname": False, "cert_reqs": "CERT_NONE"}
        if self.address.server_name is not None:
            shared |= {
                "server_hostname": self.address.server_name,
                "assert_hostname": self.address.server_name,
            }
        return urllib3.HTTPSConnectionPool(
            self.address.host, self.address.port, ssl_context=context, **shared
        )

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> Answer:
        parts: list[bytes] = []
        size = 0
        for piece in response.stream(65_536):
            parts.append(piece)
            size += len(piece)
            if time.monotonic() > deadline or size > _LONGEST_ANSWER_BYTES:
                response.close()
                raise UnansweredError(f"{self.address} did not finish its answer")
        return Answer(
            response.status, b"".join(parts), _seconds(response.headers.get("Retry-After"))
        )


def _seconds(retry_after: str | None) -> float | None:
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return min(float(retry_after), 300.0)
    try:
        return min(max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time()), 300.0)
    except ValueError:
        return None


def _tls_error(cause: Any) -> Any:
    return cause if isinstance(cause, ssl.SSLError) else ssl.SSLError(1, str(cause))

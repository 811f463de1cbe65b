"""HTTP: Logstash's http input, a batch as one JSON array."""

from __future__ import annotations

from typing import Any

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.transports.base import (
    DeliveryError,
    DeliveryTransport,
    Receipt,
    RefusedError,
    UnansweredError,
    UnreachableError,
)
from shipper.transports.http_client import Answer, HttpClient

_LONGEST_QUOTE = 200


class HttpTransport(DeliveryTransport):
    """Sends to Logstash's http input; an answer of 2xx acknowledges the batch.

    Args:
        address: Where to.
        credentials: Name and password, if the input asks for them.
    """

    def __init__(self, address: Address, credentials: Credentials) -> None:
        super().__init__(address)
        self._client = HttpClient(address, credentials)

    def connect(self) -> str:
        """Ask for nothing: a batch of no events opens the connection.

        Raises:
            DeliveryError: If the receiver does not answer, or refuses.
        """
        self.send([])
        return "HTTP"

    def send(self, events: list[bytes], **details: Any) -> Receipt:
        """Send a batch as it is on disk: nothing is decoded or encoded again.

        Raises:
            DeliveryError: If it was not acknowledged.
        """
        answer = self._client.request(
            "POST",
            self.address.path or "/",
            b"[" + b",".join(events) + b"]",
            compression=self.address.compression or 0,
        )
        check_status(self.address, answer)
        return Receipt()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def check_status(address: Address, answer: Answer) -> None:
    """Return if an answer acknowledges the request.

    Raises:
        DeliveryError: If it does not; its class says whether the batch is to blame.
    """
    if 200 <= answer.status < 300:
        return
    quoted = answer.body[:_LONGEST_QUOTE].decode("utf-8", "replace").strip()
    said = f"{address} answered {answer.status}" + (f": {quoted}" if quoted else "")
    if answer.status in (401, 403):
        raise UnreachableError(
            f"{said} (set ELKHOUND_USERNAME and ELKHOUND_PASSWORD, or ELKHOUND_API_KEY)"
        )
    if answer.status in (400, 411, 413, 414, 415, 422):
        raise RefusedError(said)
    if answer.status in (404, 405) or 300 <= answer.status < 400:
        raise UnreachableError(f"{said}: is this the right path?")
    raise _busy(said, answer)


def _busy(said: str, answer: Answer) -> DeliveryError:
    if answer.status in (429, 502, 503, 504):
        return UnreachableError(said, retry_after=answer.retry_after)
    return UnansweredError(said, retry_after=answer.retry_after)

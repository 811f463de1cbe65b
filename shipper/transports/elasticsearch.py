"""Elasticsearch: the bulk API, straight from the service, where there is no Logstash.

Every record is created under its ``event.id``: one that is there already is a conflict, and counts
as delivered.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from typing import Any

import orjson

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.identifiers import format_time
from shipper.schema import MAXIMUM_EVENT_ID_LENGTH
from shipper.transports.base import DeliveryTransport, Receipt, UnansweredError, UnreachableError
from shipper.transports.http import check_status
from shipper.transports.http_client import HttpClient

_PATH = (
    "/_bulk?require_data_stream=true"
    "&filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason"
)
_STREAM = re.compile(r"[a-z][a-z0-9._-]{1,200}")
_CONFLICT = 409
_LATER = frozenset((408, 429, 500, 502, 503, 504))
_NO_STREAM = frozenset(("index_not_found_exception", "no_such_index_exception"))


class ElasticsearchTransport(DeliveryTransport):
    """Writes to the data streams of an Elasticsearch cluster.

    Args:
        address: Where to.
        credentials: API key, or name and password.
    """

    def __init__(self, address: Address, credentials: Credentials) -> None:
        super().__init__(address)
        self._client = HttpClient(address, credentials)
        level = address.compression
        self._compression = 1 if level is None else level

    def connect(self) -> str:
        """Ask for the cluster's name.

        Raises:
            DeliveryError: If it does not answer, or refuses.
        """
        answer = self._client.request(
            "GET", f"{self._prefix}/_cluster/health?filter_path=cluster_name"
        )
        check_status(self.address, answer)
        try:
            name = orjson.loads(answer.body)["cluster_name"]
        except (ValueError, KeyError, TypeError) as error:
            raise UnreachableError(f"{self.address} is no Elasticsearch") from error
        return f"Elasticsearch cluster {name!r}"

    def send(self, events: list[bytes], **details: Any) -> Receipt:
        """Create the documents and sort the answers.

        Raises:
            DeliveryError: If the request as a whole was not answered well.
        """
        streams: Sequence[str] = details["streams"]
        refused: list[tuple[int, str]] = []
        places: list[int] = []
        parts: list[bytes] = []
        ingested = format_time(time.time_ns())
        for place, (event, stream) in enumerate(zip(events, streams, strict=True)):
            try:
                parts.append(_operation(event, stream, ingested))
            except ValueError as error:
                refused.append((place, str(error)))
            else:
                places.append(place)
        if not parts:
            return Receipt(refused=refused)
        answer = self._client.request(
            "POST",
            self._prefix + _PATH,
            b"".join(parts),
            content_type="application/x-ndjson",
            compression=self._compression,
        )
        check_status(self.address, answer)
        return self._sort(answer.body, places, refused)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    @property
    def _prefix(self) -> str:
        return self.address.path.rstrip("/")

    def _sort(self, body: bytes, places: list[int], refused: list[tuple[int, str]]) -> Receipt:
        try:
            items = orjson.loads(body)["items"]
            results = [item["create"] for item in items]
            statuses = [int(result["status"]) for result in results]
        except (ValueError, KeyError, TypeError) as error:
            raise UnansweredError(
                f"{self.address} gave an answer that is no bulk result"
            ) from error
        if len(statuses) != len(places):
            raise UnansweredError(f"{self.address} answered for {len(statuses)} of {len(places)}")
        again: list[int] = []
        duplicates = 0
        for place, status, result in zip(places, statuses, results, strict=True):
            if 200 <= status < 300:
                continue
            if status == _CONFLICT:
                duplicates += 1
            elif status in _LATER:
                again.append(place)
            else:
                said = result.get("error") or {}
                if said.get("type") in _NO_STREAM:
                    # no fault of the record: keep it until somebody installs the template
                    raise UnreachableError(
                        f"{self.address} has no data stream for it ({said.get('reason')}): "
                        "run `elkhound setup` first"
                    )
                refused.append((place, f"{said.get('type')}: {said.get('reason')}"))
        return Receipt(duplicates=duplicates, refused=sorted(refused), again=again)


def _operation(event: bytes, stream: str, ingested: str) -> bytes:
    """Return the two lines of a bulk operation; the document gets its time of arrival.

    Raises:
        ValueError: If the event cannot be a document of the stream.
    """
    document = orjson.loads(event)
    if not _STREAM.fullmatch(stream):
        raise ValueError(f"{stream!r} is no name of a data stream")
    described = document.get("event")
    if not isinstance(described, dict):
        raise ValueError("the record has no event object")
    identity = described.get("id")
    if not isinstance(identity, str) or not 0 < len(identity.encode()) <= MAXIMUM_EVENT_ID_LENGTH:
        identity = hashlib.sha256(event).hexdigest()[:32]
    described["ingested"] = ingested
    action = {"create": {"_index": stream, "_id": identity}}
    return orjson.dumps(action) + b"\n" + orjson.dumps(document) + b"\n"

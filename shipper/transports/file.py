"""File: into the folder of another local store."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.segments import Segment
from shipper.transports.base import DeliveryTransport, Receipt, UnreachableError
from shipper.transports.connection import describe

_SEGMENT_BYTES = 64 * 1024 * 1024


class FileTransport(DeliveryTransport):
    """Appends to segments of its own in another folder; on the disk itself is delivered.

    Args:
        address: The folder.
        credentials: Not needed.
    """

    def __init__(self, address: Address, credentials: Credentials) -> None:
        super().__init__(address)
        self._folder = Path(address.path)
        self._nonce = secrets.token_hex(4)
        self._sequence = 0
        self._segments: dict[str, Segment] = {}

    def connect(self) -> str:
        """Make the folder.

        Raises:
            UnreachableError: If that fails.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnreachableError(f"{self.address} cannot be made: {describe(error)}") from error
        return "folder"

    def send(self, events: list[bytes], **details: Any) -> Receipt:
        """Append the events to the segments of their streams.

        Raises:
            UnreachableError: If the disk refuses; what it took of the batch is written again.
        """
        streams: Sequence[str] = details["streams"]
        lines: dict[str, list[bytes]] = {}
        for event, stream in zip(events, streams, strict=True):
            lines.setdefault(stream, []).append(event)
        try:
            for stream, some in lines.items():
                segment = self._segment(stream)
                data = b"\n".join(some) + b"\n"
                place = 0
                while place < len(data):
                    place += segment.write(data[place:])
                segment.sync()
        except OSError as error:
            self.close()  # a half-written line must not be continued
            raise UnreachableError(
                f"{self.address} cannot be written: {describe(error)}"
            ) from error
        return Receipt()

    def close(self) -> None:
        """Release the segments."""
        for segment in self._segments.values():
            with contextlib.suppress(OSError):
                segment.close()
        self._segments.clear()

    def _segment(self, stream: str) -> Segment:
        segment = self._segments.get(stream)
        if segment is not None and segment.size >= _SEGMENT_BYTES:
            segment.close()
            segment = None
        if segment is None:
            self._sequence += 1
            segment = Segment(self._folder / stream, self._nonce, self._sequence)
            self._segments[stream] = segment
        return segment

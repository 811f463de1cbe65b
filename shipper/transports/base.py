"""What every transport does: send a batch, and say what the receiver acknowledged.

The interface is that of ``logstash_async.transport.Transport``, so that transports of that package,
and of others who wrote one for it, can be used as they are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from logstash_async.transport import Transport

from shipper.address import Address


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiver said of a batch that it answered.

    Attributes:
        duplicates: Events that it had already.
        refused: Position and reason of each event that it will never take.
        again: Positions of events that it could not take now.
    """

    duplicates: int = 0
    refused: Sequence[tuple[int, str]] = ()
    again: Sequence[int] = ()


class DeliveryError(Exception):
    """A batch was not acknowledged whole; it stays in the spool and is sent again.

    Attributes:
        accepted: Events at the beginning of the batch that were acknowledged nevertheless.
        retry_after: Seconds that the receiver asked to wait, or None.
    """

    def __init__(self, reason: str, *, accepted: int = 0, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.accepted = accepted
        self.retry_after = retry_after


class UnreachableError(DeliveryError):
    """No way in: a wrong name, a refused port, a bad certificate, a rejected key, a full queue."""


class UnansweredError(DeliveryError):
    """The events went out and no acknowledgement came: a crash, or an event it cannot digest."""


class RefusedError(DeliveryError):
    """The receiver answered that it will not take this batch as it is."""


class DeliveryTransport(Transport):  # type: ignore[misc]  # the package has no types
    """A transport that keeps its connection and knows what was acknowledged.

    Args:
        address: Where to.

    Attributes:
        maximum_event_bytes: Longest event that the receiver takes.
        acknowledges: Whether the receiver confirms what it took.
    """

    maximum_event_bytes: int = 100 * 1024 * 1024
    acknowledges: bool = True

    def __init__(self, address: Address) -> None:
        super().__init__(
            host=address.host,
            port=address.port,
            timeout=address.timeout,
            ssl_enable=address.is_tls,
            ssl_verify=address.verify,
            ssl_verify_flags=None,
            use_logging=False,
        )
        self.address = address
        if address.maximum_event_bytes is not None:
            self.maximum_event_bytes = address.maximum_event_bytes

    @abstractmethod
    def send(self, events: list[bytes], **details: Any) -> Receipt:
        """Send events and wait for the acknowledgement.

        Args:
            events: Records as JSON, without newlines.
            details: ``streams``: the data stream of each event.

        Raises:
            DeliveryError: If not all of them were acknowledged.
        """

    @abstractmethod
    def connect(self) -> str:
        """Connect if there is no connection, and say to whom in a few words.

        Raises:
            DeliveryError: If that fails.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection; a later ``send`` opens a new one."""

    def abort(self) -> None:
        """Make a ``send`` that waits in another thread fail soon; called when time has run out."""
        self.close()


@dataclass(slots=True)
class Foreign:
    """A transport written for python-logstash-async: that it did not fail counts as delivered.

    Attributes:
        transport: The transport.
    """

    transport: Any
    maximum_event_bytes: int = 100 * 1024 * 1024
    acknowledges: bool = field(default=False)

    def send(self, events: list[bytes], **details: Any) -> Receipt:
        """Send events as text with newlines, the way that package does.

        Raises:
            DeliveryError: If the transport raises anything.
        """
        try:
            self.transport.send([event.decode() + "\n" for event in events])
        except Exception as error:
            raise UnansweredError(f"{type(error).__name__}: {error}") from error
        return Receipt()

    def connect(self) -> str:
        """Say what it is: such a transport connects when it sends."""
        return type(self.transport).__name__

    def close(self) -> None:
        """Close the transport."""
        self.transport.close()

    def abort(self) -> None:
        """Do nothing: such a transport cannot be interrupted."""

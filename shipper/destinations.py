"""Destinations in order of preference: fail over when one does not take records, and fail back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from shipper.address import Address
from shipper.backoff import LONGEST_SECONDS, pause_seconds
from shipper.credentials import Credentials
from shipper.transports import open_transport
from shipper.transports.base import (
    DeliveryError,
    Foreign,
    Receipt,
    RefusedError,
    UnansweredError,
    UnreachableError,
)

Target = Address | Any
"""An address, or a transport written for python-logstash-async."""


class AllDownError(DeliveryError):
    """No destination takes records now; ``retry_after`` says when to try again."""


class Destination:
    """One destination and how it has fared.

    Args:
        target: An address, or a transport of python-logstash-async.
        credentials: What it may ask for.
        longest_pause: Longest pause between two attempts, in seconds.
        has_others: Whether there are other destinations to go on with meanwhile.
    """

    def __init__(
        self,
        target: Target,
        credentials: Credentials,
        longest_pause: float,
        has_others: bool = False,
    ) -> None:
        self._has_others = has_others
        self.name = str(target) if isinstance(target, Address) else type(target).__name__
        self.failures = 0
        self.retry_at = 0.0
        self._target = target
        self._credentials = credentials
        self._longest_pause = longest_pause
        self._transport: Any = self._open()

    @property
    def transport(self) -> Any:
        """Its transport.

        Raises:
            ConfigurationError: If a certificate or key cannot be loaded any more.
        """
        if self._transport is None:
            self._transport = self._open()
        return self._transport

    def after_fork(self) -> None:
        """Leave the connection to the parent process."""
        self._transport = None
        self.succeeded()

    def _open(self) -> Any:
        if isinstance(self._target, Address):
            return open_transport(self._target, self._credentials)
        return Foreign(self._target)

    def succeeded(self) -> None:
        """Forget earlier failures."""
        self.failures = 0
        self.retry_at = 0.0

    def failed(self, error: DeliveryError) -> None:
        """Rest for a while: longer each time, or as long as the receiver asked."""
        self.failures += 1
        # one that takes records and never answers costs a timeout each time it is tried
        longest = self._longest_pause * (10 if isinstance(error, UnansweredError) else 1)
        pause = pause_seconds(self.failures, longest if self._has_others else self._longest_pause)
        self.retry_at = time.monotonic() + max(pause, error.retry_after or 0.0)


class Destinations:
    """Sends each batch to the first destination that takes it.

    Args:
        targets: Addresses (or transports) in order of preference.
        credentials: What they may ask for.
        complain: Says once in a while what is wrong.
        longest_pause: Longest pause between two attempts, in seconds.

    Raises:
        ConfigurationError: If a certificate or key cannot be loaded.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        credentials: Credentials,
        complain: Callable[[str, str], None] = lambda topic, message: None,
        longest_pause: float = LONGEST_SECONDS,
    ) -> None:
        self._all = [
            Destination(target, credentials, longest_pause, len(targets) > 1) for target in targets
        ]
        self._complain = complain
        self.current: Destination | None = None
        self.failures = 0
        self.last_error = ""

    @property
    def maximum_event_bytes(self) -> int:
        """Longest event that every destination takes."""
        return min(int(one.transport.maximum_event_bytes) for one in self._all)

    def send(self, events: list[bytes], streams: Sequence[str]) -> Receipt:
        """Send a batch.

        Raises:
            AllDownError: If no destination may be tried now.
            UnansweredError: If events went out and no acknowledgement came for all of them.
            RefusedError: If the destination will not take the batch as it is.
        """
        now = time.monotonic()
        for destination in self._all:
            if destination.retry_at > now:
                continue
            try:
                receipt: Receipt = destination.transport.send(events, streams=streams)
            except RefusedError:
                destination.succeeded()  # it is there, and answers
                self.current = destination
                raise
            except UnreachableError as error:
                self._note(destination, error)
            except DeliveryError as error:
                self._note(destination, error)
                raise
            except Exception as error:  # a transport with a fault must not end the delivery
                wrapped = UnansweredError(f"{type(error).__name__}: {error}")
                self._note(destination, wrapped)
                raise wrapped from error
            else:
                destination.succeeded()
                self.current = destination
                return receipt
        raise self._all_down()

    def retry_now(self) -> None:
        """Let every destination be tried at once, such as for a last attempt at shutdown."""
        for destination in self._all:
            destination.retry_at = 0.0

    def is_failing(self) -> bool:
        """Return whether every destination has failed since it last took something."""
        return all(destination.failures for destination in self._all)

    def after_fork(self) -> None:
        """Leave all connections to the parent process."""
        self.current = None
        for destination in self._all:
            destination.after_fork()

    def close(self) -> None:
        """Close all connections."""
        for destination in self._all:
            destination.transport.close()

    def abort(self) -> None:
        """Make a send that waits in another thread fail soon."""
        for destination in self._all:
            destination.transport.abort()

    def _note(self, destination: Destination, error: DeliveryError) -> None:
        destination.failed(error)
        self.failures += 1
        self.last_error = str(error)
        if self.current is destination:
            self.current = None
        self._complain(f"delivery to {destination.name}", f"records wait: {error}")

    def _all_down(self) -> AllDownError:
        soonest = min(destination.retry_at for destination in self._all)
        return AllDownError(
            self.last_error or "no destination takes records",
            retry_after=max(0.0, soonest - time.monotonic()),
        )

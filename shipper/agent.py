"""The agent: delivers the spools of many processes from outside, in one thread."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shipper.delivery import BatchLimits, Delivery, StoppedError
from shipper.destinations import Destinations
from shipper.outbox import Outbox
from shipper.spool import Spool, SpoolLimits

DISCOVER_SECONDS = 1.0
_IDLE_SECONDS = 0.2
# what an agent sets aside must not make it remove records that wait for delivery
_UNBOUNDED = SpoolLimits(disk_bytes=sys.maxsize, disk_seconds=math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an agent is.

    Attributes:
        delivered: Records that a destination acknowledged.
        duplicates: Those among them that it had already.
        set_aside: Records that no destination takes; they are in the folder ``rejected``.
        resent: Records that went out more than once.
        waiting_bytes: Bytes that wait in the folders.
        seconds: Time since the agent began.
        destination: Destination that takes the records now, or ''.
        last_error: What went wrong last, or ''.
    """

    delivered: int
    duplicates: int
    set_aside: int
    resent: int
    waiting_bytes: int
    seconds: float
    destination: str
    last_error: str


class Agent:
    """Delivers what is in some folders, and what comes into them.

    Args:
        directories: The spools' folders.
        destinations: Where records go.
        remove: Remove segments when all of them was acknowledged.
        patience: Seconds without any progress after which to give up; for ever when None.
        tell: Called several times a second with the progress.
        limits: When a batch is full.
    """

    def __init__(
        self,
        directories: Sequence[Path],
        destinations: Destinations,
        *,
        remove: bool = False,
        patience: float | None = None,
        tell: Callable[[Progress], None] = lambda progress: None,
        limits: BatchLimits | None = None,
    ) -> None:
        self._destinations = destinations
        self._patience = patience
        self._tell = tell
        self._stop = threading.Event()
        self._began = self._moved = time.monotonic()
        self._discovered = float("-inf")
        self._set_aside = 0
        self._rejects: list[Spool] = []
        self._outboxes: list[Outbox] = []
        self._deliveries: list[Delivery] = []
        for directory in directories:
            rejects = Spool(directory, _UNBOUNDED)

            def set_aside(line: bytes, reason: str, rejects: Spool = rejects) -> None:
                self._set_aside += 1
                rejects.set_aside(line, reason)

            outbox = Outbox(directory, set_aside, keep=not remove)
            self._rejects.append(rejects)
            self._outboxes.append(outbox)
            self._deliveries.append(
                Delivery(outbox, destinations, set_aside, limits or BatchLimits(), self._wait)
            )

    def run(self, follow: bool) -> bool:
        """Deliver; return whether nothing is left.

        Args:
            follow: Go on for what comes later, until ``stop`` is called.

        Raises:
            OSError: If a folder cannot be read.
        """
        try:
            while not self._stop.is_set():
                self._discover()
                delivered = sum([delivery.deliver_batch() for delivery in self._deliveries])
                self._note_progress(delivered)
                if delivered:
                    continue
                if not follow:
                    return True
                self._stop.wait(_IDLE_SECONDS)
        except StoppedError:
            return False
        finally:
            self._tell(self.progress())
            left = self._waiting_bytes()
            for outbox in self._outboxes:
                outbox.close()
            for rejects in self._rejects:
                rejects.close()
            self._destinations.close()
        return left == 0

    def stop(self) -> None:
        """End soon; may be called from a signal handler or another thread."""
        self._stop.set()

    def progress(self) -> Progress:
        """Return how far the agent is."""
        counts = [delivery.counts for delivery in self._deliveries]
        current = self._destinations.current
        return Progress(
            delivered=sum(count.delivered for count in counts),
            duplicates=sum(count.duplicates for count in counts),
            set_aside=self._set_aside,
            resent=sum(count.resent for count in counts),
            waiting_bytes=self._waiting_bytes(),
            seconds=time.monotonic() - self._began,
            destination="" if current is None else current.name,
            last_error=self._destinations.last_error if self._destinations.is_failing() else "",
        )

    def _waiting_bytes(self) -> int:
        return sum(outbox.undelivered_bytes() for outbox in self._outboxes)

    def _discover(self) -> None:
        if time.monotonic() - self._discovered >= DISCOVER_SECONDS:
            for outbox in self._outboxes:
                outbox.discover()
            self._discovered = time.monotonic()

    def _note_progress(self, delivered: int) -> None:
        if delivered:
            self._moved = time.monotonic()
        self._tell(self.progress())

    def _wait(self, seconds: float) -> None:
        """Wait between attempts.

        Raises:
            StoppedError: If the agent is stopped, or its patience is at an end.
        """
        self._tell(self.progress())
        if self._patience is not None:
            left = self._moved + self._patience - time.monotonic()
            if left <= 0:
                raise StoppedError
            seconds = min(seconds, left + 0.01)
        if self._stop.wait(seconds):
            raise StoppedError

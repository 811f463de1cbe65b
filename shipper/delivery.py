"""Delivery: from the outbox to a destination, until every line is acknowledged or set aside.

A batch that went out without an answer is sent again. When that happens repeatedly, one of its
records may be what the receiver cannot digest (Logstash's beats input resets the connection for the
whole batch): the batch is halved until that record stands alone. It is set aside only when the
receiver takes its neighbour and again not this one, so that a receiver in trouble costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from shipper.backoff import pause_seconds
from shipper.destinations import AllDownError, Destinations
from shipper.outbox import Outbox
from shipper.source import Entry, SetAside
from shipper.transports.base import DeliveryError, Receipt, RefusedError

SUSPICIOUS_FAILURES = 3
"""Attempts without an answer before a batch is suspected of holding a bad record."""

Wait = Callable[[float], None]
"""Waits so many seconds; raises ``StoppedError`` when it is time to end."""


class StoppedError(Exception):
    """The delivery is to end now; what is not acknowledged stays in the spool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """When a batch is full.

    Attributes:
        count: Most events.
        bytes: Most bytes.
        seconds: Longest time that an event waits for company.
    """

    count: int = 2000
    bytes: int = 2 * 1024 * 1024
    seconds: float = 0.2


@dataclass(slots=True)
class DeliveryCounts:
    """What became of the lines so far.

    Attributes:
        delivered: Lines that a destination acknowledged.
        duplicates: Those among them that it had already.
        set_aside: Lines that no destination takes.
        resent: Lines that went out more than once.
    """

    delivered: int = 0
    duplicates: int = 0
    set_aside: int = 0
    resent: int = 0


@dataclass(slots=True)
class _Attempts:
    """How the batch under way has fared."""

    size: int
    failures: int = 0
    suspects: list[Entry] = field(default_factory=list)
    strikes: dict[Entry, int] = field(default_factory=dict)


class Delivery:
    """Delivers the lines of an outbox, batch by batch, in the caller's thread.

    Args:
        outbox: Where lines come from.
        destinations: Where they go.
        set_aside: Keeps a line that no destination takes, with the reason.
        limits: When a batch is full.
        wait: How to wait between attempts.
    """

    def __init__(
        self,
        outbox: Outbox,
        destinations: Destinations,
        set_aside: SetAside,
        limits: BatchLimits | None = None,
        wait: Wait = time.sleep,
    ) -> None:
        self.counts = DeliveryCounts()
        self._outbox = outbox
        self._destinations = destinations
        self._set_aside = set_aside
        self._limits = limits or BatchLimits()
        self._wait = wait
        self._witness: Entry | None = None

    def deliver_batch(self) -> int:
        """Deliver the next batch, however long it takes, and return how many lines that was.

        Raises:
            StoppedError: If it is time to end first.
            OSError: If the spool cannot be read.
        """
        batch = self._outbox.next_batch(self._limits.count, self._limits.bytes)
        longest = self._destinations.maximum_event_bytes
        waiting: list[Entry] = []
        for entry in batch:
            if len(entry.line) > longest:
                self._give_up(entry, f"the record has {len(entry.line)} bytes, more than {longest}")
            else:
                waiting.append(entry)
        attempts = _Attempts(size=max(1, len(waiting)))
        while waiting or attempts.suspects:
            waiting = self._attempt(waiting, attempts)
            self._outbox.commit()
        return len(batch)

    def _attempt(self, waiting: list[Entry], attempts: _Attempts) -> list[Entry]:
        """Send the next part of a batch and return what is still to be sent."""
        if not waiting:
            return self._test_suspects(attempts)
        part = waiting[: attempts.size]
        try:
            receipt = self._send(part)
        except AllDownError as error:
            self._wait(max(0.01, error.retry_after or 0.0))
            return waiting
        except DeliveryError as error:
            return self._after_failure(waiting, part, error, attempts)
        left = self._settle(part, receipt)
        waiting = left + waiting[len(part) :]
        if left:
            self._wait(pause_seconds(1))
        else:
            self._witness = part[-1]
            self._confirm(attempts)
            attempts.failures = 0
            attempts.size = min(2 * attempts.size, self._limits.count)
        return waiting

    def _after_failure(
        self, waiting: list[Entry], part: list[Entry], error: DeliveryError, attempts: _Attempts
    ) -> list[Entry]:
        self._count_delivered(part[: error.accepted])
        waiting, part = waiting[error.accepted :], part[error.accepted :]
        self.counts.resent += len(part)
        attempts.failures = 1 if error.accepted else attempts.failures + 1
        refused = isinstance(error, RefusedError)
        if not refused and attempts.failures < SUSPICIOUS_FAILURES:
            return waiting
        sound = [entry for entry in part if self._is_sound(entry)]
        if len(sound) < len(part):
            return sound + waiting[len(part) :]
        if len(part) > 1:
            attempts.size = (len(part) + 1) // 2
            return waiting
        if not part or len(attempts.suspects) >= SUSPICIOUS_FAILURES:
            # nobody is taken: the receiver is in trouble, not the records
            self._wait(pause_seconds(attempts.failures, 5.0))
            waiting, attempts.suspects = attempts.suspects + waiting, []
            return waiting
        attempts.suspects.append(part[0])
        return waiting[1:]

    def _test_suspects(self, attempts: _Attempts) -> list[Entry]:
        """Find a neighbour for suspects that are left alone, and return what is to be sent."""
        waiting = self._outbox.next_batch(1, 1)
        if waiting:
            return waiting
        if self._witness is not None:  # one that was taken before: a second time does no harm
            try:
                self._send([self._witness])
            except AllDownError as error:
                self._wait(max(0.01, error.retry_after or 0.0))
            except DeliveryError:
                pass
            else:
                self._confirm(attempts)
            return []
        self._wait(pause_seconds(max(1, attempts.failures), 5.0))
        waiting, attempts.suspects = attempts.suspects, []
        return waiting

    def _confirm(self, attempts: _Attempts) -> None:
        """Try suspects once more, just after the receiver has taken a neighbour of theirs.

        A missing answer may be a coincidence: only the second one of this kind decides.
        """
        suspects, attempts.suspects = attempts.suspects, []
        for place, entry in enumerate(suspects):
            try:
                if self._settle([entry], self._send([entry])):
                    attempts.suspects.append(entry)
            except AllDownError:
                attempts.suspects.append(entry)
            except DeliveryError as error:
                strikes = attempts.strikes[entry] = attempts.strikes.get(entry, 0) + 1
                if isinstance(error, RefusedError) or strikes >= 2:
                    self._give_up(entry, str(error))
                    continue
                attempts.suspects.extend(suspects[place:])
                return

    def _send(self, part: list[Entry]) -> Receipt:
        return self._destinations.send(
            [entry.line for entry in part], [entry.stream for entry in part]
        )

    def _settle(self, part: list[Entry], receipt: Receipt) -> list[Entry]:
        """Settle what was answered and return what the receiver could not take now."""
        for place, reason in receipt.refused:
            self._give_up(part[place], reason)
        again = set(receipt.again)
        left = [part[place] for place in receipt.again]
        taken = [
            entry for place, entry in enumerate(part) if place not in again and not entry.settled
        ]
        self.counts.duplicates += receipt.duplicates
        self.counts.resent += len(left)
        self._count_delivered(taken)
        return left

    def _count_delivered(self, entries: list[Entry]) -> None:
        for entry in entries:
            entry.settled = True
        self.counts.delivered += len(entries)

    def _is_sound(self, entry: Entry) -> bool:
        """Return whether a line is a JSON object; one that is not is set aside."""
        try:
            if isinstance(orjson.loads(entry.line), dict):
                return True
            reason = "the line is not a JSON object"
        except ValueError as error:
            reason = f"the line is not JSON: {error}"
        self._give_up(entry, reason)
        return False

    def _give_up(self, entry: Entry, reason: str) -> None:
        self._set_aside(entry.line, reason)
        entry.settled = True
        self.counts.set_aside += 1

"""The courier: the thread in a service that delivers while records are written."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

from shipper.delivery import BatchLimits, Delivery, DeliveryCounts, StoppedError
from shipper.destinations import Destinations
from shipper.forking import begin_anew_after_fork
from shipper.outbox import Outbox
from shipper.source import SetAside

DISCOVER_SECONDS = 30.0
"""How often segments that others left behind are looked for."""

LAST_ATTEMPTS = 3
LAST_PAUSE_SECONDS = 0.2
"""At the end of the process, failures are tried again so often, with such a pause."""


class Courier:
    """Delivers the segments of this process, and those whose writer is gone.

    Args:
        directory: The spool's folder.
        destinations: Where lines go.
        set_aside: Keeps a line that no destination takes, with the reason.
        limits: When a batch is full.
        keep: Leave segments in place when all of them was acknowledged.
    """

    def __init__(
        self,
        directory: Path,
        destinations: Destinations,
        set_aside: SetAside,
        limits: BatchLimits | None = None,
        keep: bool = False,
    ) -> None:
        self._directory = directory
        self.destinations = destinations
        self._set_aside = set_aside
        self._limits = limits or BatchLimits()
        self._keep = keep
        self._start_afresh()
        begin_anew_after_fork(self)

    def _start_afresh(self) -> None:
        self.outbox = Outbox(self._directory, self._set_aside, keep=self._keep, orphans_only=True)
        self._delivery = Delivery(
            self.outbox, self.destinations, self._set_aside, self._limits, self._pause
        )
        self._work = threading.Event()
        self._hurry = threading.Event()
        self._idle = threading.Condition()
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._attempts_left = LAST_ATTEMPTS
        self._announced = 0
        self._caught_up = 0
        self._thread: threading.Thread | None = None
        self.last_error = ""

    @property
    def counts(self) -> DeliveryCounts:
        """What became of the lines so far."""
        return self._delivery.counts

    def opened(self, path: Path) -> None:
        """Take over a segment that this process has begun, and start to work."""
        self.outbox.opened(path)
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="elkhound-delivery", daemon=True)
            with contextlib.suppress(RuntimeError):  # the interpreter is ending: it stays on disk
                thread.start()
                self._thread = thread

    def written(self, sizes: dict[Path, int]) -> None:
        """Say how far own segments have been written."""
        for path, size in sizes.items():
            self.outbox.written(path, size)
        self._announced += 1
        self._work.set()

    def finished(self, path: Path) -> None:
        """Say that an own segment will not grow any more."""
        self.outbox.finished(path)
        self._announced += 1
        self._work.set()

    def give_up(self, path: Path) -> int | None:
        """Give up a segment to make room on disk; see ``Outbox.give_up``."""
        return self.outbox.give_up(path)

    def flush(self, seconds: float) -> bool:
        """Wait until everything announced so far is settled; False when time ran out first."""
        if self._thread is None:
            return True
        target = self._announced
        self._hurry.set()
        self._work.set()
        with self._idle:
            return self._idle.wait_for(lambda: self._caught_up >= target, seconds)

    def close(self, seconds: float) -> bool:
        """Deliver what is left within a deadline and stop; what is not stays in the spool.

        Where no destination answers, a few quick attempts are made and not the whole time is used.

        Returns:
            Whether everything was delivered.
        """
        thread = self._thread
        if thread is None:
            self.outbox.close()
            return True
        target = self._announced
        self._deadline = time.monotonic() + seconds
        self._stopping.set()
        self._hurry.set()
        self._work.set()
        thread.join(max(0.0, seconds))
        if thread.is_alive():
            self.destinations.abort()
            thread.join(0.2)
        return not thread.is_alive() and self._caught_up >= target

    def after_fork(self) -> None:
        """Begin anew in a child process: connections and cursors are the parent's."""
        self.outbox.close()
        self.destinations.after_fork()
        self._start_afresh()

    def _run(self) -> None:
        discovered = float("-inf")
        while True:
            try:
                stopping = self._stopping.is_set()
                if time.monotonic() - discovered >= DISCOVER_SECONDS and not stopping:
                    discovered = time.monotonic()
                    self.outbox.discover()
                announced = self._announced
                delivered = self._delivery.deliver_batch()
                if delivered == 0:
                    with self._idle:
                        self._caught_up = announced
                        self._idle.notify_all()
                    if stopping:
                        break
                    self._await_work(discovered)
            except StoppedError:
                break
            except Exception as error:  # a disk that fails must not end the delivery for good
                self.last_error = f"{type(error).__name__}: {error}"
                if self._stopping.wait(1.0):
                    break
        self.outbox.close()
        self.destinations.close()

    def _await_work(self, discovered: float) -> None:
        """Wait for lines, and then a little for more of them."""
        if self._work.wait(max(0.01, discovered + DISCOVER_SECONDS - time.monotonic())):
            self._work.clear()
            self._hurry.wait(self._limits.seconds)
            self._hurry.clear()

    def _pause(self, seconds: float) -> None:
        """Wait between attempts.

        Raises:
            StoppedError: When the deadline has come, or the last attempt has failed.
        """
        if not self._stopping.wait(seconds):
            return
        self._attempts_left -= 1
        if self._attempts_left < 0 or time.monotonic() >= self._deadline:
            raise StoppedError
        time.sleep(min(seconds, LAST_PAUSE_SECONDS))
        self.destinations.retry_now()

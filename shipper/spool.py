"""The spool: records on disk, in groups, by one thread, without making the caller wait.

A log call appends its line to a buffer and returns. A thread takes the buffer every tenth of a
second (sooner when it grows, or for an error) and writes it to the segments of its streams in one
go. When the disk refuses, lines wait in memory up to a bound; beyond it the policy decides, and
what is dropped is counted.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shipper.encoding import rejected_line
from shipper.forking import begin_anew_after_fork
from shipper.policies import DropOldest, Policy
from shipper.segments import REJECTED
from shipper.writer import Carrier, Line, SegmentWriter, SpoolLimits

__all__ = ["Spool", "SpoolLimits", "SpoolStatistics"]

_RETRY_SECONDS = 1.0
_PRESSURE = 0.8
"""Share of a bound at which policies begin to thin out."""


@dataclass(frozen=True, slots=True)
class SpoolStatistics:
    """Counts since the process began (or forked).

    Attributes:
        written: Lines on disk.
        waiting: Lines in memory.
        dropped: Lines given up because memory or disk was full, or the spool closed.
        expired: Lines removed from a local store by its bounds on size and age.
        write_errors: Failed attempts to write; their lines stay in memory.
        last_error: What the disk said last, or ''.
        memory_bytes: Bytes waiting in memory.
        disk_bytes: Bytes that the folder takes, as last measured.
    """

    written: int
    waiting: int
    dropped: int
    expired: int
    write_errors: int
    last_error: str
    memory_bytes: int
    disk_bytes: int


class Spool:
    """Appends lines to the segments of any number of streams.

    Args:
        directory: Folder of the spool; made at the first write.
        limits: Its bounds.
        policy: What to do when memory or disk is full.
        carrier: Who delivers the segments; None where the folder is the destination.
        after_round: Called by the spool's thread now and then, after it has written.

    Attributes:
        pressed: Whether memory or disk is nearly full.
    """

    def __init__(
        self,
        directory: Path,
        limits: SpoolLimits | None = None,
        policy: Policy | None = None,
        carrier: Carrier | None = None,
        after_round: Callable[[], None] = lambda: None,
    ) -> None:
        self.directory = directory
        self.limits = limits or SpoolLimits()
        self.policy = policy or DropOldest()
        self._carrier = carrier
        self._flush_bytes = min(self.limits.flush_bytes, self.limits.memory_bytes // 4)
        self._after_round = after_round
        self._start_afresh()
        begin_anew_after_fork(self)

    def _start_afresh(self) -> None:
        self.pressed = False
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._written_out = threading.Condition()
        self._buffer: deque[Line] = deque()
        self._buffered_bytes = 0
        self._urgent: set[str] = set()
        self._appended = 0
        self._settled = 0
        self._writer = SegmentWriter(
            self.directory, self.limits, self._carrier, self.policy.drops_oldest
        )
        self._thread: threading.Thread | None = None
        self._closed = False
        self._is_final = False
        self._written = 0
        self._dropped = 0

    def append(self, stream: str, line: bytes, urgent: bool = False, sync: bool = False) -> bool:
        """Take a line for a stream; returns at once, unless the policy is to wait for room.

        Args:
            stream: Name of the stream, which is its folder.
            line: One record as JSON, its newline included.
            urgent: Write without waiting for more lines to come.
            sync: Have the disk itself hold it before ``flush`` returns.

        Returns:
            Whether the line was taken. One that was not is counted as dropped.
        """
        size = len(line)
        with self._lock:
            if self._closed or (
                self._buffered_bytes + size > self.limits.memory_bytes and not self._find_room(size)
            ):
                self._dropped += 1
                is_final = self._is_final
            else:
                was_empty = not self._buffer
                self._buffer.append((stream, line))
                self._buffered_bytes += size
                self._appended += 1
                if sync:
                    self._urgent.add(stream)
                hurry = urgent or self._buffered_bytes >= self._flush_bytes
                if self._buffered_bytes > _PRESSURE * self.limits.memory_bytes:
                    self.pressed = True
                if self._thread is None:
                    self._start_thread()
                is_final, size = False, 0
        if size:  # not taken
            if (
                is_final
            ):  # the process is about to die: this call never returns, so it loses nothing
                time.sleep(60.0)
            return False
        if was_empty:
            self._wake.set()
        if hurry:
            self._hurry.set()
        return True

    def set_aside(self, line: bytes, reason: str) -> None:
        """Keep a line that no destination takes, with the reason.

        At once: the line's cursor moves on, so this is its only copy.
        """
        self.append(REJECTED, rejected_line(line, reason), urgent=True)

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until all lines appended so far are written; False when time ran out first."""
        with self._lock:
            target = self._appended
        self._hurry.set()
        self._wake.set()
        if self._thread is None:
            self._write_inline()
        with self._written_out:
            return self._written_out.wait_for(lambda: self._settled >= target, seconds)

    def close(self, seconds: float = 5.0, is_final: bool = False) -> bool:
        """Write what waits, within a deadline, and release the segments.

        Args:
            seconds: The deadline.
            is_final: The process is killed right after this: later calls to ``append`` wait for
                that instead of dropping their lines.

        Returns:
            Whether everything was written.
        """
        deadline = time.monotonic() + seconds
        done = self.flush(seconds) if self._thread is not None or self._buffer else True
        with self._lock:
            self._is_final = is_final
            self._closed = True
            self._room.notify_all()
            thread = self._thread
        self._hurry.set()
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(0.1, deadline - time.monotonic()))
        return done

    def statistics(self) -> SpoolStatistics:
        """Return the counts so far."""
        writer = self._writer
        with self._lock:
            return SpoolStatistics(
                written=self._written,
                waiting=self._appended - self._settled,
                dropped=self._dropped + writer.dropped,
                expired=writer.expired,
                write_errors=writer.errors,
                last_error=writer.last_error,
                memory_bytes=self._buffered_bytes,
                disk_bytes=writer.retention.used_bytes,
            )

    def after_fork(self) -> None:
        """Begin anew in a child process: the parent's lines and segments are the parent's."""
        self._writer.abandon()
        self._start_afresh()

    def _find_room(self, size: int) -> bool:
        """Make room in memory as the policy says, or wait for it; called with the lock held."""
        limit = self.limits.memory_bytes
        if self.policy.drops_oldest:
            while self._buffer and self._buffered_bytes + size > limit:
                _, oldest = self._buffer.popleft()
                self._buffered_bytes -= len(oldest)
                self._dropped += 1
                self._settled += 1
        elif self.policy.wait_seconds > 0 and not runs_event_loop():
            self._room.wait_for(
                lambda: self._closed or self._buffered_bytes + size <= limit,
                self.policy.wait_seconds,
            )
        return not self._closed and self._buffered_bytes + size <= limit

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._run, name="elkhound-spool", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending: what waits is written by ``close``
            return
        self._thread = thread

    def _run(self) -> None:
        failing = False
        while True:
            self._wake.wait(timeout=_RETRY_SECONDS if failing else None)
            self._wake.clear()
            self._hurry.wait(self.limits.flush_seconds)
            self._hurry.clear()
            closed = self._closed
            failing = self._write_round()
            if closed:
                self._writer.close()
                return
            self._after_round()

    def _write_inline(self) -> None:
        """Write in the caller's thread, where no other can be started."""
        if self._buffer:
            self._write_round()
            self._writer.close()

    def _write_round(self) -> bool:
        """Write what waits; return whether some of it has to wait on."""
        with self._lock:
            lines, self._buffer = self._buffer, deque()
            size = self._buffered_bytes
            urgent, self._urgent = frozenset(self._urgent), set()
        try:
            left = self._writer.write(tuple(lines), urgent)
        except Exception as error:  # a fault of ours must not end the thread, nor lose lines
            self._writer.errors += 1
            self._writer.last_error = f"{type(error).__name__}: {error}"
            left = list(lines)
        settled = len(lines) - len(left)
        settled_bytes = size - _size(left)
        with self._lock:
            self._buffer.extendleft(reversed(left))
            self._buffered_bytes -= settled_bytes
            self._written += settled
            self._settled += settled
            self.pressed = self._is_pressed()
            self._room.notify_all()
        with self._written_out:
            self._written_out.notify_all()
        return bool(left)

    def _is_pressed(self) -> bool:
        if self._buffered_bytes > _PRESSURE * self.limits.memory_bytes:
            return True
        if self._carrier is None:  # a store of its own is always full some day
            return False
        return self._writer.retention.used_bytes > _PRESSURE * self.limits.disk_bytes


def _size(lines: Iterable[Line]) -> int:
    return sum(len(line) for _, line in lines)


def runs_event_loop() -> bool:
    """Return whether this thread runs an asyncio event loop, which must never wait."""
    library: Any = sys.modules.get("asyncio")
    return library is not None and library._get_running_loop() is not None

"""The spool: records on disk, in groups, by one thread, without making the caller wait.

A log call appends its line to a buffer and returns. A thread takes the buffer every tenth of a
second (sooner when it grows) and writes it to the segments of its streams in one go. When the
disk refuses, lines wait in memory up to a bound; beyond it new ones are dropped and counted.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from shipper.forking import begin_anew_after_fork
from shipper.segments import Segment, is_being_written, segment_paths

Line = tuple[str, bytes]

_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolLimits:
    """Bounds of a spool.

    Attributes:
        flush_seconds: Longest time that a line waits in memory.
        flush_bytes: Bytes waiting at which the thread writes at once.
        buffer_bytes: Bytes that may wait in memory; beyond it lines are dropped and counted.
        segment_bytes: Size at which a segment is finished and the next begun.
        segment_seconds: Age at which it is.
        stream_bytes: Size of a stream beyond which its oldest finished segments are removed.
        stream_seconds: Age beyond which finished segments are removed.
    """

    flush_seconds: float = 0.1
    flush_bytes: int = 512 * 1024
    buffer_bytes: int = 32 * 1024 * 1024
    segment_bytes: int = 64 * 1024 * 1024
    segment_seconds: float = 3600.0
    stream_bytes: int = 10 * 1024**3
    stream_seconds: float = 90 * 86400.0


@dataclass(frozen=True, slots=True)
class SpoolStatistics:
    """Counts since the process began (or forked).

    Attributes:
        written: Lines on disk.
        waiting: Lines in memory.
        dropped: Lines given up because memory was full or the spool closed.
        write_errors: Failed attempts to write; their lines stay in memory.
        last_error: What the disk said last, or ''.
    """

    written: int
    waiting: int
    dropped: int
    write_errors: int
    last_error: str


class Spool:
    """Appends lines to the segments of any number of streams.

    Args:
        directory: Folder of the spool; made at the first write.
        limits: Its bounds.
    """

    def __init__(self, directory: Path, limits: SpoolLimits | None = None) -> None:
        self.directory = directory
        self.limits = limits or SpoolLimits()
        self._start_afresh()
        begin_anew_after_fork(self)

    def _start_afresh(self) -> None:
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._written_out = threading.Condition()
        self._buffer: list[Line] = []
        self._buffered_bytes = 0
        self._appended = 0
        self._settled = 0
        self._retry: dict[str, bytes] = {}
        self._retry_lines: dict[str, int] = {}
        self._torn: set[str] = set()
        self._segments: dict[str, Segment] = {}
        self._nonce = secrets.token_hex(4)
        self._sequence = 0
        self._thread: threading.Thread | None = None
        self._closed = False
        self._written = 0
        self._dropped = 0
        self._write_errors = 0
        self._last_error = ""

    def append(self, stream: str, line: bytes, urgent: bool = False) -> bool:
        """Take a line for a stream; returns at once, also when the disk is slow.

        Args:
            stream: Name of the stream, which is its folder.
            line: One record as JSON, its newline included.
            urgent: Write without waiting for more lines to come.

        Returns:
            Whether the line was taken. One that was not is counted as dropped.
        """
        with self._lock:
            if self._closed or self._buffered_bytes + len(line) > self.limits.buffer_bytes:
                self._dropped += 1
                return False
            was_empty = not self._buffer
            self._buffer.append((stream, line))
            self._buffered_bytes += len(line)
            self._appended += 1
            hurry = urgent or self._buffered_bytes >= self.limits.flush_bytes
            if self._thread is None:
                self._start_thread()
        if was_empty:
            self._wake.set()
        if hurry:
            self._hurry.set()
        return True

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until all lines appended so far are written; False when time ran out first."""
        with self._lock:
            target = self._appended
        self._hurry.set()
        self._wake.set()
        with self._written_out:
            return self._written_out.wait_for(lambda: self._settled >= target, seconds)

    def close(self, seconds: float = 5.0) -> bool:
        """Write what waits, within a deadline, and release the segments.

        Returns:
            Whether everything was written.
        """
        done = self.flush(seconds) if self._thread is not None else True
        with self._lock:
            self._closed = True
            thread = self._thread
        self._hurry.set()
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(max(0.1, seconds))
        return done

    def statistics(self) -> SpoolStatistics:
        """Return the counts so far."""
        with self._lock:
            return SpoolStatistics(
                written=self._written,
                waiting=self._appended - self._settled,
                dropped=self._dropped,
                write_errors=self._write_errors,
                last_error=self._last_error,
            )

    def after_fork(self) -> None:
        """Begin anew in a child process: the parent's lines and segments are the parent's."""
        for segment in self._segments.values():
            with contextlib.suppress(OSError):
                segment.abandon()
        self._start_afresh()

    def _start_thread(self) -> None:
        self._thread = threading.Thread(target=self._run, name="elkhound-spool", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            self._wake.wait(timeout=_RETRY_SECONDS if self._retry else None)
            self._wake.clear()
            self._hurry.wait(self.limits.flush_seconds)
            self._hurry.clear()
            with self._lock:
                lines, self._buffer = self._buffer, []
                closed = self._closed
            self._write_lines(lines)
            if closed:
                for segment in self._segments.values():
                    with contextlib.suppress(OSError):
                        segment.close()
                self._segments.clear()
                return

    def _write_lines(self, lines: list[Line]) -> None:
        by_stream: dict[str, list[bytes]] = {}
        for stream, line in lines:
            by_stream.setdefault(stream, []).append(line)
        for stream, waiting in self._retry.items():
            by_stream[stream] = [waiting, *by_stream.get(stream, [])]
        settled = settled_bytes = 0
        for stream, parts in by_stream.items():
            # what is left from the last attempt is one part, but several lines
            count = len(parts) - (stream in self._retry) + self._retry_lines.pop(stream, 0)
            self._retry.pop(stream, None)
            data = b"".join(parts)
            rest = self._write_stream(stream, data, resumed=stream in self._torn)
            settled_bytes += len(data) - len(rest)
            left = rest.count(b"\n")
            settled += count - left
            if rest:
                self._retry[stream] = rest
                self._retry_lines[stream] = left
        with self._lock:
            self._buffered_bytes -= settled_bytes
            self._written += settled
        with self._written_out:
            self._settled += settled
            self._written_out.notify_all()

    def _write_stream(self, stream: str, data: bytes, resumed: bool) -> bytes:
        """Write to the stream's segment and return the bytes that the disk did not take."""
        place = 0
        try:
            segment = self._segment(stream, resumed)
            while place < len(data):
                place += segment.write(data[place:] if place else data)
        except OSError as error:
            with self._lock:
                self._write_errors += 1
                self._last_error = f"{type(error).__name__}: {error}"
        if place:
            self._torn.discard(stream)
            if place < len(data) and data[place - 1 : place] != b"\n":
                self._torn.add(stream)
        return data[place:]

    def _segment(self, stream: str, resumed: bool) -> Segment:
        segment = self._segments.get(stream)
        # a line may be half written: the rest of it belongs behind it
        if segment is not None and not resumed and self._is_finished(segment):
            del self._segments[stream]
            segment.close()
            self._remove_old(stream)
            segment = None
        if segment is None:
            self._sequence += 1
            segment = Segment(self.directory / stream, self._nonce, self._sequence)
            self._segments[stream] = segment
        return segment

    def _is_finished(self, segment: Segment) -> bool:
        if not segment.path.exists():  # somebody removed it: lines would go nowhere
            return True
        age = time.monotonic() - segment.opened
        return segment.size >= self.limits.segment_bytes or age >= self.limits.segment_seconds

    def _remove_old(self, stream: str) -> None:
        """Keep the stream within its bounds by removing its oldest finished segments."""
        found: list[tuple[Path, os.stat_result]] = []
        for path in segment_paths(self.directory / stream):
            with contextlib.suppress(OSError):
                found.append((path, path.stat()))
        total = sum(state.st_size for _, state in found)
        oldest_allowed = time.time() - self.limits.stream_seconds
        for path, state in found:
            if total <= self.limits.stream_bytes and state.st_mtime >= oldest_allowed:
                break
            if not is_being_written(path):
                with contextlib.suppress(OSError):
                    path.unlink()
                    total -= state.st_size

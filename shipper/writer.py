"""Write lines to the segments of their streams, within the bounds on disk.

Used by one thread. What the disk does not take is handed back; a line that it took in part is taken
back from it, so that no torn line is ever followed by another.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shipper.retention import Retention
from shipper.segments import REJECTED, Segment

Line = tuple[str, bytes]
"""Name of a stream, and one record as JSON with its newline."""

_HOUSEKEEPING_SECONDS = 60.0
_SEGMENTS_IN_FOLDER = 8
"""A segment takes no more than this part of the folder, so that one can go without taking all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolLimits:
    """Bounds of a spool.

    Attributes:
        flush_seconds: Longest time that a line waits in memory.
        flush_bytes: Bytes waiting at which the thread writes at once.
        memory_bytes: Bytes that may wait in memory; beyond it the policy decides.
        segment_bytes: Size at which a segment is finished and the next begun.
        segment_seconds: Age at which it is.
        disk_bytes: Bytes that the folder may take; beyond it the policy decides.
        disk_seconds: Age beyond which finished segments are removed, delivered or not.
    """

    flush_seconds: float = 0.1
    flush_bytes: int = 512 * 1024
    memory_bytes: int = 32 * 1024 * 1024
    segment_bytes: int = 64 * 1024 * 1024
    segment_seconds: float = 3600.0
    disk_bytes: int = 10 * 1024**3
    disk_seconds: float = 90 * 86400.0


class Carrier(Protocol):
    """Whoever delivers the segments that are written here."""

    def opened(self, path: Path) -> None:
        """Take over a segment that has been begun."""
        ...

    def written(self, sizes: dict[Path, int]) -> None:
        """Hear how far segments have been written."""
        ...

    def finished(self, path: Path) -> None:
        """Hear that a segment will not grow any more."""
        ...

    def give_up(self, path: Path) -> int | None:
        """Give up a segment to make room; return its undelivered lines, or None to keep it."""
        ...


class SegmentWriter:
    """Writes lines to segments, one open segment for each stream.

    Args:
        directory: The spool's folder; made at the first write.
        limits: Its bounds.
        carrier: Who delivers; None where the folder itself is the destination.
        drops_oldest: Whether old segments make room when the folder is full.
    """

    def __init__(
        self, directory: Path, limits: SpoolLimits, carrier: Carrier | None, drops_oldest: bool
    ) -> None:
        self.retention = Retention(
            directory,
            limits.disk_bytes,
            limits.disk_seconds,
            None if carrier is None else carrier.give_up,
        )
        self.dropped = 0
        self.expired = 0
        self.errors = 0
        self.last_error = ""
        self._directory = directory
        self._limits = limits
        self._carrier = carrier
        self._drops_oldest = drops_oldest or carrier is None
        self._segment_bytes = min(limits.segment_bytes, limits.disk_bytes // _SEGMENTS_IN_FOLDER)
        self._segments: dict[str, Segment] = {}
        self._nonce = secrets.token_hex(4)
        self._sequence = 0
        self._kept_house = float("-inf")

    def write(self, lines: Sequence[Line], sync: frozenset[str] = frozenset()) -> list[Line]:
        """Write lines and return those that the disk did not take.

        Args:
            lines: The lines, in order.
            sync: Streams whose segments must be on the disk itself before this returns.
        """
        self._keep_house()
        left: list[Line] = []
        refused: set[str] = set()
        for portion in self._portions(lines):
            by_stream: dict[str, list[bytes]] = {}
            for stream, line in portion:
                by_stream.setdefault(stream, []).append(line)
            needed = sum([sum(map(len, some)) for some in by_stream.values()])
            fits = not refused and self._fits(needed)
            for stream, some in by_stream.items():
                if not fits or stream in refused:
                    taken = 0
                else:
                    taken = self._write_lines(stream, some)
                    if taken < len(some):
                        refused.add(stream)
                if taken < len(some):
                    left.extend([(stream, line) for line in some[taken:]])
        self._sync(sync)
        self._announce()
        return left

    def close(self) -> None:
        """Release the segments."""
        for stream in list(self._segments):
            self._finish(stream)

    def abandon(self) -> None:
        """Close a child's copies of the files after a fork: the parent goes on writing them."""
        for segment in self._segments.values():
            with contextlib.suppress(OSError):
                segment.abandon()

    def _portions(self, lines: Sequence[Line]) -> list[Sequence[Line]]:
        """Split lines so that a small folder can make room for each part of them."""
        most = max(self._segment_bytes, 1)
        portions: list[Sequence[Line]] = []
        begin = size = 0
        for place, (_, line) in enumerate(lines):
            if size and size + len(line) > most:
                portions.append(lines[begin:place])
                begin, size = place, 0
            size += len(line)
        if begin < len(lines):
            portions.append(lines[begin:])
        return portions

    def _fits(self, needed: int) -> bool:
        """Return whether the folder has room, after making some if that is allowed."""
        retention = self.retention
        if retention.used_bytes + needed <= retention.maximum_bytes:
            return True
        retention.look_again(after_seconds=0.1)
        if retention.used_bytes + needed <= retention.maximum_bytes:
            return True
        if self._drops_oldest:
            self._count_lost(retention.make_room(needed))
        if retention.used_bytes + needed > retention.maximum_bytes:
            # so that what is delivered of them can go
            for stream in list(self._segments):
                self._finish(stream)
            if self._drops_oldest:
                self._count_lost(retention.make_room(needed))
        if retention.used_bytes + needed <= retention.maximum_bytes:
            return True
        self.last_error = f"the spool has reached its {retention.maximum_bytes} bytes on disk"
        return False

    def _write_lines(self, stream: str, lines: list[bytes]) -> int:
        """Write to the stream's segment and return how many lines it took."""
        data = b"".join(lines)
        place = 0
        try:
            segment = self._segment(stream)
            begin = segment.size
            while place < len(data):
                place += segment.write(data[place:] if place else data)
        except OSError as error:
            self.errors += 1
            self.last_error = f"{type(error).__name__}: {error}"
            count, whole = _whole_lines(lines, place)
            if stream in self._segments:
                if place > whole:
                    with contextlib.suppress(OSError):  # a reader then sets the torn end aside
                        segment.cut(begin + whole)
                # once delivered it can go, and make the room that is missing
                self._finish(stream)
            self.retention.wrote(whole)
            return count
        self.retention.wrote(place)
        return len(lines)

    def _segment(self, stream: str) -> Segment:
        segment = self._segments.get(stream)
        if segment is not None and self._is_full(segment):
            self._finish(stream)
            segment = None
        if segment is None:
            segment = self._open(stream)
            self._segments[stream] = segment
        return segment

    def _open(self, stream: str) -> Segment:
        self._sequence += 1
        segment = Segment(self._directory / stream, self._nonce, self._sequence)
        if self._carrier is not None and stream != REJECTED:
            try:
                self._carrier.opened(segment.path)
            except OSError:  # no room for its cursor: nobody would deliver it
                segment.close()
                raise
        return segment

    def _is_full(self, segment: Segment) -> bool:
        if not segment.path.exists():  # somebody removed it: lines would go nowhere
            return True
        age = time.monotonic() - segment.opened
        return segment.size >= self._segment_bytes or age >= self._limits.segment_seconds

    def _finish(self, stream: str) -> None:
        segment = self._segments.pop(stream)
        with contextlib.suppress(OSError):
            segment.close()
        if self._carrier is not None:
            self._carrier.finished(segment.path)

    def _sync(self, streams: frozenset[str]) -> None:
        for stream in streams:
            segment = self._segments.get(stream)
            if segment is not None:
                try:
                    segment.sync()
                except OSError as error:
                    self.errors += 1
                    self.last_error = f"{type(error).__name__}: {error}"

    def _announce(self) -> None:
        if self._carrier is not None:
            self._carrier.written({s.path: s.size for s in self._segments.values()})

    def _keep_house(self) -> None:
        self.retention.look_again()
        if time.monotonic() - self._kept_house >= _HOUSEKEEPING_SECONDS:
            self._kept_house = time.monotonic()
            self._count_lost(self.retention.remove_expired())

    def _count_lost(self, lines: int) -> None:
        if self._carrier is None:
            self.expired += lines
        else:
            self.dropped += lines


def _whole_lines(lines: Sequence[bytes], taken: int) -> tuple[int, int]:
    """Return how many lines fit into so many bytes whole, and their bytes."""
    size = 0
    for count, line in enumerate(lines):
        if size + len(line) > taken:
            return count, size
        size += len(line)
    return len(lines), size

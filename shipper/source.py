"""A source: one claimed segment, read line by line from its cursor on."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from shipper.cursors import Cursor

MAXIMUM_LINE_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 128 * 1024

SetAside = Callable[[bytes, str], None]
"""Keeps a line that cannot be delivered, with the reason."""


@dataclass(slots=True, eq=False)
class Entry:
    """One line to deliver.

    Attributes:
        source: Where it comes from.
        line: The record as JSON, without its newline.
        end: Offset behind its newline.
        settled: Whether it was acknowledged or set aside.
    """

    source: Source
    line: bytes
    end: int
    settled: bool = False

    @property
    def stream(self) -> str:
        """Name of its stream."""
        return self.source.stream


class Source:
    """A claimed segment, read from its cursor on.

    Args:
        cursor: The claimed cursor.
        is_live: Whether its writer may still append to it.
    """

    def __init__(self, cursor: Cursor, is_live: bool) -> None:
        self.cursor = cursor
        self.path = cursor.segment
        self.stream = cursor.segment.parent.name
        self.is_live = is_live
        self.visible: int | None = None
        self.in_flight: deque[Entry] = deque()
        self._file = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self._read = cursor.offset
        self._parsed = cursor.offset
        self._settled = cursor.offset
        self._rest = b""
        self._lines: deque[tuple[bytes, int]] = deque()
        self._skipping = False

    def head(self, set_aside: SetAside) -> bytes | None:
        """Return the next line without taking it; None where there is none yet."""
        if not self._lines:
            self._fill(set_aside)
        return self._lines[0][0] if self._lines else None

    def take(self) -> Entry:
        """Take the line that ``head`` showed."""
        line, end = self._lines.popleft()
        entry = Entry(self, line, end)
        self.in_flight.append(entry)
        return entry

    def settle(self) -> None:
        """Take in what is settled."""
        while self.in_flight and self.in_flight[0].settled:
            self._settled = self.in_flight.popleft().end
        if not self.in_flight and not self._lines:
            self._settled = max(self._settled, self._parsed)  # over what was set aside

    def commit(self) -> None:
        """Move the cursor over everything that is settled.

        Raises:
            OSError: If the cursor cannot be written.
        """
        if self._settled != self.cursor.offset:
            self.cursor.move(self._settled)

    def is_removed(self) -> bool:
        """Return whether somebody has removed the segment."""
        return os.fstat(self._file).st_nlink == 0

    def size(self) -> int:
        """Return the bytes of the segment that may be read."""
        size = os.fstat(self._file).st_size
        return size if self.visible is None else min(size, self.visible)

    def is_exhausted(self) -> bool:
        """Return whether nothing is left to read or to settle."""
        return not (self._lines or self.in_flight) and self._read >= self.size() and not self._rest

    def close(self) -> None:
        """Close the file; the cursor is the caller's to release or remove."""
        os.close(self._file)

    def _fill(self, set_aside: SetAside) -> None:
        while not self._lines:
            chunk = os.pread(
                self._file, min(_CHUNK_BYTES, max(0, self.size() - self._read)), self._read
            )
            if not chunk:
                if self._rest and not self.is_live:
                    set_aside(self._rest, "the line is torn: its writer died while writing it")
                    self._parsed, self._rest = self._read, b""
                return
            self._read += len(chunk)
            self._parse(self._rest + chunk if self._rest else chunk, set_aside)

    def _parse(self, data: bytes, set_aside: SetAside) -> None:
        end = data.rfind(b"\n") + 1
        self._rest = data[end:]
        place = self._read - len(data)
        for line in data[:end].split(b"\n")[:-1] if end else ():
            place += len(line) + 1
            if self._skipping:
                self._skipping = False
            elif line[:1] == b"{" and line[-1:] == b"}":
                self._lines.append((line, place))
            elif line.strip():
                set_aside(line, "the line is not a JSON object")
            self._parsed = place
        if len(self._rest) > MAXIMUM_LINE_BYTES:
            if not self._skipping:
                set_aside(self._rest[:1024], f"the line is longer than {MAXIMUM_LINE_BYTES} bytes")
            self._skipping, self._rest = True, b""

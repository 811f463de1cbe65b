"""Cursors: how far a segment was acknowledged, kept in a file beside it.

Who holds the lock on a segment's cursor delivers the segment; nobody else does. A cursor moves only
after an acknowledgement, so one that is lost or damaged costs a second delivery (which the index
recognises by its id) and never a record.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from shipper.segments import fcntl

SUFFIX = ".cursor"
_WIDTH = 20


class Cursor:
    """The claimed cursor of a segment; made by ``claim``.

    Attributes:
        segment: Path of the segment.
        offset: Bytes of it that were acknowledged.
    """

    __slots__ = ("_file", "offset", "segment")

    def __init__(self, segment: Path, descriptor: int, offset: int) -> None:
        self.segment = segment
        self.offset = offset
        self._file = descriptor

    @classmethod
    def claim(cls, segment: Path) -> Cursor | None:
        """Claim a segment for delivery; None when somebody else has it or it is gone.

        Raises:
            OSError: If the cursor cannot be opened, such as in a folder without permission.
        """
        path = cursor_path(segment)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(path, flags, 0o640)
        try:
            if not _lock(descriptor) or os.fstat(descriptor).st_nlink == 0:
                os.close(descriptor)
                return None
            if not segment.exists():  # delivered and removed by whoever had it
                path.unlink(missing_ok=True)
                os.close(descriptor)
                return None
        except OSError:
            os.close(descriptor)
            raise
        cursor = cls(segment, descriptor, read_offset(segment))
        with contextlib.suppress(OSError):  # takes its place while the disk still has some
            cursor.move(cursor.offset)
        return cursor

    def move(self, offset: int) -> None:
        """Write down that the segment was acknowledged up to ``offset``.

        Raises:
            OSError: If the disk refuses; the cursor then stays where it was.
        """
        os.pwrite(self._file, b"%0*d\n" % (_WIDTH, offset), 0)
        self.offset = offset

    def release(self) -> None:
        """Give the segment back, with the cursor where it is."""
        os.close(self._file)

    def remove(self) -> None:
        """Remove the segment and its cursor: all of it was acknowledged, or given up."""
        with contextlib.suppress(OSError):
            self.segment.unlink(missing_ok=True)
            cursor_path(self.segment).unlink(missing_ok=True)
        os.close(self._file)


def cursor_path(segment: Path) -> Path:
    """Return the path of a segment's cursor."""
    return segment.with_suffix(SUFFIX)


def read_offset(segment: Path) -> int:
    """Return how far a segment was acknowledged: 0 where no sound cursor says more."""
    try:
        text = cursor_path(segment).read_bytes()[:_WIDTH]
        size = segment.stat().st_size
        offset = int(text) if len(text) == _WIDTH and text.isdigit() else 0
        if offset == 0 or offset > size:  # a power cut can keep the cursor and lose the end
            return min(offset, size) if _ends_a_line(segment, min(offset, size)) else 0
    except OSError:
        return 0
    return offset if _ends_a_line(segment, offset) else 0


def count_undelivered(segment: Path) -> int:
    """Return the number of lines behind a segment's cursor; all of them where it has none."""
    count = 0
    with contextlib.suppress(OSError), segment.open("rb") as file:
        file.seek(read_offset(segment))
        while chunk := file.read(1024 * 1024):
            count += chunk.count(b"\n")
    return count


def _ends_a_line(segment: Path, offset: int) -> bool:
    if offset == 0:
        return True
    with segment.open("rb") as file:
        file.seek(offset - 1)
        return file.read(1) == b"\n"


def _lock(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True

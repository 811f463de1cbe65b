"""Retention: the spool's folder stays within its bounds on size and age.

The oldest finished segment of the stream that takes most room goes first, so that a flood of one
kind does not push out the others.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shipper.cursors import SUFFIX as CURSOR_SUFFIX
from shipper.cursors import Cursor, count_undelivered, cursor_path
from shipper.segments import is_being_written, segment_paths

SCAN_SECONDS = 5.0

GiveUp = Callable[[Path], int | None]
"""Gives up a segment that this process delivers; None where it does not or cannot."""


@dataclass(slots=True)
class _Found:
    path: Path
    size: int
    modified: float


class Retention:
    """Knows how full the folder is, and removes what must go.

    Args:
        directory: The spool's folder.
        maximum_bytes: Bound on its size.
        maximum_seconds: Bound on the age of a segment.
        give_up: Gives up a segment that this process delivers; None where it delivers nothing.
    """

    def __init__(
        self,
        directory: Path,
        maximum_bytes: int,
        maximum_seconds: float,
        give_up: GiveUp | None = None,
    ) -> None:
        self.maximum_bytes = maximum_bytes
        self.used_bytes = 0
        self._directory = directory
        self._maximum_seconds = maximum_seconds
        self._give_up = give_up
        self._scanned = float("-inf")

    def wrote(self, size: int) -> None:
        """Count bytes that this process has written."""
        self.used_bytes += size

    def look_again(self, after_seconds: float = SCAN_SECONDS) -> None:
        """Measure the folder, unless that was done a short while ago."""
        if time.monotonic() - self._scanned >= after_seconds:
            self._scan()

    def remove_expired(self) -> int:
        """Remove what is beyond the bound on age; return the lines that were not delivered."""
        self._remove_stray_cursors()
        oldest = time.time() - self._maximum_seconds
        lost = 0
        for found in self._scan():
            if found.modified < oldest:
                lost += self._remove(found) or 0
        return lost

    def make_room(self, needed: int) -> int:
        """Remove old segments until ``needed`` bytes fit; return the lines not delivered.

        Whether it was enough shows in ``used_bytes``.
        """
        lost = 0
        streams: dict[Path, list[_Found]] = {}
        for found in self._scan():
            streams.setdefault(found.path.parent, []).append(found)
        while self.used_bytes + needed > self.maximum_bytes and streams:
            fullest = max(streams, key=lambda stream: sum(found.size for found in streams[stream]))
            for place, found in enumerate(streams[fullest]):
                removed = self._remove(found)
                if removed is not None:
                    lost += removed
                    del streams[fullest][: place + 1]
                    break
            else:
                del streams[fullest]
        return lost

    def _scan(self) -> list[_Found]:
        """Return all segments, oldest first, and measure the folder."""
        segments: list[_Found] = []
        total = 0
        with contextlib.suppress(OSError):
            for folder in self._directory.iterdir():
                if not folder.is_dir():
                    continue
                for path in segment_paths(folder):
                    with contextlib.suppress(OSError):
                        state = path.stat()
                        segments.append(_Found(path, state.st_size, state.st_mtime))
                        total += state.st_size
        self.used_bytes = total
        self._scanned = time.monotonic()
        return sorted(segments, key=lambda found: found.path.name)

    def _remove(self, found: _Found) -> int | None:
        """Remove a segment; None where somebody still writes or delivers it."""
        if is_being_written(found.path):
            return None
        lost = None if self._give_up is None else self._give_up(found.path)
        if lost is None:
            lost = self._remove_foreign(found.path)
        if lost is not None:
            self.used_bytes -= found.size
        return lost

    def _remove_foreign(self, path: Path) -> int | None:
        if self._give_up is None and not cursor_path(path).exists():
            with contextlib.suppress(OSError):  # a store of its own: nobody delivers from it
                lost = count_undelivered(path)
                path.unlink()
                return lost
            return None
        try:
            cursor = Cursor.claim(path)
        except OSError:
            return None
        if cursor is None:
            return None
        lost = count_undelivered(path)
        cursor.remove()
        return lost

    def _remove_stray_cursors(self) -> None:
        """Remove cursors whose segment is gone: their process was killed between the two."""
        old = time.time() - 60.0
        for path in self._directory.glob(f"*/*{CURSOR_SUFFIX}"):
            with contextlib.suppress(OSError):
                if not path.with_suffix(".ndjson").exists() and os.stat(path).st_mtime < old:
                    path.unlink()

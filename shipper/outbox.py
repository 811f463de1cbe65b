"""The outbox: what the segments of a folder still have to deliver, in order.

A segment is read from its cursor on. Lines of one process come in the order in which it made them
(``event.sequence``), whatever streams they belong to. What was handed out is settled line by line;
a cursor moves over the longest stretch that is settled.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from shipper.cursors import Cursor, count_undelivered
from shipper.segments import REJECTED, is_being_written, owner_of, segment_paths
from shipper.source import Entry, SetAside, Source

MAXIMUM_CLAIMED = 256
_SEQUENCE = re.compile(rb'"sequence":(\d+)')


class Outbox:
    """Hands out the lines of a folder's segments, and keeps their cursors.

    Args:
        directory: The spool's folder.
        set_aside: Keeps a line that cannot be delivered.
        keep: Leave segments in place when all of them was acknowledged.
        orphans_only: Take over only segments whose writer is gone; a process that delivers its own
            segments names those through ``opened``.
    """

    def __init__(
        self,
        directory: Path,
        set_aside: SetAside,
        *,
        keep: bool = False,
        orphans_only: bool = False,
    ) -> None:
        self.directory = directory
        self._set_aside = set_aside
        self._keep = keep
        self._orphans_only = orphans_only
        self._sources: dict[Path, Source] = {}
        self._done: set[Path] = set()
        self._turn = -1
        # the spool's thread announces segments while the delivery's thread reads them
        self._lock = threading.RLock()

    def opened(self, path: Path) -> None:
        """Deliver a segment that this process has begun.

        Raises:
            OSError: If its cursor cannot be made.
        """
        with self._lock:
            if self._claim(path, live=True):
                self._sources[path].visible = 0

    def written(self, path: Path, size: int) -> None:
        """Let the bytes of an own segment up to ``size`` be read."""
        source = self._sources.get(path)
        if source is not None:
            source.visible = size

    def finished(self, path: Path) -> None:
        """Say that an own segment will not grow any more."""
        source = self._sources.get(path)
        if source is not None:
            source.is_live, source.visible = False, None

    def discover(self) -> int:
        """Claim segments that nobody delivers; return how many were found.

        Raises:
            OSError: If the folder cannot be read.
        """
        with self._lock:
            return self._discover()

    def _discover(self) -> int:
        found = 0
        for folder in sorted(self.directory.iterdir()) if self.directory.is_dir() else ():
            if folder.name == REJECTED or not folder.is_dir():
                continue
            for path in segment_paths(folder):
                if path in self._sources:
                    source = self._sources[path]
                    if source.is_live and source.visible is None:
                        source.is_live = is_being_written(path)
                    continue
                if path in self._done or len(self._sources) >= MAXIMUM_CLAIMED:
                    continue
                if not path.is_file():
                    continue
                live = is_being_written(path)
                if live and self._orphans_only:
                    continue
                found += self._claim(path, live)
        return found

    def next_batch(self, count: int, size: int) -> list[Entry]:
        """Return the next lines, at least one where there is any.

        Args:
            count: Most lines.
            size: Most bytes; a single longer line comes alone.
        """
        with self._lock:
            return self._next_batch(count, size)

    def _next_batch(self, count: int, size: int) -> list[Entry]:
        batch: list[Entry] = []
        taken = 0
        for sources in self._by_owner():
            for entry in self._in_order(sources, count - len(batch), size - taken, not batch):
                taken += len(entry.line)
                batch.append(entry)
            if len(batch) >= count or taken >= size:
                break
        if not batch:
            self.commit()
        return batch

    def commit(self) -> None:
        """Move all cursors over what is settled, and let go of what is finished.

        A cursor that cannot be written stays behind, which costs a second delivery after a crash.
        """
        with self._lock:
            for path, source in list(self._sources.items()):
                source.settle()
                is_done = not source.is_live and source.is_exhausted()
                if source.is_removed() or (is_done and not self._keep):
                    self._let_go(path, source, remove=True)
                    continue
                with contextlib.suppress(OSError):
                    source.commit()
                if is_done:
                    self._let_go(path, source, remove=False)

    def give_up(self, path: Path) -> int | None:
        """Give up a segment to make room; None where it is not ours or lines are under way.

        Returns:
            The number of lines that were never delivered.
        """
        with self._lock:
            source = self._sources.get(path)
            if source is None or source.in_flight or source.is_live:
                return None
            lost = count_undelivered(path)
            self._let_go(path, source, remove=True)
            return lost

    def undelivered_bytes(self) -> int:
        """Return the bytes behind the cursors of all claimed segments."""
        total = 0
        with self._lock:
            for source in self._sources.values():
                with contextlib.suppress(OSError):
                    total += max(0, source.size() - source.cursor.offset)
        return total

    def close(self) -> None:
        """Release all segments, each with its cursor where it is.

        In a forked child this closes the child's copies; the parent keeps its locks.
        """
        for path, source in list(self._sources.items()):
            del self._sources[path]
            source.close()
            source.cursor.release()

    def _claim(self, path: Path, live: bool) -> bool:
        cursor = Cursor.claim(path)
        if cursor is None:
            return False
        try:
            self._sources[path] = Source(cursor, live)
        except OSError:
            cursor.release()
            return False
        return True

    def _let_go(self, path: Path, source: Source, *, remove: bool) -> None:
        del self._sources[path]
        source.close()
        if remove:
            source.cursor.remove()
        else:
            self._done.add(path)
            source.cursor.release()

    def _by_owner(self) -> Iterator[list[deque[Source]]]:
        """Group the segments by process, and those by stream, oldest first."""
        owners: dict[str, dict[str, deque[Source]]] = {}
        for path in sorted(self._sources):
            source = self._sources[path]
            owners.setdefault(owner_of(path), {}).setdefault(source.stream, deque()).append(source)
        # whoever was first goes last next time, so that no process waits for ever
        order = sorted(owners)
        self._turn = (self._turn + 1) % max(1, len(order))
        for owner in order[self._turn :] + order[: self._turn]:
            yield list(owners[owner].values())

    def _in_order(
        self, streams: list[deque[Source]], count: int, size: int, must_give: bool
    ) -> Iterator[Entry]:
        heads: list[tuple[int, int, bytes]] = []
        for place, sources in enumerate(streams):
            line = self._head(sources)
            if line is not None:
                heads.append((_sequence(line), place, line))
        while heads and count > 0:
            lowest = min(heads) if len(heads) > 1 else heads[0]
            sequence, place, line = lowest
            if len(line) > size and not must_give:
                return
            sources = streams[place]
            yield sources[0].take()
            must_give = False
            count -= 1
            size -= len(line)
            following = self._head(sources)
            heads.remove(lowest)
            if following is not None:
                # alone, its order is that of the file
                own = _sequence(following, sequence) if heads else sequence
                heads.append((own, place, following))

    def _head(self, sources: deque[Source]) -> bytes | None:
        """Return the next line of a stream's segments; those that have none are passed."""
        while sources:
            try:
                line = sources[0].head(self._set_aside)
            except OSError:  # one file that cannot be read must not hold up the others
                self._let_go(sources[0].path, sources[0], remove=False)
                line = None
            if line is not None:
                return line
            sources.popleft()
        return None


def _sequence(line: bytes, otherwise: int = 0) -> int:
    found = _SEQUENCE.search(line)
    return int(found[1]) if found is not None else otherwise

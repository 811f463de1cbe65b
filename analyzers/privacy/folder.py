"""Erase records from a folder: each segment is replaced by a copy without them, or left."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import orjson

from analyzers.privacy.selection import Erasure, Selection
from analyzers.stores.base import StoreError
from shipper.cursors import Cursor, cursor_path
from shipper.segments import is_being_written, segment_paths


def erase(directory: Path, selection: Selection, dry_run: bool) -> Iterator[Erasure]:
    """Erase records, stream by stream, also from what was set aside.

    A segment that a living process still writes, or that somebody delivers at this moment, is
    counted and left: run again when it is finished.

    Args:
        directory: The store's folder.
        selection: Which records.
        dry_run: Only count.

    Raises:
        StoreError: If the folder is not there, or a segment cannot be replaced.
    """
    if not directory.is_dir():
        raise StoreError(f"no folder {directory}")
    for folder in sorted(path for path in directory.iterdir() if path.is_dir()):
        count = skipped = 0
        for path in segment_paths(folder):
            try:
                found, left = _erase_segment(path, selection, dry_run)
            except OSError as error:
                raise StoreError(f"{path} cannot be replaced: {error.strerror}") from error
            count, skipped = count + found, skipped + left
        if count:
            yield Erasure(folder.name, count, skipped)


def _erase_segment(path: Path, selection: Selection, dry_run: bool) -> tuple[int, int]:
    """Return how many records of a segment are meant, and how many of these were left."""
    wanted = [value.encode() for _, value in selection.conditions if value.isascii()]
    lines = path.read_bytes().splitlines(keepends=True)
    meant = [
        all(value in line for value in wanted) and _is_meant(line, selection) for line in lines
    ]
    count = sum(meant)
    if count == 0 or dry_run:
        return count, 0
    if is_being_written(path):
        return count, count
    cursor = Cursor.claim(path) if cursor_path(path).exists() else None
    if cursor is None and cursor_path(path).exists():
        return count, count
    kept = [line for line, is_meant in zip(lines, meant, strict=True) if not is_meant]
    temporary = path.with_suffix(".erasing")
    try:
        with temporary.open("wb") as file:
            file.writelines(kept)
            file.flush()
            os.fsync(file.fileno())
        if cursor is not None:  # it counts bytes: those that go were before it or behind it
            cursor.move(_moved(cursor.offset, lines, meant))
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if cursor is not None:
            cursor.release()
    return count, 0


def _moved(offset: int, lines: list[bytes], meant: list[bool]) -> int:
    place = kept = 0
    for line, is_meant in zip(lines, meant, strict=True):
        if place >= offset:
            break
        place += len(line)
        kept += 0 if is_meant else len(line)
    return kept


def _is_meant(line: bytes, selection: Selection) -> bool:
    try:
        record = orjson.loads(line)
    except ValueError:
        return False
    if not isinstance(record, dict):
        return False
    if selection.holds(record):
        return True
    # what was set aside holds the record inside, as an object or as text
    inner = record.get("record")
    if isinstance(inner, dict):
        return selection.holds(inner)
    text = record.get("line")
    return isinstance(text, str) and _is_meant(text.encode(), selection)

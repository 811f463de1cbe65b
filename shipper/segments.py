"""Segments: the files of the spool, one writer each, and the names that say whose they are.

A segment is newline-delimited JSON in the folder of its stream, named
``<start>-<host>-<pid>-<nonce>-<sequence>.ndjson``.
Its writer holds a lock on it; a segment that nobody locks is finished, or its writer died.
"""

from __future__ import annotations

import os
import re
import socket
import time
from pathlib import Path
from typing import Any

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows has no flock; there a segment always counts as finished
    fcntl = None

SUFFIX = ".ndjson"
REJECTED = "rejected"
"""Folder beside the streams for lines and records that were set aside, with the reason."""

_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")


def host_name() -> str:
    """Return the name of this machine."""
    return socket.gethostname() or "localhost"


class Segment:
    """A file that one process appends to.

    Args:
        folder: Folder of the stream; made if it does not exist.
        nonce: Random text of the process, so that reused pids never share a file.
        sequence: Number of the segment within the process.

    Raises:
        OSError: If the file cannot be made.
    """

    __slots__ = ("_file", "opened", "path", "size")

    def __init__(self, folder: Path, nonce: str, sequence: int) -> None:
        start = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        host = _UNSAFE.sub("_", host_name())[:64]
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{start}-{host}-{os.getpid()}-{nonce}-{sequence:06d}{SUFFIX}"
        self.path = folder / name
        self.size = 0
        self.opened = time.monotonic()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        self._file = os.open(self.path, flags, 0o640)
        if fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, data: bytes) -> int:
        """Append as much of ``data`` as the disk takes and return how many bytes that was.

        Raises:
            OSError: If nothing could be written, such as on a full disk.
        """
        written = os.write(self._file, data)
        self.size += written
        return written

    def cut(self, size: int) -> None:
        """Take back what was written behind ``size`` bytes.

        Raises:
            OSError: If the disk refuses even that.
        """
        os.ftruncate(self._file, size)
        self.size = size

    def sync(self) -> None:
        """Wait until the disk itself holds everything written.

        Raises:
            OSError: If it does not.
        """
        os.fsync(self._file)

    def close(self) -> None:
        """Release the segment; a segment without a byte is removed."""
        if self.size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def abandon(self) -> None:
        """Close this process's copy of the file after a fork: the parent goes on writing it."""
        os.close(self._file)


def segment_paths(stream_folder: Path) -> list[Path]:
    """Return the segments of a stream, oldest first."""
    return sorted(stream_folder.glob(f"*{SUFFIX}"))


def owner_of(path: Path) -> str:
    """Return the host, process and nonce in a segment's name; the whole name of a foreign file."""
    parts = path.stem.split("-")
    return "-".join(parts[1:4]) if len(parts) == 5 else path.stem


def is_being_written(path: Path) -> bool:
    """Return whether a live process holds the segment's lock."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False

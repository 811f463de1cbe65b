"""Read segments line by line where the fast path cannot, and say what is wrong with bad lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

MAXIMUM_LINE_BYTES = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
_MAXIMUM_EXCERPT = 1000


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no record.

    Attributes:
        number: Line number, from 1.
        reason: What is wrong with it.
        excerpt: Its beginning, made readable.
        is_torn: Whether it is the last line and lacks its end: perhaps still being written.
    """

    number: int
    reason: str
    excerpt: str
    is_torn: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file; ``content`` is None where it was longer than the limit."""

    number: int
    content: bytes | None
    length: int
    is_ended: bool


def read_lines(path: Path, limit: int = MAXIMUM_LINE_BYTES) -> Iterator[Line]:
    """Yield the lines of a file without their ends, holding no more than ``limit`` of one.

    Raises:
        OSError: If the file cannot be read.
    """
    number = 0
    parts: list[bytes] = []
    length = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            *ended, rest = chunk.split(b"\n")
            for piece in ended:
                number += 1
                length += len(piece)
                yield _line(number, parts, piece, length, limit, is_ended=True)
                parts, length = [], 0
            length += len(rest)
            if length <= limit:
                parts.append(rest)
            else:
                parts = []
    if length:
        yield _line(number + 1, parts, b"", length, limit, is_ended=False)


def _line(
    number: int, parts: list[bytes], last: bytes, length: int, limit: int, *, is_ended: bool
) -> Line:
    content = b"".join([*parts, last]) if length <= limit else None
    return Line(number, content, length, is_ended)


def read_object(line: Line) -> dict[str, Any] | str:
    """Return the JSON object that a line holds, or what is wrong with the line."""
    if line.content is None:
        return f"{line.length:,} bytes is over the limit of {MAXIMUM_LINE_BYTES:,} for a record"
    try:
        record = orjson.loads(line.content)
    except orjson.JSONDecodeError as error:
        return _json_reason(line.content, error) if line.is_ended else "cut off in the middle"
    return record if isinstance(record, dict) else "JSON, but no object"


def check_line(line: Line, dataset: str) -> BadLine | None:
    """Return what is wrong with a line as a record of a data set, or None; blank is fine."""
    if line.content is not None and not line.content.strip():
        return None
    record = read_object(line)
    if isinstance(record, str):
        return _bad(line, record)
    event = record.get("event")
    if not isinstance(event, dict) or not isinstance(event.get("id"), str) or not event["id"]:
        return _bad(line, "event.id is missing: bring foreign logs in with `elkhound import`")
    if not isinstance(record.get("@timestamp"), str):
        return _bad(line, "@timestamp is missing or no text")
    stream = record.get("data_stream")
    found = stream.get("dataset") if isinstance(stream, dict) else None
    if found is not None and found != dataset:
        return _bad(line, f"it belongs to {found}, not to {dataset}")
    try:
        datetime.fromisoformat(record["@timestamp"])
    except ValueError:
        return _bad(line, f"@timestamp {record['@timestamp'][:60]!r} is no time")
    return None


def _json_reason(content: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "no UTF-8 text"
    return f"no JSON: {error.msg}"


def _bad(line: Line, reason: str) -> BadLine:
    content = line.content or b""
    excerpt = content[:_MAXIMUM_EXCERPT].decode("utf-8", "backslashreplace")
    return BadLine(line.number, reason, excerpt, not line.is_ended)


def sanitise(source: Path, target: Path, dataset: str) -> list[BadLine]:
    """Copy the good lines of a segment and return the bad ones.

    Args:
        source: The segment.
        target: Where the good lines go.
        dataset: The data set that the segment's records belong to.

    Raises:
        OSError: If the source cannot be read or the target not be written.
    """
    bad: list[BadLine] = []
    with target.open("wb") as output:
        for line in read_lines(source):
            problem = check_line(line, dataset)
            if problem is not None:
                bad.append(problem)
            elif line.content and line.content.strip():
                output.write(line.content + b"\n")
    return bad

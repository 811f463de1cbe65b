"""Import a file into a local store: the same file twice adds nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from analyzers.importing.mapping import FieldMapping, ImportNotes, RecordMaker
from analyzers.importing.reading import SourceFormat, SourceRow, read_rows
from shipper.schema import schema
from shipper.schema.validation import SchemaError
from shipper.segments import REJECTED, SUFFIX

_CHUNK = 1024 * 1024
_MAXIMUM_LISTED = 20


@dataclass(slots=True)
class ImportResult:
    """What came of an import.

    Attributes:
        records: Number of records of each kind.
        set_aside: Number of rows that made no record.
        examples: The first of them: row number and reason.
        notes: What was assumed about times.
    """

    records: dict[str, int] = field(default_factory=dict)
    set_aside: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)
    notes: ImportNotes = field(default_factory=ImportNotes)

    def document(self) -> dict[str, Any]:
        """Return the result as plain values."""
        return {
            "records": self.records,
            "set_aside": self.set_aside,
            "examples": [{"row": row, "reason": reason} for row, reason in self.examples],
            "without_zone": self.notes.without_zone,
            "without_time": self.notes.without_time,
            "in_future": self.notes.in_future,
        }


def import_file(
    path: Path,
    store: Path,
    mapping: FieldMapping,
    source_format: SourceFormat,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Import a file.

    Records go into one segment for each stream, named after the file's content, which replaces
    that of an earlier import of the same content. Rows that make no record are set aside in the
    ``rejected`` folder with the reason; a failure leaves the store as it was.

    Args:
        path: The file.
        store: Folder of the local store; made if it does not exist.
        mapping: How columns become fields.
        source_format: How to read the file.
        progress: Called with the number of rows read, now and then.

    Raises:
        ReadError: If the file is not of that format.
        OSError: If it cannot be read, or the store not be written.
    """
    digest = file_digest(path)
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    maker = RecordMaker(mapping, digest, modified)
    result = ImportResult(notes=maker.notes)
    writer = _Writer(store, f"import-{digest[:16]}")
    try:
        for count, row in enumerate(read_rows(path, source_format), 1):
            _take(row, maker, writer, result)
            if progress is not None and count % 1000 == 0:
                progress(count)
        writer.commit()
    except BaseException:
        writer.abandon()
        raise
    return result


def file_digest(path: Path) -> str:
    """Return a digest of a file's content."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _take(row: SourceRow, maker: RecordMaker, writer: _Writer, result: ImportResult) -> None:
    reason, shown = row.reason, row.text
    if row.values is not None:
        try:
            kind, record = maker.make(row.number, row.values)
            stream = schema(kind).stream(record["data_stream"]["namespace"])
            writer.write(stream, orjson.dumps(record, default=str))
            result.records[kind] = result.records.get(kind, 0) + 1
            return
        except (SchemaError, TypeError) as error:
            reason = str(error)
            shown = str(dict(row.values))[:1000]
    result.set_aside += 1
    if len(result.examples) < _MAXIMUM_LISTED:
        result.examples.append((row.number, reason))
    aside = {"reason": reason, "row": row.number, "text": maker.redact(shown)}
    writer.write(REJECTED, orjson.dumps(aside))


class _Writer:
    """Writes segments under temporary names and renames them together at the end."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._files: dict[str, tuple[Path, BinaryIO]] = {}

    def write(self, stream: str, line: bytes) -> None:
        opened = self._files.get(stream)
        if opened is None:
            folder = self._directory / stream
            folder.mkdir(parents=True, exist_ok=True)
            temporary = folder / f".{self._name}.{os.getpid()}"
            opened = (temporary, temporary.open("wb"))
            self._files[stream] = opened
        opened[1].write(line + b"\n")

    def commit(self) -> None:
        for _, file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
            file.close()
        for earlier in self._directory.glob(f"*/{self._name}{SUFFIX}"):
            if earlier.parent.name not in self._files:
                earlier.unlink()
        for temporary, _ in self._files.values():
            temporary.replace(temporary.parent / f"{self._name}{SUFFIX}")

    def abandon(self) -> None:
        for temporary, file in self._files.values():
            file.close()
            temporary.unlink(missing_ok=True)

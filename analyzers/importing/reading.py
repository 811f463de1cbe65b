"""Read rows from NDJSON, CSV and Parquet files, and entries from plain text logs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from analyzers.stores.sanitising import Line, read_lines, read_object


class SourceFormat(StrEnum):
    """Formats that can be read."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"
    TEXT = "text"


_BATCH = 2048
_MAXIMUM_CELL = 16 * 1024 * 1024
_MAXIMUM_ENTRY_LINES = 500

_TIME = re.compile(
    r"^\[?(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)\]?[\s,|-]*"
)
_LEVEL = re.compile(
    r"^(?P<before>(?:\S+\s+){0,4}?)\W{0,3}(?P<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\b\W{0,3}\s*",
)
_LEVELS = {"WARN": "warning", "FATAL": "critical"}


class ReadError(Exception):
    """A file cannot be read as what it was said to be."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file.

    Attributes:
        number: Line or row number, from 1.
        values: Its fields, or None where it could not be read.
        reason: Why it could not.
        text: Its beginning, where it could not.
    """

    number: int
    values: Mapping[str, Any] | None
    reason: str = ""
    text: str = ""


def detect_format(path: Path) -> SourceFormat:
    """Return a file's format, by its ending and, failing that, its first bytes."""
    match path.suffix.lower():
        case ".csv" | ".tsv":
            return SourceFormat.CSV
        case ".parquet" | ".pq":
            return SourceFormat.PARQUET
        case ".ndjson" | ".jsonl" | ".json":
            return SourceFormat.NDJSON
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PAR1":
        return SourceFormat.PARQUET
    return SourceFormat.NDJSON if start.lstrip()[:1] == b"{" else SourceFormat.TEXT


def read_rows(path: Path, source_format: SourceFormat) -> Iterator[SourceRow]:
    """Yield the rows of a file; rows that cannot be read say why.

    Raises:
        ReadError: If the whole file cannot be read in this format.
        OSError: If it cannot be opened.
    """
    match source_format:
        case SourceFormat.NDJSON:
            yield from _read_ndjson(path)
        case SourceFormat.CSV:
            yield from _read_csv(path)
        case SourceFormat.PARQUET:
            yield from _read_parquet(path)
        case _:
            yield from _read_text(path)


def _read_ndjson(path: Path) -> Iterator[SourceRow]:
    for line in read_lines(path):
        if line.content is not None and not line.content.strip():
            continue
        record = read_object(line)
        if isinstance(record, str):
            excerpt = (line.content or b"")[:1000].decode("utf-8", "backslashreplace")
            yield SourceRow(line.number, None, record, excerpt)
        else:
            yield SourceRow(line.number, _expand(record))


def _expand(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with dotted keys (``log.level``) as nested objects."""
    nested: dict[str, Any] = {}
    for key, value in record.items():
        if "." not in key:
            existing = nested.get(key)
            if isinstance(existing, dict) and isinstance(value, dict):
                existing.update(value)
            else:
                nested[key] = value
            continue
        node = nested
        *parents, leaf = key.split(".")
        for part in parents:
            below = node.setdefault(part, {})
            if not isinstance(below, dict):
                break
            node = below
        else:
            node[leaf] = value
    return nested


def _read_csv(path: Path) -> Iterator[SourceRow]:
    csv.field_size_limit(_MAXIMUM_CELL)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        reader = csv.DictReader(file, delimiter=delimiter)
        if not reader.fieldnames:
            raise ReadError(f"{path} is empty: a CSV file begins with the names of its columns")
        number = 0
        while True:
            number += 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield SourceRow(number, None, f"no CSV: {error}")
                continue
            if None in row:
                yield SourceRow(number, None, "more cells than columns", str(row)[:1000])
            else:
                yield SourceRow(number, {k: v or None for k, v in row.items()})


def _read_parquet(path: Path) -> Iterator[SourceRow]:
    import duckdb

    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)])
            columns = [(str(row[0]), str(row[1])) for row in described.fetchall()]
            names = [name for name, _ in columns]
            selected = ", ".join(_parquet_column(name, kind) for name, kind in columns)
            cursor = connection.execute(
                f"SELECT {selected} FROM read_parquet(?)",  # noqa: S608 (names are quoted)
                [str(path)],
            )
            number = 0
            while rows := cursor.fetchmany(_BATCH):
                for row in rows:
                    number += 1
                    yield SourceRow(number, _expand(dict(zip(names, row, strict=True))))
    except duckdb.Error as error:
        raise ReadError(f"{path} is no Parquet file: {str(error).splitlines()[0]}") from error


def _parquet_column(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "TIMESTAMP WITH TIME ZONE":  # as text: a Python time would need pytz
        return f"strftime(timezone('UTC', {quoted}), '%Y-%m-%dT%H:%M:%S.%gZ')"
    return quoted


def _read_text(path: Path) -> Iterator[SourceRow]:
    """Yield the entries of a text log; lines of a stack trace belong to the line before."""
    entry: list[str] = []
    start = 0
    dated = False
    in_trace = False
    for line in read_lines(path):
        if line.content is None:
            yield _too_long(line)
            continue
        text = line.content.decode("utf-8", "backslashreplace").rstrip("\r")
        has_time = _TIME.match(text) is not None
        dated = dated or has_time
        header = text.startswith(("Traceback (most", "  + Exception Group Traceback"))
        continues = (
            bool(entry)
            and len(entry) < _MAXIMUM_ENTRY_LINES
            and not has_time
            and (dated or in_trace or header or text.startswith((" ", "\t")))
        )
        if continues:
            # without times, the exception's own line is the last of its trace
            in_trace = header or (in_trace and (dated or text.startswith((" ", "\t"))))
            entry.append(text)
            continue
        if entry and "\n".join(entry).strip():
            yield SourceRow(start, parse_entry("\n".join(entry)))
        entry, start, in_trace = [text], line.number, header
    if entry and "\n".join(entry).strip():
        yield SourceRow(start, parse_entry("\n".join(entry)))


def parse_entry(entry: str) -> dict[str, Any]:
    """Return time, level, message and stack trace of one entry of a text log."""
    values: dict[str, Any] = {}
    found = _TIME.match(entry)
    rest = entry
    if found is not None:
        values["@timestamp"] = found["time"].replace(",", ".").replace(" UTC", "Z")
        rest = entry[found.end() :]
    level = _LEVEL.match(rest.partition("\n")[0])
    if level is not None:
        name = level["level"]
        values["log"] = {"level": _LEVELS.get(name, name.lower())}
        rest = level["before"] + rest[level.end() :]
    first, newline, trace = rest.partition("\n")
    values["message"] = first.strip() or rest.strip()
    if newline and "Traceback (most recent call last):" in rest:
        values["error"] = {"stack_trace": trace if "Traceback" in trace else rest}
    elif first.startswith("Traceback (most recent call last):"):
        values["error"] = {"stack_trace": rest}
    elif newline:
        values["message"] = rest.strip()
    return values


def _too_long(line: Line) -> SourceRow:
    return SourceRow(line.number, None, f"{line.length:,} bytes are too many for a record")

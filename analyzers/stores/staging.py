"""From segments of JSON to typed columns: each stream becomes one Parquet file, once per run.

DuckDB reads the segments in parallel with the types of the schema. Lines it cannot use turn up
as empty rows; only files that have such rows are read again, line by line, to say what is wrong.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from analyzers.stores.base import SetAside
from analyzers.stores.sanitising import MAXIMUM_LINE_BYTES, BadLine, sanitise
from shipper.schema import Field, Schema, schema
from shipper.segments import REJECTED, is_being_written

_SCALARS = {
    "keyword": "VARCHAR",
    "text": "VARCHAR",
    "long": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "TIMESTAMPTZ",
    "object": "JSON",
}

_MAXIMUM_LISTED = 1000
_ROWS_IN_MEMORY = 20_480
"""Rows that a thread gathers before it writes them: wide records need much memory."""

_FILE = '"file of the record"'
_UNUSABLE = '"is unusable"'


@dataclass(slots=True)
class Staged:
    """What came of one stream.

    Attributes:
        path: The Parquet file.
        set_aside: The first lines that are no records.
        set_aside_count: How many there are in all.
        duplicates: Records dropped because their ``event.id`` was there already.
    """

    path: Path
    set_aside: list[SetAside] = field(default_factory=list)
    set_aside_count: int = 0
    duplicates: int = 0


def column_type(described: Field) -> str:
    """Return the DuckDB type of a field."""
    scalar = _SCALARS[described.type]
    if described.is_open:
        return f"MAP(VARCHAR, {scalar})"
    return f"{scalar}[]" if described.is_array else scalar


def nested_types(described: Schema) -> dict[str, str]:
    """Return the DuckDB types of a record's top-level keys."""
    tree: dict[str, Any] = {}
    for item in described.fields.values():
        node = tree
        *parents, leaf = item.name.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[leaf] = column_type(item)
    return {key: _struct(value) for key, value in tree.items()}


def _struct(node: str | Mapping[str, Any]) -> str:
    if isinstance(node, str):
        return node
    inside = ", ".join(f"{identifier(key)} {_struct(value)}" for key, value in node.items())
    return f"STRUCT({inside})"


def identifier(name: str) -> str:
    """Return a name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"


def flat_columns(described: Schema) -> list[str]:
    """Return the select expressions that give each field a column of its dotted name."""
    columns = []
    for item in described.fields.values():
        top, *inner = item.name.split(".")
        expression = identifier(top) + "".join(f"[{literal(part)}]" for part in inner)
        if item.type == "date":
            expression = f"CAST({expression} AS TIMESTAMP)"  # the session's zone is UTC
        columns.append(f"{expression} AS {identifier(item.name)}")
    return columns


def stage(
    connection: duckdb.DuckDBPyConnection,
    kind: str,
    segments: Sequence[Path],
    directory: Path,
    workspace: Path,
) -> Staged:
    """Read the segments of one kind into a Parquet file.

    Args:
        connection: A connection whose session zone is UTC.
        kind: Kind of record.
        segments: Its segments.
        directory: The spool; bad lines are copied into its ``rejected`` folder.
        workspace: Folder for temporary files.
    """
    described = schema(kind)
    staged = Staged(workspace / f"{kind}.parquet")
    _copy(connection, described, segments, directory, workspace, staged)
    source = f"read_parquet({literal(str(staged.path))})"
    for (name,) in connection.execute(
        f"SELECT DISTINCT {_FILE} FROM {source} WHERE {_UNUSABLE}"  # noqa: S608 (our own names)
    ).fetchall():
        _set_aside(staged, Path(name), described.dataset, directory, workspace)
    # the hash keeps the check small; should two ids share one, the exact way below still holds
    rows, usable, distinct = connection.execute(
        f"""SELECT count(*), count(*) FILTER (NOT {_UNUSABLE}),
                   count(DISTINCT hash("event.id")) FILTER (NOT {_UNUSABLE})
            FROM {source}"""  # noqa: S608
    ).fetchall()[0]
    if distinct < rows:
        target = workspace / f"{kind}-usable.parquet"
        staged.duplicates = usable - _copy_usable(connection, source, target)
        staged.path = target
    return staged


def _copy_usable(connection: duckdb.DuckDBPyConnection, source: str, target: Path) -> int:
    """Write the usable records again, each id once, and return how many they are."""
    once = f'row_number() OVER (PARTITION BY "event.id" ORDER BY {_FILE}) = 1'
    written: int = connection.execute(
        f"""COPY (SELECT * FROM {source} WHERE NOT {_UNUSABLE} QUALIFY {once})
            TO {literal(str(target))} (FORMAT parquet)"""  # noqa: S608
    ).fetchall()[0][0]
    return written


def _copy(
    connection: duckdb.DuckDBPyConnection,
    described: Schema,
    segments: Sequence[Path],
    directory: Path,
    workspace: Path,
    staged: Staged,
) -> None:
    """Stream the segments into one Parquet file, bad rows marked."""
    try:
        _copy_readable(connection, described, segments, staged.path)
        return
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        pass  # one of the files defeats the reader: find out which, and read it by hand
    readable: list[Path] = []
    for segment in segments:
        try:
            connection.execute(f"SELECT count(*) FROM ({_read(described, [segment])})")  # noqa: S608
            readable.append(segment)
        except duckdb.Error:
            copy = _set_aside(staged, segment, described.dataset, directory, workspace)
            if copy is not None:
                readable.append(copy)
    _copy_readable(connection, described, readable, staged.path)


def _copy_readable(
    connection: duckdb.DuckDBPyConnection,
    described: Schema,
    segments: Sequence[Path],
    target: Path,
) -> None:
    dataset = literal(described.dataset)
    unusable = (
        '"@timestamp" IS NULL OR "event"[\'id\'] IS NULL '
        f"OR coalesce(\"data_stream\"['dataset'], {dataset}) <> {dataset}"
    )
    columns = ", ".join(flat_columns(described))
    connection.execute(
        f"""COPY (SELECT {columns}, filename AS {_FILE}, {unusable} AS {_UNUSABLE}
                  FROM ({_read(described, segments)}))
            TO {literal(str(target))} (FORMAT parquet, ROW_GROUP_SIZE {_ROWS_IN_MEMORY})"""  # noqa: S608
    )


def _read(described: Schema, segments: Sequence[Path]) -> str:
    files = ", ".join(literal(str(path)) for path in segments)
    nested = nested_types(described)
    if not files:
        columns = ", ".join(f"CAST(NULL AS {t}) AS {identifier(k)}" for k, t in nested.items())
        return f"SELECT {columns}, '' AS filename WHERE false"
    types = ", ".join(f"{literal(k)}: {literal(t)}" for k, t in nested.items())
    return (
        f"SELECT * FROM read_json([{files}], columns={{{types}}}, "  # noqa: S608
        "format='newline_delimited', ignore_errors=true, filename=true, "
        f"maximum_object_size={MAXIMUM_LINE_BYTES})"
    )


def _set_aside(
    staged: Staged, segment: Path, dataset: str, directory: Path, workspace: Path
) -> Path | None:
    """Note the bad lines of a segment, keep a copy of them, and return one of the good lines."""
    # streams of two namespaces may hold segments of one name
    copy = workspace / f"sanitised-{segment.parent.name}-{segment.name}"
    try:
        bad = sanitise(segment, copy, dataset)
    except OSError as error:
        staged.set_aside_count += 1
        staged.set_aside.append(SetAside(str(segment), 0, f"cannot be read: {error.strerror}"))
        return None
    if bad and bad[-1].is_torn and is_being_written(segment):
        bad = bad[:-1]  # its writer is about to finish the line
    staged.set_aside_count += len(bad)
    room = _MAXIMUM_LISTED - len(staged.set_aside)
    staged.set_aside.extend(SetAside(str(segment), b.number, b.reason) for b in bad[:room])
    if bad:
        _keep(bad, segment, directory)
    return copy


def _keep(bad: Sequence[BadLine], segment: Path, directory: Path) -> None:
    """Copy bad lines to the rejected folder, where they stay when the segment is removed."""
    lines = [
        orjson.dumps(
            {
                "@timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "reason": item.reason,
                "file": segment.name,
                "line": item.number,
                "text": item.excerpt,
            }
        )
        for item in bad
    ]
    folder = directory / REJECTED
    temporary = folder / f".{segment.name}.{os.getpid()}"
    with contextlib.suppress(OSError):  # a read-only folder can be analysed all the same
        folder.mkdir(exist_ok=True)
        temporary.write_bytes(b"\n".join(lines) + b"\n")
        temporary.replace(folder / f"unreadable-{segment.name}")

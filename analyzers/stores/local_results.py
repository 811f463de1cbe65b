"""Results in a folder: one Parquet file for each window, replaced in one step."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from analyzers.stores.base import StoreError, Window
from analyzers.stores.local_answers import nested_record
from analyzers.stores.results import (
    DEFAULT_NAMESPACE,
    RESULT_RETENTION,
    Result,
    Saved,
    days_of,
)
from analyzers.stores.staging import flat_columns, identifier, literal, nested_types
from shipper.fingerprint import digest
from shipper.schema import schema

FOLDER = "results"

_NAME = re.compile(r"(\d{8}T\d{9}Z)-(\d{8}T\d{9}Z)(?:-[0-9a-f]+)?\.parquet")
_FORMAT = "%Y%m%dT%H%M%S%f"


class LocalResults:
    """Results under ``<folder>/results/<index>/``.

    Args:
        directory: The store's folder.
        namespace: Namespace of the results.
    """

    def __init__(self, directory: Path, namespace: str = DEFAULT_NAMESPACE) -> None:
        self._directory = directory / FOLDER
        self._namespace = namespace

    def replace(
        self, kind: str, window: Window, results: Sequence[Result], model: str | None = None
    ) -> Saved:
        """Make these the results of a window."""
        path = self._folder(kind) / _file_name(window, model)
        try:
            before = set(self._ids(path))
            if results:
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(kind, results, path)
            else:
                path.unlink(missing_ok=True)
        except (OSError, duckdb.Error) as error:
            raise StoreError(f"{path} cannot be written: {error}") from error
        return Saved(len(results), len(before - {result.id for result in results}))

    def put(self, kind: str, results: Sequence[Result]) -> Saved:
        """Store results that live on from run to run, each in a file of its own."""
        folder = self._folder(kind)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for result in results:
                _write(kind, [result], folder / f"{result.id}.parquet")
        except (OSError, duckdb.Error) as error:
            raise StoreError(f"{folder} cannot be written: {error}") from error
        return Saved(len(results), 0)

    def read(
        self, kind: str, window: Window, fields: Sequence[str] = ()
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the results of all windows that end in a window, by window and id."""
        with duckdb.connect(":memory:") as connection:
            for path, (_, until) in self._files(kind):
                if _is_within(until, window):
                    yield from _read(connection, kind, path, fields)
            found = [i for path in self._lasting(kind) for i in _read(connection, kind, path)]
        for item in sorted(found, key=lambda one: str(one["ml"]["window"]["until"])):
            if _is_within(datetime.fromisoformat(item["ml"]["window"]["until"]), window):
                yield item

    def windows(self, kind: str, seconds: float) -> list[Window]:
        """Return the windows of some length that have results, in order."""
        found = [
            Window(since, until)
            for _, (since, until) in self._files(kind)
            if (until - since).total_seconds() == seconds
        ]
        return list(dict.fromkeys(found))

    def expire(self, kind: str) -> int:
        """Remove results that are older than their retention."""
        oldest = time.time() - days_of(RESULT_RETENTION[kind]) * 86400
        removed = 0
        for path in [*(path for path, _ in self._files(kind)), *self._lasting(kind)]:
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    removed += len(self._ids(path))
                    path.unlink()
        return removed

    def close(self) -> None:
        """Nothing is held."""

    def _folder(self, kind: str) -> Path:
        return self._directory / schema(kind).stream(self._namespace)

    def _files(self, kind: str) -> list[tuple[Path, tuple[datetime, datetime]]]:
        found: list[tuple[Path, tuple[datetime, datetime]]] = []
        folder = self._folder(kind)
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            match = _NAME.fullmatch(path.name)
            if match is not None:
                found.append((path, (_parse(match[1]), _parse(match[2]))))
        return sorted(found, key=lambda item: (item[1][1], item[1][0]))

    def _lasting(self, kind: str) -> list[Path]:
        """Return the files of results that live on from run to run."""
        return [
            path
            for path in sorted(self._folder(kind).glob("[!.]*.parquet"))
            if _NAME.fullmatch(path.name) is None
        ]

    def _ids(self, path: Path) -> list[str]:
        if not path.is_file():
            return []
        try:
            with duckdb.connect(":memory:") as connection:
                rows = connection.execute(f'SELECT "_id" FROM {_parquet(path)}').fetchall()  # noqa: S608
        except duckdb.Error:  # torn by others: computing its window again mends it
            return []
        return [identity for (identity,) in rows]


def _write(kind: str, results: Sequence[Result], path: Path) -> None:
    """Write results to a file in one step."""
    described = schema(kind)
    types = ", ".join(f"{literal(k)}: {literal(t)}" for k, t in nested_types(described).items())
    columns = ", ".join([identifier("_id"), *flat_columns(described)])
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="elkhound-") as workspace:
        lines = Path(workspace) / "results.ndjson"
        lines.write_bytes(
            b"".join(orjson.dumps({"_id": r.id, **r.document}) + b"\n" for r in results)
        )
        try:
            with duckdb.connect(":memory:") as connection:
                connection.execute("SET TimeZone = 'UTC'")
                connection.execute(
                    f"""COPY (SELECT {columns} FROM read_json({literal(str(lines))},
                              columns={{'_id': 'VARCHAR', {types}}}, format='newline_delimited')
                              ORDER BY "_id")
                        TO {literal(str(temporary))} (FORMAT parquet)"""  # noqa: S608
                )
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _read(
    connection: duckdb.DuckDBPyConnection, kind: str, path: Path, fields: Sequence[str] = ()
) -> Iterator[Mapping[str, Any]]:
    wanted = dict.fromkeys((*fields, "ml.window.until")) if fields else ()
    columns = ", ".join(map(identifier, wanted)) or "*"
    try:
        cursor = connection.execute(f'SELECT {columns} FROM {_parquet(path)} ORDER BY "_id"')  # noqa: S608
        names = [column[0] for column in cursor.description or ()]
        rows = cursor.fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise StoreError(f"{path} cannot be read: {reason}; compute its window again") from error
    for row in rows:
        yield nested_record(kind, dict(zip(names, row, strict=True)))


def _is_within(until: datetime, window: Window) -> bool:
    return (window.since is None or until >= window.since) and (
        window.until is None or until < window.until
    )


def _parquet(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def _file_name(window: Window, model: str | None) -> str:
    since, until = window.ends()
    of_model = "" if model is None else f"-{digest(('model', model))}"
    return f"{_stamp(since)}-{_stamp(until)}{of_model}.parquet"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_FORMAT)[:-3] + "Z"


def _parse(text: str) -> datetime:
    return datetime.strptime(text[:-1] + "000", _FORMAT).replace(tzinfo=UTC)

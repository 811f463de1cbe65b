"""The records of a folder as tables, one for each kind, made when it is first asked about."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from analyzers.stores.base import StoreError
from analyzers.stores.expressions import Parameters
from analyzers.stores.staging import Staged, literal, stage
from shipper.schema import schema
from shipper.segments import segment_paths

_MEMORY = "320MB"
"""What the database may hold before it spills to disk; a question that needs more gets it."""


class Tables:
    """A database in memory over the segments of a folder.

    Args:
        directory: Folder that the shipper writes, or an import made.

    Attributes:
        directory: The folder.
        connection: The database; its session's zone is UTC.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._workspace = tempfile.TemporaryDirectory(prefix="elkhound-")
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute(f"SET memory_limit = '{_MEMORY}'")
        self.connection.execute("SET preserve_insertion_order = false")  # needs less memory
        self.connection.execute(f"SET temp_directory = {literal(self._workspace.name)}")
        self._staged: dict[str, Staged] = {}

    def close(self) -> None:
        """Close the database and remove its temporary files."""
        self.connection.close()
        self._workspace.cleanup()

    def staged(self) -> list[Staged]:
        """Return what came of the kinds that were asked about."""
        return list(self._staged.values())

    def table(self, kind: str) -> str:
        """Return the kind's columns as a table expression, reading its segments the first time."""
        staged = self._staged.get(kind)
        if staged is None:
            described = schema(kind)
            pattern = f"{described.stream_type}-{described.dataset}-*"
            segments = [
                path
                for folder in sorted(self.directory.glob(pattern))
                for path in segment_paths(folder)
            ]
            try:
                staged = self._stage(kind, segments)
            except (duckdb.Error, OSError) as error:
                raise StoreError(
                    f"the {kind} records in {self.directory} cannot be read: {error}"
                ) from error
            self._staged[kind] = staged
        return f"read_parquet({literal(str(staged.path))})"

    def _stage(self, kind: str, segments: Sequence[Path]) -> Staged:
        workspace = Path(self._workspace.name)
        try:
            return stage(self.connection, kind, segments, self.directory, workspace)
        except duckdb.OutOfMemoryException:
            self.connection.execute("RESET memory_limit")
            return stage(self.connection, kind, segments, self.directory, workspace)

    def rows(self, query: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        try:
            rows: list[tuple[Any, ...]] = self.connection.execute(query, parameters).fetchall()
        except duckdb.OutOfMemoryException:
            self.connection.execute("RESET memory_limit")
            rows = self.connection.execute(query, parameters).fetchall()
        return rows

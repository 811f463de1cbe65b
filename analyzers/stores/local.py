"""The embedded store: DuckDB over the segments of a spool folder. No server, no lock."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from analyzers.stores.base import (
    ContrastAnswer,
    ContrastCount,
    Coverage,
    ErrorPattern,
    KindCoverage,
    LifecycleEvent,
    SetAside,
    StoreError,
    TimeCount,
    ValueCount,
    Where,
    Window,
)
from analyzers.stores.expressions import Parameters, column, conditions, utc, values
from analyzers.stores.staging import Staged, identifier, literal, stage
from shipper.schema import KINDS, schema
from shipper.segments import segment_paths

_ERROR = "error.fingerprint"


class LocalStore:
    """Answers questions over the records in a folder.

    The folder is read as it is when a kind is first asked about; later records wait for the
    next ``LocalStore``.

    Args:
        directory: Folder that the shipper writes, or an import made.

    Raises:
        StoreError: If there is no such folder.
    """

    def __init__(self, directory: Path) -> None:
        if not directory.is_dir():
            raise StoreError(
                f"no folder {directory}: give --store the folder that the service writes "
                "(its `to=`), or make one with `elkhound import`"
            )
        self._directory = directory
        self._workspace = tempfile.TemporaryDirectory(prefix="elkhound-")
        self._connection = duckdb.connect(":memory:")
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute("SET preserve_insertion_order = false")  # needs less memory
        self._connection.execute(f"SET temp_directory = {literal(self._workspace.name)}")
        self._staged: dict[str, Staged] = {}

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._directory)

    def close(self) -> None:
        """Close the database and remove its temporary files."""
        self._connection.close()
        self._workspace.cleanup()

    def __enter__(self) -> LocalStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def coverage(self, window: Window) -> Coverage:
        """Return how many records of each kind there are, and what could not be used."""
        kinds: list[KindCoverage] = []
        future = 0
        for kind in KINDS:
            condition, parameters = conditions(kind, window, ())
            rows = self._rows(
                f"""SELECT count(*) FILTER ({condition}), min("@timestamp") FILTER ({condition}),
                    max("@timestamp") FILTER ({condition}),
                    count(*) FILTER ("@timestamp" >= ?)
                    FROM {self._table(kind)}""",  # noqa: S608
                [*parameters * 3, utc(window.until or datetime.max.replace(tzinfo=UTC))],
            )
            count, first, last, later = rows[0]
            future += later
            if count:
                kinds.append(KindCoverage(kind, count, _aware(first), _aware(last)))
        staged = list(self._staged.values())
        aside: list[SetAside] = [item for entry in staged for item in entry.set_aside]
        return Coverage(
            kinds=tuple(kinds),
            set_aside=tuple(aside),
            set_aside_count=sum(entry.set_aside_count for entry in staged),
            duplicates=sum(entry.duplicates for entry in staged),
            future=future,
        )

    def error_patterns(self, window: Window, where: Where = ()) -> list[ErrorPattern]:
        """Return the distinct errors with counts, most frequent first."""
        condition, parameters = conditions("error", window, where)
        order = '("@timestamp", "event.sequence", "event.id")'
        firsts = ", ".join(
            f"arg_min({identifier(name)}, {order})"
            for name in (
                "error.type",
                "error.types",
                "error.template",
                "error.message",
                "error.culprit",
                "log.logger",
            )
        )
        rows = self._rows(
            f"""SELECT "{_ERROR}", {firsts}, count(*), min("@timestamp"), max("@timestamp")
                FROM {self._table("error")} WHERE {condition} AND "{_ERROR}" IS NOT NULL
                GROUP BY "{_ERROR}" ORDER BY count(*) DESC, "{_ERROR}" """,  # noqa: S608
            parameters,
        )
        return [_pattern(row) for row in rows]

    def value_counts(
        self,
        kind: str,
        field: str,
        window: Window,
        where: Where = (),
        by: str | None = None,
        limit: int = 1000,
    ) -> list[ValueCount]:
        """Return how often each value of a field occurs, for each value of ``by``."""
        condition, parameters = conditions(kind, window, where)
        key = "''" if by is None else f"CAST({column(kind, by)} AS VARCHAR)"
        value = column(kind, field)
        rows = self._rows(
            f"""SELECT * FROM (
                    SELECT {key} AS key, CAST({value} AS VARCHAR) AS value, count(*) AS n
                    FROM {self._table(kind)} WHERE {condition} AND {value} IS NOT NULL
                    AND {key} IS NOT NULL GROUP BY ALL)
                QUALIFY row_number() OVER (PARTITION BY key ORDER BY n DESC, value) <= ?
                ORDER BY key, n DESC, value""",  # noqa: S608
            [*parameters, limit],
        )
        return [ValueCount(key, value, count) for key, value, count in rows]

    def time_counts(
        self,
        kind: str,
        seconds: float,
        window: Window,
        where: Where = (),
        by: str | None = None,
    ) -> list[TimeCount]:
        """Return counts in buckets of ``seconds`` since the epoch, for each value of ``by``."""
        condition, parameters = conditions(kind, window, where)
        key = "''" if by is None else column(kind, by)
        width = max(1, round(seconds * 1000))
        rows = self._rows(
            f"""SELECT {key} AS key, epoch_ms("@timestamp") // ? AS bucket, count(*)
                FROM {self._table(kind)} WHERE {condition} AND {key} IS NOT NULL
                GROUP BY ALL ORDER BY key, bucket""",  # noqa: S608
            [width, *parameters],
        )
        return [
            TimeCount(key, datetime.fromtimestamp(bucket * width / 1000, UTC), count)
            for key, bucket, count in rows
        ]

    def contrast(
        self,
        fields: Sequence[str],
        groups: Mapping[str, Sequence[str]],
        window: Window,
        where: Where = (),
        limit: int = 50,
    ) -> ContrastAnswer:
        """Count values among predictions with the fingerprints of each group, and without."""
        condition, parameters = conditions("prediction", window, where)
        table = self._table("prediction")
        total = self._rows(f"SELECT count(*) FROM {table} WHERE {condition}", parameters)[0][0]  # noqa: S608
        self._connection.execute("CREATE OR REPLACE TEMP TABLE members (f VARCHAR, g VARCHAR)")
        members = [(f, group) for group, prints in groups.items() for f in prints]
        if members:
            self._connection.executemany("INSERT INTO members VALUES (?, ?)", members)
        failed = dict(
            self._rows(
                f"""SELECT g, count(*) FROM {table} JOIN members ON f = "{_ERROR}"
                    WHERE {condition} GROUP BY g""",  # noqa: S608
                parameters,
            )
        )
        counts: list[ContrastCount] = []
        for field in fields:
            pairs = values(field)
            rows = self._rows(
                f"""WITH pairs AS (SELECT "{_ERROR}" AS f, {pairs} AS pair FROM {table}
                                   WHERE {condition}),
                    overall AS (SELECT pair.name AS name, pair.value AS value, count(*) AS n
                                FROM pairs WHERE pair.value IS NOT NULL GROUP BY ALL),
                    grouped AS (SELECT g, pair.name AS name, pair.value AS value, count(*) AS n
                                FROM pairs JOIN members USING (f) WHERE pair.value IS NOT NULL
                                GROUP BY ALL),
                    failed AS (SELECT * FROM grouped QUALIFY
                               row_number() OVER (PARTITION BY g, name ORDER BY n DESC, value) <= ?)
                    SELECT g, name, value, failed.n, overall.n
                    FROM failed JOIN overall USING (name, value)
                    ORDER BY g, name, failed.n DESC, value""",  # noqa: S608
                [*parameters, limit],
            )
            counts.extend(
                ContrastCount(group, field + name, value, hits, n - hits)
                for group, name, value, hits, n in rows
            )
        totals = {group: (failed.get(group, 0), total - failed.get(group, 0)) for group in groups}
        return ContrastAnswer(tuple(counts), totals)

    def last_before(self, kind: str, moment: datetime, where: Where = ()) -> datetime | None:
        """Return the time of the latest record before a moment."""
        condition, parameters = conditions(kind, Window(until=moment), where)
        rows = self._rows(
            f'SELECT max("@timestamp") FROM {self._table(kind)} WHERE {condition}',  # noqa: S608
            parameters,
        )
        return _aware(rows[0][0])

    def first_record(
        self, kind: str, window: Window, where: Where = ()
    ) -> Mapping[str, Any] | None:
        """Return the earliest record as nested dictionaries, or None."""
        condition, parameters = conditions(kind, window, where)
        cursor = self._connection.execute(
            f"""SELECT * FROM {self._table(kind)} WHERE {condition}
                ORDER BY "@timestamp", "event.sequence", "event.id" LIMIT 1""",  # noqa: S608
            parameters,
        )
        row = cursor.fetchone()
        if row is None:
            return None
        names = [column[0] for column in cursor.description or ()]
        return _nest(kind, dict(zip(names, row, strict=True)))

    def lifecycle_events(self, window: Window, limit: int = 200) -> list[LifecycleEvent]:
        """Return the earliest life-cycle events of the window, in order."""
        condition, parameters = conditions("lifecycle", window, ())
        rows = self._rows(
            f"""SELECT "@timestamp", "event.action", "ml.model.name", "ml.model.version",
                "ml.lifecycle.version.before", "event.reason", "ml.lifecycle.change.name"
                FROM {self._table("lifecycle")} WHERE {condition}
                ORDER BY "@timestamp", "event.sequence" LIMIT ?""",  # noqa: S608
            [*parameters, limit],
        )
        return [
            LifecycleEvent(
                time=_known(time),
                action=action or "",
                model=model or "",
                version=version or "",
                previous_version=before or "",
                reason=reason or "",
                change=change or "",
            )
            for time, action, model, version, before, reason, change in rows
        ]

    def _table(self, kind: str) -> str:
        """Return the kind's columns as a table expression, reading its segments the first time."""
        staged = self._staged.get(kind)
        if staged is None:
            described = schema(kind)
            pattern = f"{described.stream_type}-{described.dataset}-*"
            segments = [
                path
                for folder in sorted(self._directory.glob(pattern))
                for path in segment_paths(folder)
            ]
            try:
                staged = stage(
                    self._connection, kind, segments, self._directory, Path(self._workspace.name)
                )
            except (duckdb.Error, OSError) as error:
                raise StoreError(
                    f"the {kind} records in {self.location} cannot be read: {error}"
                ) from error
            self._staged[kind] = staged
        return f"read_parquet({literal(str(staged.path))})"

    def _rows(self, query: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._connection.execute(query, parameters).fetchall()
        return rows


def _pattern(row: tuple[Any, ...]) -> ErrorPattern:
    fingerprint, kind, types, template, message, place, logger, count, first, last = row
    return ErrorPattern(
        fingerprint=fingerprint,
        type=kind or "log",
        types=tuple(types or ()),
        template=template or message or "",
        message=message or "",
        culprit=place or "",
        logger=logger or "",
        count=count,
        first_seen=_known(first),
        last_seen=_known(last),
    )


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _known(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _nest(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of flat columns as the nested record it came from."""
    record: dict[str, Any] = {}
    fields = schema(kind).fields
    for name, value in row.items():
        if value is None or name not in fields:
            continue
        if isinstance(value, datetime):
            value = _known(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        elif fields[name].type == "object" and isinstance(value, str):
            value = orjson.loads(value)
        node = record
        *parents, leaf = name.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[leaf] = value
    return record

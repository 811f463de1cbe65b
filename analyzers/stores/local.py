"""The embedded store: DuckDB over the segments of a spool folder. No server, no lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analyzers.stores import local_numbers as numbers
from analyzers.stores.base import (
    ContrastAnswer,
    ContrastCount,
    Coverage,
    ErrorPattern,
    KindCoverage,
    LifecycleEvent,
    Row,
    SetAside,
    StoreError,
    TimeCount,
    ValueCount,
    Where,
    Window,
)
from analyzers.stores.expressions import column, conditions, scanned, utc, values
from analyzers.stores.fields import SAMPLING_KEY, known_field, open_field, sampling_limit
from analyzers.stores.local_answers import aware, known, nested_record, pattern_of, with_zones
from analyzers.stores.numbers import Histogram, Moments, TimeLevel
from analyzers.stores.staging import identifier
from analyzers.stores.tables import Tables
from shipper.schema import KINDS

_ERROR = "error.fingerprint"
_PAGE = 5_000


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
        self._tables = Tables(directory)

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._tables.directory)

    def close(self) -> None:
        """Close the database and remove its temporary files."""
        self._tables.close()

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
            rows = self._tables.rows(
                f"""SELECT count(*) FILTER ({condition}), min("@timestamp") FILTER ({condition}),
                    max("@timestamp") FILTER ({condition}),
                    count(*) FILTER ("@timestamp" >= ?)
                    FROM {self._tables.table(kind)}""",  # noqa: S608
                [*parameters * 3, utc(window.until or datetime.max.replace(tzinfo=UTC))],
            )
            count, first, last, later = rows[0]
            future += later
            if count:
                kinds.append(KindCoverage(kind, count, aware(first), aware(last)))
        staged = self._tables.staged()
        aside: list[SetAside] = [item for entry in staged for item in entry.set_aside]
        return Coverage(
            kinds=tuple(kinds),
            set_aside=tuple(aside),
            set_aside_count=sum(entry.set_aside_count for entry in staged),
            duplicates=sum(entry.duplicates for entry in staged),
            future=future,
        )

    def set_aside_count(self) -> int:
        """Return how many lines could not be read so far."""
        return sum(entry.set_aside_count for entry in self._tables.staged())

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
        rows = self._tables.rows(
            f"""SELECT "{_ERROR}", {firsts}, count(*), min("@timestamp"), max("@timestamp")
                FROM {self._tables.table("error")} WHERE {condition} AND "{_ERROR}" IS NOT NULL
                GROUP BY "{_ERROR}" ORDER BY count(*) DESC, "{_ERROR}" """,  # noqa: S608
            parameters,
        )
        return [pattern_of(row) for row in rows]

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
        rows = self._tables.rows(
            f"""SELECT * FROM (
                    SELECT {key} AS key, CAST({value} AS VARCHAR) AS value, count(*) AS n
                    FROM {self._tables.table(kind)} WHERE {condition} AND {value} IS NOT NULL
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
        rows = self._tables.rows(
            f"""SELECT {key} AS key, epoch_ms("@timestamp") // ? AS bucket, count(*)
                FROM {self._tables.table(kind)} WHERE {condition} AND {key} IS NOT NULL
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
        table = self._tables.table("prediction")
        counted = self._tables.rows(
            f"SELECT count(*) FROM {table} WHERE {condition}",  # noqa: S608
            parameters,
        )
        total = counted[0][0]
        self._tables.connection.execute(
            "CREATE OR REPLACE TEMP TABLE members (f VARCHAR, g VARCHAR)"
        )
        members = [(f, group) for group, prints in groups.items() for f in prints]
        if members:
            self._tables.connection.executemany("INSERT INTO members VALUES (?, ?)", members)
        failed = dict(
            self._tables.rows(
                f"""SELECT g, count(*) FROM {table} JOIN members ON f = "{_ERROR}"
                    WHERE {condition} GROUP BY g""",  # noqa: S608
                parameters,
            )
        )
        counts: list[ContrastCount] = []
        for field in fields:
            pairs = values(field)
            rows = self._tables.rows(
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
        rows = self._tables.rows(
            f'SELECT max("@timestamp") FROM {self._tables.table(kind)} WHERE {condition}',  # noqa: S608
            parameters,
        )
        return aware(rows[0][0])

    def first_record(
        self, kind: str, window: Window, where: Where = ()
    ) -> Mapping[str, Any] | None:
        """Return the earliest record as nested dictionaries, or None."""
        condition, parameters = conditions(kind, window, where)
        cursor = self._tables.connection.execute(
            f"""SELECT * FROM {self._tables.table(kind)} WHERE {condition}
                ORDER BY "@timestamp", "event.sequence", "event.id" LIMIT 1""",  # noqa: S608
            parameters,
        )
        row = cursor.fetchone()
        if row is None:
            return None
        names = [column[0] for column in cursor.description or ()]
        return nested_record(kind, dict(zip(names, row, strict=True)))

    def lifecycle_events(self, window: Window, limit: int = 200) -> list[LifecycleEvent]:
        """Return the earliest life-cycle events of the window, in order."""
        condition, parameters = conditions("lifecycle", window, ())
        rows = self._tables.rows(
            f"""SELECT "@timestamp", "event.action", "ml.model.name", "ml.model.version",
                "ml.lifecycle.version.before", "event.reason", "ml.lifecycle.change.name"
                FROM {self._tables.table("lifecycle")} WHERE {condition}
                ORDER BY "@timestamp", "event.sequence" LIMIT ?""",  # noqa: S608
            [*parameters, limit],
        )
        return [
            LifecycleEvent(
                time=known(time),
                action=action or "",
                model=model or "",
                version=version or "",
                previous_version=before or "",
                reason=reason or "",
                change=change or "",
            )
            for time, action, model, version, before, reason, change in rows
        ]

    def histograms(
        self,
        kind: str,
        edges: Mapping[str, Sequence[float]],
        window: Window,
        where: Where = (),
    ) -> dict[str, Histogram]:
        """Return the histogram of each field over its edges."""
        return numbers.histograms(self._asking(kind, window, where), kind, edges)

    def moments(
        self, kind: str, fields: Sequence[str], window: Window, where: Where = ()
    ) -> dict[str, Moments]:
        """Return the moments of each field."""
        return numbers.moments(self._asking(kind, window, where), kind, fields)

    def time_levels(
        self,
        kind: str,
        field: str,
        seconds: float,
        window: Window,
        by: str,
        where: Where = (),
    ) -> list[TimeLevel]:
        """Return mean and maximum of a numeric field in buckets, for each value of ``by``."""
        asking = self._asking(kind, window, where)
        return numbers.time_levels(asking, kind, field, max(1, round(seconds * 1000)), by)

    def missing_counts(
        self, kind: str, fields: Sequence[str], window: Window, where: Where = ()
    ) -> dict[str, int]:
        """Return the number of records without a value of each field."""
        return numbers.missing_counts(self._asking(kind, window, where), kind, fields)

    def names(self, kind: str, field: str, window: Window, where: Where = ()) -> list[str]:
        """Return the names in an open field that have a value, sorted."""
        held = column(kind, open_field(kind, field))
        found = self._asking(kind, window, where)(
            f"SELECT DISTINCT unnest(map_keys({held})) AS name FROM {{source}} ORDER BY name"  # noqa: S608
        )
        return [name for (name,) in found]

    def scan(
        self,
        kind: str,
        fields: Sequence[str],
        window: Window,
        where: Where = (),
        sample: float = 1.0,
    ) -> Iterator[list[Row]]:
        """Yield the values of some fields, record by record, in no order."""
        condition, parameters = conditions(kind, window, where)
        if sample < 1:
            condition += f" AND {column(kind, SAMPLING_KEY)} < ?"
            parameters.append(sampling_limit(sample))
        columns = ", ".join(scanned(kind, field) for field in fields)
        cursor = self._tables.connection.cursor()  # other questions may be asked meanwhile
        cursor.execute(
            f"SELECT {columns} FROM {self._tables.table(kind)} WHERE {condition}",  # noqa: S608
            parameters,
        )
        times = [place for place, f in enumerate(fields) if known_field(kind, f).type == "date"]
        while page := cursor.fetchmany(_PAGE):
            yield [with_zones(row, times) for row in page] if times else page
        cursor.close()

    def _asking(self, kind: str, window: Window, where: Where) -> numbers.Rows:
        """Return a function that runs queries over a window's records."""
        condition, parameters = conditions(kind, window, where)
        source = f"(SELECT * FROM {self._tables.table(kind)} WHERE {condition})"  # noqa: S608
        return lambda asked: self._tables.rows(asked.replace("{source}", source), parameters)

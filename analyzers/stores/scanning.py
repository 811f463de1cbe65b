"""Rows of a cluster, where rows are the point: a point in time, cut into slices, columns only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

from analyzers.stores.base import Row, StoreError
from analyzers.stores.connecting import describe, explained
from analyzers.stores.fields import column_field, known_field
from analyzers.stores.streams import Streams

_PAGE = 5_000
_KEEP_ALIVE = "5m"
_MOST_COLUMNS = 100
"""Columns in one request: a server refuses more (``index.max_docvalue_fields_search``)."""


class Scan:
    """Reads the columns of records, page by page, several slices at a time.

    Records that arrive meanwhile are not seen. Nothing but the columns is read or sent, and no
    more than one page for each slice is held.

    Args:
        streams: Where the records are.
        kind: Kind of the records.
        fields: Columns of a row, in this order.

    Raises:
        StoreError: If a field has no column.
    """

    def __init__(self, streams: Streams, kind: str, fields: Sequence[str]) -> None:
        self._client = streams.client
        self._location = streams.location
        with explained(streams.location):
            self._index = streams.usable(kind)
        self._columns = [column_field(kind, name) for name in fields]
        self._described = [known_field(kind, name) for name in fields]

    def pages(self, query: Mapping[str, Any], slices: int) -> Iterator[list[Row]]:
        """Yield the rows that a query finds, in no order.

        Raises:
            StoreError: If the cluster does not answer.
        """
        with explained(self._location):
            opened = self._client.open_point_in_time(
                index=self._index, keep_alive=_KEEP_ALIVE, ignore_unavailable=True
            )
        point: str = opened["id"]
        try:
            yield from self._pages(point, query, slices)
        finally:
            with explained(self._location):
                self._client.close_point_in_time(id=point)

    def _pages(self, point: str, query: Mapping[str, Any], slices: int) -> Iterator[list[Row]]:
        with ThreadPoolExecutor(slices) as pool:

            def ask(place: int, after: list[Any] | None) -> Any:
                cut = {"id": place, "max": slices} if slices > 1 else None
                return pool.submit(self._page, point, query, cut, after)

            waiting = {ask(place, None): place for place in range(slices)}
            while waiting:
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    place = waiting.pop(future)
                    rows, after = future.result()
                    if after is not None:
                        waiting[ask(place, after)] = place
                    if rows:
                        yield rows

    def _page(
        self,
        point: str,
        query: Mapping[str, Any],
        cut: Mapping[str, int] | None,
        after: list[Any] | None,
    ) -> tuple[list[Row], list[Any] | None]:
        """Return the rows of a page, and where the next one begins."""
        rows: list[list[Any]] = []
        last: list[Any] | None = None
        for begin in range(0, max(1, len(self._columns)), _MOST_COLUMNS):
            names = self._columns[begin : begin + _MOST_COLUMNS]
            hits = self._hits(point, query, cut, after, names)
            rows = rows or [[] for _ in hits]
            for row, hit in zip(rows, hits, strict=True):
                row += self._values(hit.get("fields", {}), begin, names)
            last = hits[-1]["sort"] if len(hits) == _PAGE else None
        return [tuple(row) for row in rows], last

    def _hits(
        self,
        point: str,
        query: Mapping[str, Any],
        cut: Mapping[str, int] | None,
        after: list[Any] | None,
        names: Sequence[str],
    ) -> list[dict[str, Any]]:
        columns: list[dict[str, str]] = [
            {"field": name} | ({"format": "epoch_millis"} if described.type == "date" else {})
            for name, described in zip(self._columns, self._described, strict=True)
            if name in names
        ]
        with explained(self._location):
            found = self._client.search(
                pit={"id": point, "keep_alive": _KEEP_ALIVE},
                query=query,
                slice=cut,
                sort=[{"_shard_doc": "asc"}],
                search_after=after,
                size=_PAGE,
                source=False,
                docvalue_fields=columns,
                track_total_hits=False,
            )
        if found["_shards"]["failed"]:
            reason = found["_shards"].get("failures", [{}])[0].get("reason", {}).get("reason")
            raise StoreError(
                f"{self._index} on {describe(self._location)} cannot be read whole: {reason}"
            )
        hits: list[dict[str, Any]] = found["hits"]["hits"]
        return hits

    def _values(self, found: Mapping[str, Any], begin: int, names: Sequence[str]) -> list[Any]:
        values: list[Any] = []
        for place, name in enumerate(names, begin):
            held = found.get(name)
            described = self._described[place]
            if not held:
                values.append(None)
            elif described.type == "date":
                values.append(datetime.fromtimestamp(int(held[0]) / 1000, UTC))
            elif described.is_array:
                values.append(sorted(set(held)))
            else:
                values.append(held[0])
        return values

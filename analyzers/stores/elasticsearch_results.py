"""Results in a cluster: documents under ids that say what they are, written in bulk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from elasticsearch import AuthorizationException, BadRequestError, Elasticsearch, NotFoundError
from elasticsearch.helpers import streaming_bulk

from analyzers.stores.base import StoreError, Window
from analyzers.stores.connecting import connect, describe, explained, namespace_of
from analyzers.stores.queries import milliseconds
from analyzers.stores.result_indices import first_index, mappings_of, retention_of, settings_of
from analyzers.stores.results import DEFAULT_NAMESPACE, RefusedResult, Result, Saved, days_of
from shipper.schema import schema

_PAGE = 1_000
_BUSY = (429, 503)
_ATTEMPTS = 5
_NAMESPACE = re.compile(r"[a-z0-9._]{1,100}")


class ElasticsearchResults:
    """Results in indices behind aliases such as ``ml-error-groups-default``.

    An index that is not there is made with its mapping when the first result is written.

    Args:
        location: ``https://HOST:9200``; see ``connecting.connect``.

    Raises:
        StoreError: If the location is wrong.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._client: Elasticsearch = connect(location)
        given = namespace_of(location)
        self._namespace = DEFAULT_NAMESPACE if given == "*" else given
        if not _NAMESPACE.fullmatch(self._namespace):
            raise StoreError(
                f"results belong to one namespace, and {given!r} is none: give ?namespace=NAME"
            )
        self._checked: set[str] = set()

    def replace(
        self, kind: str, window: Window, results: Sequence[Result], model: str | None = None
    ) -> Saved:
        """Make these the results of a window."""
        alias = self._alias(kind)
        with explained(self._location):
            if results:
                self._make(kind, alias)
            elif not self._client.indices.exists(index=alias):
                return Saved(0, 0)
            refused = self._write(alias, results)
            # what other runs wrote must be seen before what is no longer found can go
            self._client.indices.refresh(index=alias)
            kept = {result.id for result in results}
            gone = [hit for hit in self._hits(alias, _of(window, model)) if hit["_id"] not in kept]
            self._delete(alias, gone)
        return Saved(len(results) - len(refused), len(gone), tuple(refused))

    def put(self, kind: str, results: Sequence[Result]) -> Saved:
        """Store results that live on from run to run."""
        alias = self._alias(kind)
        if not results:
            return Saved(0, 0)
        with explained(self._location):
            self._make(kind, alias)
            refused = self._write(alias, results)
            self._client.indices.refresh(index=alias)
        return Saved(len(results) - len(refused), 0, tuple(refused))

    def read(
        self, kind: str, window: Window, fields: Sequence[str] = ()
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the results of all windows that end in a window, by window and id."""
        bounds = {
            name: milliseconds(moment)
            for name, moment in (("gte", window.since), ("lt", window.until))
            if moment is not None
        }
        query = {"range": {"ml.window.until": {**bounds, "format": "epoch_millis"}}}
        with explained(self._location):
            hits = list(
                self._hits(
                    self._alias(kind),
                    query if bounds else {"match_all": {}},
                    {"includes": [*fields, "ml.window"]} if fields else True,
                )
            )
        for hit in sorted(hits, key=_place):
            yield hit["_source"]

    def windows(self, kind: str, seconds: float) -> list[Window]:
        """Return the windows of some length that have results, in order."""
        by_since = {"terms": {"field": "ml.window.since", "size": 65_535, "order": {"_key": "asc"}}}
        with explained(self._location):
            found = self._client.search(
                index=self._alias(kind),
                query={"term": {"ml.window.seconds": seconds}},
                size=0,
                aggs={"since": by_since},
                ignore_unavailable=True,
            )
        buckets = found.body.get("aggregations", {}).get("since", {}).get("buckets", [])
        starts = [datetime.fromtimestamp(bucket["key"] / 1000, UTC) for bucket in buckets]
        return [Window(start, start + timedelta(seconds=seconds)) for start in starts]

    def expire(self, kind: str) -> int:
        """Remove results that are older than their retention, as the index has it."""
        alias = self._alias(kind)
        with explained(self._location):
            try:
                found = self._client.indices.get_mapping(index=alias).body
            except NotFoundError:
                return 0
            days = max(days_of(retention_of(kind, entry["mappings"])) for entry in found.values())
            oldest = datetime.now(UTC) - timedelta(days=days)
            limit = {"lt": milliseconds(oldest), "format": "epoch_millis"}
            old = list(self._hits(alias, {"range": {"event.created": limit}}))
            self._delete(alias, old)
        return len(old)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _alias(self, kind: str) -> str:
        return schema(kind).stream(self._namespace)

    def _make(self, kind: str, alias: str) -> None:
        """Make the index behind an alias, where there is none."""
        if alias in self._checked or self._client.indices.exists_alias(name=alias):
            self._checked.add(alias)
            return
        if self._client.indices.exists(index=alias):
            raise StoreError(
                f"{alias} on {describe(self._location)} is an index where an alias should be: "
                "reindex it under another name and delete it"
            )
        try:
            self._client.indices.create(
                index=first_index(alias),
                mappings=mappings_of(kind),
                settings=settings_of(kind),
                aliases={alias: {"is_write_index": True}},
            )
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise  # otherwise somebody else was faster
        except AuthorizationException as error:
            raise StoreError(
                f"{describe(self._location)} has no {alias}, and these credentials may not make "
                f"it: let `elkhound setup --store ...?namespace={self._namespace}` do so"
            ) from error
        self._checked.add(alias)

    def _delete(self, alias: str, hits: Sequence[Mapping[str, Any]]) -> None:
        if not hits:
            return
        refused = self._bulk(
            {"_op_type": "delete", "_index": hit["_index"], "_id": hit["_id"]} for hit in hits
        )
        if refused:
            raise StoreError(
                f"{describe(self._location)} does not remove an old result: {refused[0].reason}"
            )
        self._client.indices.refresh(index=alias)

    def _write(self, alias: str, results: Sequence[Result]) -> list[RefusedResult]:
        return self._bulk(
            {"_op_type": "index", "_index": alias, "_id": r.id, "_source": r.document}
            for r in results
        )

    def _bulk(self, actions: Iterable[dict[str, Any]]) -> list[RefusedResult]:
        """Send actions, again where the server is too busy; return what it refused for good."""
        refused: list[RefusedResult] = []
        answers = streaming_bulk(
            self._client,
            actions,
            chunk_size=_PAGE,
            raise_on_error=False,
            max_retries=_ATTEMPTS,
            initial_backoff=0.5,
            max_backoff=30,
            retry_on_status=_BUSY,
            yield_ok=False,
        )
        for _, answer in answers:
            ((action, told),) = answer.items()
            if action == "delete" and told.get("status") == 404:
                continue  # gone already
            reason = told.get("error", {})
            text = reason.get("reason", "") if isinstance(reason, Mapping) else str(reason)
            cause = reason.get("caused_by", {}) if isinstance(reason, Mapping) else {}
            because = f": {cause['reason']}" if cause.get("reason") else ""
            refused.append(RefusedResult(told["_id"], f"{text}{because}"))
        return refused

    def _hits(
        self, alias: str, query: Mapping[str, Any], source: bool | Mapping[str, Any] = False
    ) -> Iterator[dict[str, Any]]:
        """Yield all documents that a query finds."""
        if not self._client.indices.exists(index=alias):
            return
        point = self._client.open_point_in_time(index=alias, keep_alive="2m")["id"]
        try:
            after: list[Any] | None = None
            while True:
                found = self._client.search(
                    pit={"id": point, "keep_alive": "2m"},
                    query=query,
                    size=_PAGE,
                    sort=[{"_shard_doc": "asc"}],
                    search_after=after,
                    source=source,
                    track_total_hits=False,
                )
                hits = found["hits"]["hits"]
                yield from hits
                if len(hits) < _PAGE:
                    return
                after = hits[-1]["sort"]
        finally:
            self._client.close_point_in_time(id=point)


def _of(window: Window, model: str | None) -> dict[str, Any]:
    since, until = (milliseconds(end) for end in window.ends())
    filters: list[dict[str, Any]] = [
        {"term": {"ml.window.since": since}},
        {"term": {"ml.window.until": until}},
    ]
    if model is not None:
        filters.append({"term": {"ml.model.name": model}})
    return {"bool": {"filter": filters}}


def _place(hit: Mapping[str, Any]) -> tuple[str, str, str]:
    window = hit["_source"]["ml"]["window"]
    return window["until"], window["since"], hit["_id"]

"""The cluster as a store: every question is an aggregation, so that what comes back stays small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from analyzers.stores.base import (
    ContrastAnswer,
    Coverage,
    ErrorPattern,
    KindCoverage,
    LifecycleEvent,
    TimeCount,
    ValueCount,
    Where,
    Window,
)
from analyzers.stores.connecting import connect, describe, explained, namespace_of
from analyzers.stores.contrasting import contrast_counts
from analyzers.stores.queries import known_field, query, range_of, text_of
from shipper.schema import KINDS, schema
from shipper.schema.validation import lookup

_PAGE = 1000
# an index of another application in the pattern may know none of these fields
_ORDER: list[dict[str, dict[str, str]]] = [
    {"@timestamp": {"order": "asc", "unmapped_type": "date"}},
    {"event.sequence": {"order": "asc", "unmapped_type": "long"}},
    {"event.id": {"order": "asc", "unmapped_type": "keyword"}},
]
_PATTERN_FIELDS = [
    "error.type",
    "error.types",
    "error.template",
    "error.message",
    "error.culprit",
    "log.logger",
]


class ElasticsearchStore:
    """Answers questions over the data streams of an Elasticsearch cluster.

    Args:
        location: ``https://HOST:9200``; see ``connecting.connect``.

    Attributes:
        namespace: Namespace of the data streams, or ``*``.

    Raises:
        StoreError: If the location is wrong.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._client = connect(location)
        self.namespace = namespace_of(location)

    @property
    def location(self) -> str:
        """The cluster's hosts."""
        return describe(self._location)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> ElasticsearchStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def coverage(self, window: Window) -> Coverage:
        """Return how many records of each kind there are; records cannot be set aside here."""
        kinds: list[KindCoverage] = []
        future = 0
        for kind in KINDS:
            aggregations: dict[str, Any] = {
                "inside": {
                    "filter": range_of(window),
                    "aggs": {
                        "first": {"min": {"field": "@timestamp"}},
                        "last": {"max": {"field": "@timestamp"}},
                    },
                }
            }
            if window.until is not None:
                later = Window(since=window.until)
                aggregations["later"] = {"filter": range_of(later)}
            found = self._aggregate(kind, {"match_all": {}}, aggregations)
            inside = found.get("inside", {"doc_count": 0})
            future += found.get("later", {}).get("doc_count", 0)
            if inside["doc_count"]:
                kinds.append(
                    KindCoverage(
                        kind,
                        inside["doc_count"],
                        _moment(inside["first"]["value"]),
                        _moment(inside["last"]["value"]),
                    )
                )
        return Coverage(kinds=tuple(kinds), future=future)

    def error_patterns(self, window: Window, where: Where = ()) -> list[ErrorPattern]:
        """Return the distinct errors with counts, most frequent first."""
        aggregations = {
            "first": {"min": {"field": "@timestamp"}},
            "last": {"max": {"field": "@timestamp"}},
            "earliest": {"top_hits": {"size": 1, "sort": _ORDER, "_source": _PATTERN_FIELDS}},
        }
        patterns = [
            _pattern(bucket)
            for bucket in self._buckets(
                "error",
                query("error", window, where),
                [{"fingerprint": {"terms": {"field": "error.fingerprint"}}}],
                aggregations,
            )
        ]
        return sorted(patterns, key=lambda pattern: (-pattern.count, pattern.fingerprint))

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
        sources = [{"value": {"terms": {"field": known_field(kind, field)}}}]
        if by is not None:
            sources.insert(0, {"key": {"terms": {"field": known_field(kind, by)}}})
        by_key: dict[str, list[ValueCount]] = {}
        for bucket in self._buckets(kind, query(kind, window, where), sources):
            key = "" if by is None else text_of(bucket["key"]["key"])
            value = text_of(bucket["key"]["value"])
            by_key.setdefault(key, []).append(ValueCount(key, value, bucket["doc_count"]))
        return [
            count
            for key in sorted(by_key)
            for count in sorted(by_key[key], key=lambda c: (-c.count, c.value))[:limit]
        ]

    def time_counts(
        self,
        kind: str,
        seconds: float,
        window: Window,
        where: Where = (),
        by: str | None = None,
    ) -> list[TimeCount]:
        """Return counts in buckets of ``seconds`` since the epoch, for each value of ``by``."""
        width = f"{max(1, round(seconds * 1000))}ms"
        sources: list[dict[str, Any]] = [
            {"start": {"date_histogram": {"field": "@timestamp", "fixed_interval": width}}}
        ]
        if by is not None:
            sources.insert(0, {"key": {"terms": {"field": known_field(kind, by)}}})
        counts = [
            TimeCount(
                "" if by is None else text_of(bucket["key"]["key"]),
                datetime.fromtimestamp(bucket["key"]["start"] / 1000, UTC),
                bucket["doc_count"],
            )
            for bucket in self._buckets(kind, query(kind, window, where), sources)
        ]
        return sorted(counts, key=lambda count: (count.key, count.start))

    def contrast(
        self,
        fields: Sequence[str],
        groups: Mapping[str, Sequence[str]],
        window: Window,
        where: Where = (),
        limit: int = 50,
    ) -> ContrastAnswer:
        """Count values among predictions with the fingerprints of each group, and without.

        First the most frequent values of each group's failed requests are asked for, then exact
        counts of just these values.
        """
        asked = query("prediction", window, where)
        members = {str(place): _any_fingerprint(groups[g]) for place, g in enumerate(groups)}
        names = list(groups)
        if not names:
            return ContrastAnswer((), {})
        found = self._aggregate("prediction", asked, {"g": {"filters": {"filters": members}}})
        total = found.get("total", 0)
        failed = {
            names[int(place)]: bucket["doc_count"]
            for place, bucket in found.get("g", {}).get("buckets", {}).items()
        }
        paths = [field + name for field in fields for name in self._names_of(field)]
        counts = contrast_counts(self._aggregate, paths, names, members, asked, limit)
        totals = {name: (failed.get(name, 0), total - failed.get(name, 0)) for name in names}
        return ContrastAnswer(tuple(counts), totals)

    def last_before(self, kind: str, moment: datetime, where: Where = ()) -> datetime | None:
        """Return the time of the latest record before a moment."""
        found = self._aggregate(
            kind,
            query(kind, Window(until=moment), where),
            {"last": {"max": {"field": "@timestamp"}}},
        )
        return _moment(found.get("last", {}).get("value"))

    def first_record(
        self, kind: str, window: Window, where: Where = ()
    ) -> Mapping[str, Any] | None:
        """Return the earliest record as nested dictionaries, or None."""
        hits = self._search(kind, query=query(kind, window, where), size=1, sort=_ORDER)
        found: list[dict[str, Any]] = hits["hits"]["hits"]
        return found[0]["_source"] if found else None

    def lifecycle_events(self, window: Window, limit: int = 200) -> list[LifecycleEvent]:
        """Return the earliest life-cycle events of the window, in order."""
        hits = self._search(
            "lifecycle",
            query=query("lifecycle", window, ()),
            size=limit,
            sort=_ORDER,
        )
        return [_event(hit["_source"]) for hit in hits["hits"]["hits"]]

    def _names_of(self, field: str) -> list[str]:
        """Return the names in an open field, each with its dot; one empty name for others."""
        known_field("prediction", field)
        described = schema("prediction").field(field)
        if described is None or not described.is_open or described.name != field:
            return [""]
        with explained(self._location):
            found = self._client.field_caps(
                index=self._index("prediction"),
                fields=f"{field}.*",
                ignore_unavailable=True,
                allow_no_indices=True,
            )
        return sorted(
            name.removeprefix(field)
            for name, kinds in found["fields"].items()
            if any(kind.get("aggregatable") for kind in kinds.values())
        )

    def _aggregate(
        self, kind: str, asked: Mapping[str, Any], aggregations: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return aggregations, with the number of records under ``total``; {} without a stream."""
        found = self._search(kind, query=asked, size=0, aggs=aggregations, track_total_hits=True)
        results: dict[str, Any] = dict(found.get("aggregations", {}))
        if results:
            results["total"] = found["hits"]["total"]["value"]
        return results

    def _buckets(
        self,
        kind: str,
        asked: Mapping[str, Any],
        sources: Sequence[Mapping[str, Any]],
        aggregations: Mapping[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the buckets of a composite aggregation, page by page."""
        after: dict[str, Any] | None = None
        while True:
            composite: dict[str, Any] = {"size": _PAGE, "sources": list(sources)}
            if after is not None:
                composite["after"] = after
            body = {"b": {"composite": composite, "aggs": dict(aggregations or {})}}
            found = self._aggregate(kind, asked, body)
            buckets = found.get("b", {}).get("buckets", [])
            yield from buckets
            after = found.get("b", {}).get("after_key")
            if after is None or len(buckets) < _PAGE:
                return

    def _search(self, kind: str, **body: Any) -> Any:
        with explained(self._location):
            return self._client.search(
                index=self._index(kind), ignore_unavailable=True, allow_no_indices=True, **body
            ).body

    def _index(self, kind: str) -> str:
        return schema(kind).stream(self.namespace)


def _any_fingerprint(fingerprints: Sequence[str]) -> dict[str, Any]:
    return {"terms": {"error.fingerprint": list(fingerprints)}}


def _pattern(bucket: Mapping[str, Any]) -> ErrorPattern:
    source = bucket["earliest"]["hits"]["hits"][0]["_source"]
    message = lookup(source, "error.message") or ""
    types = lookup(source, "error.types") or ()
    first, last = _moment(bucket["first"]["value"]), _moment(bucket["last"]["value"])
    if first is None or last is None:  # a bucket has at least one record, and that has a time
        raise ValueError("an error pattern without a time")
    return ErrorPattern(
        fingerprint=bucket["key"]["fingerprint"],
        type=lookup(source, "error.type") or "log",
        types=(types,) if isinstance(types, str) else tuple(types),
        template=lookup(source, "error.template") or message,
        message=message,
        culprit=lookup(source, "error.culprit") or "",
        logger=lookup(source, "log.logger") or "",
        count=bucket["doc_count"],
        first_seen=first,
        last_seen=last,
    )


def _event(source: Mapping[str, Any]) -> LifecycleEvent:
    return LifecycleEvent(
        time=datetime.fromisoformat(source["@timestamp"]),
        action=lookup(source, "event.action") or "",
        model=lookup(source, "ml.model.name") or "",
        version=lookup(source, "ml.model.version") or "",
        previous_version=lookup(source, "ml.lifecycle.version.before") or "",
        reason=lookup(source, "event.reason") or "",
        change=lookup(source, "ml.lifecycle.change.name") or "",
    )


def _moment(milliseconds: float | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)

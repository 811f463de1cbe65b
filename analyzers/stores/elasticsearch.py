"""The cluster as a store: every question is an aggregation, so that what comes back stays small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from analyzers.stores import elasticsearch_numbers as numbers
from analyzers.stores.base import (
    Condition,
    ContrastAnswer,
    Coverage,
    ErrorPattern,
    KindCoverage,
    LifecycleEvent,
    Row,
    SetAside,
    TimeCount,
    ValueCount,
    Where,
    Window,
)
from analyzers.stores.connecting import connect, describe, namespace_of
from analyzers.stores.contrasting import contrast_counts
from analyzers.stores.elasticsearch_answers import event_of, moment_of, pattern_of
from analyzers.stores.fields import (
    column_field,
    field_name,
    number_field,
    open_field,
)
from analyzers.stores.numbers import Histogram, Moments, TimeLevel
from analyzers.stores.queries import query, range_of, sampled, text_of
from analyzers.stores.scanning import Scan
from analyzers.stores.streams import Streams
from shipper.schema import KINDS

_SLICES = 2
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

    Raises:
        StoreError: If the location is wrong.
    """

    def __init__(self, location: str) -> None:
        self._streams = Streams(connect(location), location, namespace_of(location))

    @property
    def location(self) -> str:
        """The cluster's hosts."""
        return describe(self._streams.location)

    def close(self) -> None:
        """Close the connections."""
        self._streams.client.close()

    def __enter__(self) -> ElasticsearchStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def coverage(self, window: Window) -> Coverage:
        """Return how many records of each kind there are.

        Whole indices are set aside where their mapping cannot answer what was asked so far.
        """
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
            found = self._streams.aggregate(kind, {"match_all": {}}, aggregations)
            inside = found.get("inside", {"doc_count": 0})
            future += found.get("later", {}).get("doc_count", 0)
            if inside["doc_count"]:
                kinds.append(
                    KindCoverage(
                        kind,
                        inside["doc_count"],
                        moment_of(inside["first"]["value"]),
                        moment_of(inside["last"]["value"]),
                    )
                )
        aside = [SetAside(i, 0, reason) for i, reason in sorted(self._streams.unusable.items())]
        return Coverage(tuple(kinds), tuple(aside), len(aside), future=future)

    def set_aside_count(self) -> int:
        """Return how many indices cannot answer."""
        return len(self._streams.unusable)

    def error_patterns(self, window: Window, where: Where = ()) -> list[ErrorPattern]:
        """Return the distinct errors with counts, most frequent first."""
        aggregations = {
            "first": {"min": {"field": "@timestamp"}},
            "last": {"max": {"field": "@timestamp"}},
            "earliest": {"top_hits": {"size": 1, "sort": _ORDER, "_source": _PATTERN_FIELDS}},
        }
        patterns = [
            pattern_of(bucket)
            for bucket in self._streams.buckets(
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
        sources = [{"value": {"terms": {"field": field_name(kind, field)}}}]
        if by is not None:
            sources.insert(0, {"key": {"terms": {"field": field_name(kind, by)}}})
        by_key: dict[str, list[ValueCount]] = {}
        for bucket in self._streams.buckets(kind, query(kind, window, where), sources):
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
            sources.insert(0, {"key": {"terms": {"field": field_name(kind, by)}}})
        counts = [
            TimeCount(
                "" if by is None else text_of(bucket["key"]["key"]),
                datetime.fromtimestamp(bucket["key"]["start"] / 1000, UTC),
                bucket["doc_count"],
            )
            for bucket in self._streams.buckets(kind, query(kind, window, where), sources)
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
        found = self._streams.aggregate(
            "prediction", asked, {"g": {"filters": {"filters": members}}}
        )
        total = found.get("total", 0)
        failed = {
            names[int(place)]: bucket["doc_count"]
            for place, bucket in found.get("g", {}).get("buckets", {}).items()
        }
        paths = [path for field in fields for path in self._streams.paths_of("prediction", field)]
        counts = contrast_counts(self._streams.aggregate, paths, names, members, asked, limit)
        totals = {name: (failed.get(name, 0), total - failed.get(name, 0)) for name in names}
        return ContrastAnswer(tuple(counts), totals)

    def last_before(self, kind: str, moment: datetime, where: Where = ()) -> datetime | None:
        """Return the time of the latest record before a moment."""
        found = self._streams.aggregate(
            kind,
            query(kind, Window(until=moment), where),
            {"last": {"max": {"field": "@timestamp"}}},
        )
        return moment_of(found.get("last", {}).get("value"))

    def first_record(
        self, kind: str, window: Window, where: Where = ()
    ) -> Mapping[str, Any] | None:
        """Return the earliest record as nested dictionaries, or None."""
        hits = self._streams.search(kind, query=query(kind, window, where), size=1, sort=_ORDER)
        found: list[dict[str, Any]] = hits["hits"]["hits"]
        return found[0]["_source"] if found else None

    def lifecycle_events(self, window: Window, limit: int = 200) -> list[LifecycleEvent]:
        """Return the earliest life-cycle events of the window, in order."""
        hits = self._streams.search(
            "lifecycle",
            query=query("lifecycle", window, ()),
            size=limit,
            sort=_ORDER,
        )
        return [event_of(hit["_source"]) for hit in hits["hits"]["hits"]]

    def histograms(
        self,
        kind: str,
        edges: Mapping[str, Sequence[float]],
        window: Window,
        where: Where = (),
    ) -> dict[str, Histogram]:
        """Return the histogram of each field over its edges."""
        checked = {number_field(kind, field): some for field, some in edges.items()}
        return numbers.histograms(self._asking(kind, window, where), checked)

    def moments(
        self, kind: str, fields: Sequence[str], window: Window, where: Where = ()
    ) -> dict[str, Moments]:
        """Return the moments of each field."""
        names = [number_field(kind, field) for field in fields]
        return numbers.moments(self._asking(kind, window, where), names)

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
        width = f"{max(1, round(seconds * 1000))}ms"
        sources: list[dict[str, Any]] = [
            {"key": {"terms": {"field": field_name(kind, by)}}},
            {"start": {"date_histogram": {"field": "@timestamp", "fixed_interval": width}}},
        ]
        name = number_field(kind, field)
        asked = query(kind, window, [*where, Condition(name, "exists")])
        stats = {"level": {"stats": {"field": name}}}
        return [
            TimeLevel(
                text_of(bucket["key"]["key"]),
                datetime.fromtimestamp(bucket["key"]["start"] / 1000, UTC),
                bucket["level"]["count"],
                bucket["level"]["avg"],
                bucket["level"]["max"],
            )
            for bucket in self._streams.buckets(kind, asked, sources, stats)
        ]

    def missing_counts(
        self, kind: str, fields: Sequence[str], window: Window, where: Where = ()
    ) -> dict[str, int]:
        """Return the number of records without a value of each field."""
        names = [column_field(kind, field) for field in fields]
        return numbers.missing_counts(self._asking(kind, window, where), names)

    def names(self, kind: str, field: str, window: Window, where: Where = ()) -> list[str]:
        """Return the names in an open field that have a value, sorted."""
        paths = self._streams.paths_of(kind, open_field(kind, field))
        used = numbers.used_fields(self._asking(kind, window, where), paths)
        return [path.removeprefix(f"{field}.") for path in used]

    def scan(
        self,
        kind: str,
        fields: Sequence[str],
        window: Window,
        where: Where = (),
        sample: float = 1.0,
    ) -> Iterator[list[Row]]:
        """Yield the values of some fields, record by record, in no order."""
        reader = Scan(self._streams, kind, fields)
        asked = query(kind, window, where)
        asked["bool"]["filter"] += sampled(kind, sample)
        return reader.pages(asked, _SLICES)

    def _asking(self, kind: str, window: Window, where: Where) -> numbers.Ask:
        """Return a function that asks for aggregations over a window's records."""
        asked = query(kind, window, where)
        return lambda aggregations: self._streams.aggregate(kind, asked, aggregations)


def _any_fingerprint(fingerprints: Sequence[str]) -> dict[str, Any]:
    return {"terms": {"error.fingerprint": list(fingerprints)}}

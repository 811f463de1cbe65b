"""The data streams of a cluster, and the few ways in which the store asks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from analyzers.stores.connecting import explained
from analyzers.stores.fields import is_whole, known_field
from shipper.schema import schema

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Streams:
    """The data streams of all kinds.

    Attributes:
        client: The cluster.
        location: Its location, for messages.
        namespace: Namespace of the streams, or ``*``.
    """

    client: Elasticsearch
    location: str
    namespace: str

    def paths_of(self, kind: str, field: str) -> list[str]:
        """Return the fields in an open field; others stand for themselves."""
        if not is_whole(known_field(kind, field), field):
            return [field]
        with explained(self.location):
            found = self.client.field_caps(
                index=self.index(kind),
                fields=f"{field}.*",
                ignore_unavailable=True,
                allow_no_indices=True,
            )
        return sorted(
            name
            for name, kinds in found["fields"].items()
            if any(of.get("aggregatable") for of in kinds.values())
        )

    def aggregate(
        self, kind: str, asked: Mapping[str, Any], aggregations: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return aggregations, with the number of records under ``total``; {} without a stream."""
        found = self.search(kind, query=asked, size=0, aggs=aggregations, track_total_hits=True)
        results: dict[str, Any] = dict(found.get("aggregations", {}))
        if results:
            results["total"] = found["hits"]["total"]["value"]
        return results

    def buckets(
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
            found = self.aggregate(kind, asked, body)
            buckets = found.get("b", {}).get("buckets", [])
            yield from buckets
            after = found.get("b", {}).get("after_key")
            if after is None or len(buckets) < _PAGE:
                return

    def search(self, kind: str, **body: Any) -> Any:
        """Return the answer to a search over a kind's streams, which need not exist."""
        with explained(self.location):
            return self.client.search(
                index=self.index(kind), ignore_unavailable=True, allow_no_indices=True, **body
            ).body

    def index(self, kind: str) -> str:
        """Return the name of a kind's data stream; a pattern for all namespaces."""
        return schema(kind).stream(self.namespace)

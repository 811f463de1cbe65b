"""The data streams of a cluster, and the few ways in which the store asks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch

from analyzers.stores.base import StoreError
from analyzers.stores.connecting import describe, explained
from analyzers.stores.fields import is_whole, known_field
from shipper.schema import schema

_PAGE = 1000
_OF_THE_MAPPING = ("illegal_argument_exception", "query_shard_exception")


@dataclass(frozen=True, slots=True)
class Streams:
    """The data streams of all kinds.

    Attributes:
        client: The cluster.
        location: Its location, for messages.
        namespace: Namespace of the streams, or ``*``.
        unusable: Indices that cannot answer because their mapping is not ours, and why.
    """

    client: Elasticsearch
    location: str
    namespace: str
    unusable: dict[str, str] = field(default_factory=dict)

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
        """Return the answer to a search over a kind's streams, which need not exist.

        An index whose mapping cannot answer is left out from then on, and named in ``unusable``.

        Raises:
            StoreError: If the cluster does not answer, or only a part of it does.
        """
        while True:
            found, failures = self._try(kind, **body)
            if not failures:
                return found
            new = {
                failure["index"]: str(failure["reason"].get("reason"))
                for failure in failures
                if failure.get("reason", {}).get("type") in _OF_THE_MAPPING
                and failure.get("index") not in (None, *self.unusable)
            }
            if not new:
                reason = failures[0].get("reason", {}).get("reason", "no reason is given")
                raise StoreError(
                    f"{describe(self.location)} answers only in part ({len(failures)} shards do "
                    f"not: {reason}): try again when it is whole"
                )
            self.unusable.update(new)

    def _try(self, kind: str, **body: Any) -> tuple[Any, list[dict[str, Any]]]:
        """Return an answer, and the failures of shards beside it or in place of it."""
        with explained(self.location):
            index = self.usable(kind)
            try:
                found = self.client.search(
                    index=index, ignore_unavailable=True, allow_no_indices=True, **body
                ).body
            except BadRequestError as error:
                told: Any = error.body
                failed = told.get("error", {}) if isinstance(told, dict) else {}
                failures = failed.get("failed_shards", []) if isinstance(failed, dict) else []
                if not failures:
                    raise
                return None, failures
        shards = found.get("_shards", {})
        return found, shards.get("failures") or [{}] * int(shards.get("failed", 0))

    def usable(self, kind: str) -> str:
        """Return the expression for a kind's streams without the indices that cannot answer."""
        whole = self.index(kind)
        if not self.unusable:
            return whole
        if "*" in whole:
            return ",".join([whole, *(f"-{name}" for name in sorted(self.unusable))])
        # a server leaves out indices of a pattern, but not those of a single stream
        found = self.client.indices.get(index=whole, ignore_unavailable=True).body
        return ",".join(name for name in found if name not in self.unusable) or f"{whole}-*"

    def index(self, kind: str) -> str:
        """Return the name of a kind's data stream; a pattern for all namespaces."""
        return schema(kind).stream(self.namespace)

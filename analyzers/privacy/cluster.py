"""Erase records from a cluster, where the server can delete by query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from elasticsearch import ApiError

from analyzers.privacy.selection import Erasure, Selection
from analyzers.stores.base import StoreError
from analyzers.stores.connecting import connect, describe, explained, namespace_of
from shipper.schema import STREAMS, schema

_NO_SUCH_ENDPOINT = (400, 404, 405)


def erase(location: str, selection: Selection, dry_run: bool) -> Iterator[Erasure]:
    """Erase records, stream by stream.

    Args:
        location: The cluster; see ``stores.connecting.connect``.
        selection: Which records.
        dry_run: Only count.

    Raises:
        StoreError: If the cluster does not answer, or cannot delete by query.
    """
    client = connect(location)
    try:
        for kind in STREAMS:
            if not all(schema(kind).field(field) for field, _ in selection.conditions):
                continue
            pattern = schema(kind).stream(namespace_of(location))
            terms: list[dict[str, Any]] = [
                {"term": {field: value}} for field, value in selection.conditions
            ]
            query = {"bool": {"filter": terms}}
            for stream, count in _counts(client, location, pattern, query):
                if not dry_run:
                    _delete(client, location, stream, query)
                yield Erasure(stream, count)
    finally:
        client.close()


def _counts(client: Any, location: str, pattern: str, query: Any) -> list[tuple[str, int]]:
    by_stream = {"terms": {"field": "data_stream.namespace", "size": 1000}}
    with explained(location):
        found = client.search(
            index=pattern, query=query, size=0, aggs={"namespaces": by_stream},
            ignore_unavailable=True, allow_no_indices=True,
        ).body  # fmt: skip
    buckets = found.get("aggregations", {}).get("namespaces", {}).get("buckets", [])
    prefix = pattern.rpartition("-")[0]
    return [(f"{prefix}-{bucket['key']}", bucket["doc_count"]) for bucket in buckets]


def _delete(client: Any, location: str, stream: str, query: Any) -> None:
    try:
        with explained(location):
            client.delete_by_query(index=stream, query=query, conflicts="proceed", refresh=True)
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, ApiError) and cause.status_code in _NO_SUCH_ENDPOINT:
            raise StoreError(
                f"{describe(location)} cannot delete by query: erase from a server that can"
            ) from error
        raise

"""Contrast counts as aggregations: a handful of questions for any number of fields and groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analyzers.stores.base import ContrastCount
from analyzers.stores.queries import text_of

Aggregate = Callable[[str, Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]


def contrast_counts(
    aggregate: Aggregate,
    paths: Sequence[str],
    groups: Sequence[str],
    members: Mapping[str, Any],
    asked: Mapping[str, Any],
    limit: int,
) -> list[ContrastCount]:
    """Count the values of all fields in two questions, whatever their number.

    First the most frequent values of each group's failed requests are asked for, then exact counts
    of just these values: on several shards the first answer alone may be approximate.

    Args:
        aggregate: Asks for aggregations over the records of a kind that a query finds.
        paths: Fields of predictions.
        groups: Names of the groups.
        members: For each group, by its place, the filter for its failed requests.
        asked: The query for all requests.
        limit: Most values for each group and field.
    """
    frequent = {
        path: {"terms": {"field": path, "size": limit, "shard_size": 20 * limit + 100}}
        for path in paths
    }
    grouped = {"g": {"filters": {"filters": members}, "aggs": frequent}}
    first = aggregate("prediction", asked, grouped).get("g", {}).get("buckets", {})
    chosen = {
        (place, path): [bucket["key"] for bucket in group[path]["buckets"]]
        for place, group in first.items()
        for path in paths
    }
    exact: dict[str, Any] = {}
    for path in paths:
        wanted = sorted({value for (_, of), some in chosen.items() if of == path for value in some})
        if wanted:
            exact[path] = {"terms": {"field": path, "size": len(wanted), "include": wanted}}
    if not exact:
        return []
    grouped = {"g": {"filters": {"filters": members}, "aggs": exact}}
    second = aggregate("prediction", asked, {**exact, **grouped})
    counts: list[ContrastCount] = []
    for path in exact:
        overall = _by_key(second[path])
        for place, group in enumerate(groups):
            hits = _by_key(second["g"]["buckets"][str(place)][path])
            some = chosen[str(place), path]
            ranked = sorted((-hits[value], text_of(value), value) for value in some)
            for _, text, value in ranked:
                others = overall[value] - hits[value]
                counts.append(ContrastCount(group, path, text, hits[value], others))
    return counts


def _by_key(terms: Mapping[str, Any]) -> dict[Any, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in terms["buckets"]}

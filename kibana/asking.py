"""What a chart asks of Elasticsearch: the aggregation that Lens makes of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kibana.lens import Chart, Column

NAMES = {"average": "avg", "unique_count": "cardinality", "percentile": "percentiles"}
"""What Elasticsearch calls what Lens calls otherwise."""

Row = dict[str, Any]


def search_of(chart: Chart, interval: str, bounds: tuple[str, str] | None = None) -> dict[str, Any]:
    """Return query and aggregations of a chart.

    Args:
        chart: The chart.
        interval: Width of its time buckets, such as ``30m``.
        bounds: Times that the buckets reach to at least, also where there is nothing.
    """
    query = {"query_string": {"query": chart.query}} if chart.query else {"match_all": {}}
    return {"size": 0, "query": query, "aggs": aggregation(chart, interval, bounds)}


def aggregation(
    chart: Chart, interval: str, bounds: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Return the aggregations: buckets in each other, metrics at each level to order by."""
    metrics = {name: _metric(c) for name, c in chart.columns.items() if not c["isBucketed"]}
    asked: dict[str, Any] = {name: metric for name, metric in metrics.items() if metric}
    inner = asked
    for name, column in reversed(list(chart.columns.items())):
        if column["isBucketed"]:
            bucket = _bucket(column, metrics, interval, bounds)
            inner = {**asked, name: {**bucket, "aggs": inner}}
    return inner


def rows_of(chart: Chart, answer: Mapping[str, Any]) -> list[Row]:
    """Return what Elasticsearch answered as rows, a value for each column.

    Args:
        chart: The chart.
        answer: The answer to ``search_of``.
    """
    hits = answer["hits"]["total"]["value"]
    node = {"doc_count": hits, **answer.get("aggregations", {})}
    return list(_rows(node, list(chart.columns.items()), {}))


def _rows(node: Any, columns: list[tuple[str, Column]], known: Row) -> Iterator[Row]:
    if columns and columns[0][1]["isBucketed"]:
        name = columns[0][0]
        buckets = node.get(name, {}).get("buckets", [])
        if not buckets and known:  # a time without any value still has its place
            yield {**known, **{name: None for name, _ in columns}}
        for bucket in buckets:
            key = bucket.get("key_as_string", bucket["key"])
            yield from _rows(bucket, columns[1:], {**known, name: key})
        return
    yield {**known, **{name: _value(node, name, column) for name, column in columns}}


def _value(node: Any, name: str, column: Column) -> Any:
    is_count = column["operationType"] == "count"
    if is_count and "filter" not in column:
        return node["doc_count"]
    held = node.get(name, {})
    if "filter" in column:
        if is_count:
            return held.get("doc_count", 0)
        held = held.get("of", {})
    found = held["value"] if "value" in held else next(iter(held.get("values", {}).values()), None)
    return held.get("value_as_string", found) if column["dataType"] == "date" else found


def _metric(column: Column) -> dict[str, Any] | None:
    operation = column["operationType"]
    asked: dict[str, Any] | None = None
    if operation != "count":
        name = NAMES.get(operation, str(operation))
        asked = {name: {"field": column["sourceField"]}}
        if operation == "percentile":
            asked[name]["percents"] = [column["params"]["percentile"]]
    if "filter" in column:
        query = {"query_string": {"query": column["filter"]["query"]}}
        return {"filter": query, "aggs": {"of": asked} if asked else {}}
    return asked


def _bucket(
    column: Column, metrics: Mapping[str, Any], interval: str, bounds: tuple[str, str] | None
) -> dict[str, Any]:
    field, params = column["sourceField"], column["params"]
    if column["operationType"] == "date_histogram":
        asked: dict[str, Any] = {"field": field, "fixed_interval": interval}
        if bounds is not None:
            asked["extended_bounds"] = dict(zip(("min", "max"), bounds, strict=True))
        return {"date_histogram": asked}
    by = params["orderBy"].get("columnId")
    order = {"_key": "asc"} if by is None else {_ordered(by, metrics[by]): "desc"}
    return {"terms": {"field": field, "size": params["size"], "order": order}}


def _ordered(by: str, asked: Mapping[str, Any] | None) -> str:
    """Return what buckets are ordered by: a metric, one behind a filter, or their count."""
    if asked is None:
        return "_count"
    if "filter" in asked:
        return f"{by}>of" if asked["aggs"] else by
    return by

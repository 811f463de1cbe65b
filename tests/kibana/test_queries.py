"""Every chart's question is asked of a real Elasticsearch, as the aggregation it stands for."""

from __future__ import annotations

from typing import Any

import pytest
from elasticsearch import Elasticsearch

from kibana.lens import Chart, Column
from shipper.schema import schema
from tests.analyzers.conftest import error, fill, prediction, record
from tests.conftest import install_templates, new_namespace
from tests.kibana.test_objects import CHARTS

pytestmark = pytest.mark.elasticsearch


@pytest.fixture(scope="module")
def namespace(elasticsearch_url: str) -> str:
    """A namespace with records of each kind that charts ask about."""
    found = new_namespace()
    records = [
        *(prediction(n, n, failed="f1" if n % 3 == 0 else None) for n in range(30)),
        *(error(n, n) for n in range(10)),
        record(
            "lifecycle", 1, 1,
            event={"action": "model-deployed"},
            ml={"model": {"name": "m", "version": "1"}},
        ),
    ]  # fmt: skip
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        install_templates(client)
        fill(elasticsearch_url, records, found)
        client.indices.refresh(index=f"*-ml.*-{found}")
    return found


def aggregation(chart: Chart) -> dict[str, Any]:
    """Return the aggregations that Lens would ask for."""
    metrics = {
        name: _metric(column) for name, column in chart.columns.items() if not column["isBucketed"]
    }
    inner: dict[str, Any] = {name: asked for name, asked in metrics.items() if asked}
    for name, column in reversed(list(chart.columns.items())):
        if column["isBucketed"]:
            inner = {name: {**_bucket(column, metrics), "aggs": inner}}
    return inner


def _metric(column: Column) -> dict[str, Any] | None:
    operation = column["operationType"]
    asked = None if operation == "count" else {operation: {"field": column["sourceField"]}}
    if "filter" in column:
        query = {"query_string": {"query": column["filter"]["query"]}}
        return {"filter": query, "aggs": {"of": asked} if asked else {}}
    return asked


def _bucket(column: Column, metrics: dict[str, Any]) -> dict[str, Any]:
    field, params = column["sourceField"], column["params"]
    if column["operationType"] == "date_histogram":
        return {"date_histogram": {"field": field, "fixed_interval": "5s"}}
    by = params["orderBy"]["columnId"]
    order = {by: "desc"} if metrics[by] is not None else {"_count": "desc"}
    return {"terms": {"field": field, "size": params["size"], "order": order}}


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_has_something_to_show(
    chart: Chart, elasticsearch_url: str, namespace: str
) -> None:
    """Rows, all the way down."""
    asked = aggregation(chart)
    with Elasticsearch(elasticsearch_url) as client:
        found = client.search(
            index=schema(chart.kind).stream(namespace), size=0, aggs=asked or None
        )
    assert found["hits"]["total"]["value"] > 0
    node = found.get("aggregations", {})
    for name, column in chart.columns.items():
        if column["isBucketed"]:
            assert node[name]["buckets"], name
            node = node[name]["buckets"][0]
        elif "filter" in column:
            assert node[name]["doc_count"] > 0
        elif column["operationType"] != "count":
            assert node[name]["value"] is not None

"""Every chart's question is asked of a real Elasticsearch, as the aggregation it stands for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch

from analyzers.cli import main
from kibana.lens import Chart, Column
from shipper.schema import schema
from tests.analyzers.conftest import START, Record, error, fill, prediction, record
from tests.conftest import new_namespace
from tests.kibana.test_objects import CHARTS

pytestmark = pytest.mark.elasticsearch


@pytest.fixture(scope="module")
def namespace(elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A namespace with records of each kind, and with what the analyzers make of them."""
    found = new_namespace()
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        store = ["--store", f"{elasticsearch_url}?namespace={found}"]
        prepared = CliRunner().invoke(main, ["setup", *store])
        assert prepared.exit_code == 0, prepared.output[-2000:]
        fill(elasticsearch_url, records(), found)
        client.indices.refresh(index=f"*-ml.*-{found}")
        reference = str(tmp_path_factory.mktemp("reference") / "reference.json")
        middle = (START + timedelta(hours=2)).isoformat()
        window = ["--until", (START + timedelta(hours=4)).isoformat()]
        for arguments in (
            ["reference", "create", *store, "--until", middle, "--labels", "-o", reference],
            ["errors", *store, *window, "--save"],
            ["incidents", *store, *window, "--save"],
            ["drift", *store, *window, "--reference", reference, "--save"],
            ["quality", *store, *window, "--reference", reference, "--save"],
            ["performance", *store, *window, "--reference", reference, "--estimate", "--save",
             "--every", "1h"],
        ):  # fmt: skip
            told = CliRunner().invoke(main, arguments)
            assert told.exit_code == 0, told.output[-2000:]
        client.indices.refresh(index="ml-*")
    return found


def records() -> list[Record]:
    """Return four hours of a model that breaks, drifts and errs more after two of them."""
    draw = np.random.default_rng(1)
    made: list[Record] = []
    for n in range(800):
        seconds, late = n * 18.0, n >= 400
        score = float(draw.random())
        failed = late and n % 5 == 0
        said = prediction(
            seconds, n, version="2" if late else "1", failed="f1" if failed else None,
            features={
                "number": {"age": float(draw.normal(60 if late else 40, 5))},
                "category": {"plan": "new" if late and n % 3 == 0 else "free"},
            },
        )  # fmt: skip
        said["event"]["duration"] = 5_000_000 + n
        if not failed:
            said["ml"]["prediction"] |= {"label": str(score > 0.5).lower(), "score": score}
        made.append(said)
        truth = draw.random() < (0.5 if late else score)
        made.append(
            record(
                "feedback", seconds + 60, n,
                ml={"prediction": {"id": f"p{n}"}, "actual": {"label": str(truth).lower()},
                    "feedback": {"rating": 4}},
            )
        )  # fmt: skip
        if failed:
            made.append(error(seconds, n))
    for n in range(40):
        made.append(resource(n))
    made += [
        record(
            "lifecycle", 7200, 1, event={"action": "model-deployed"},
            ml={"model": {"name": "m", "version": "2"}},
        ),
        record("service", 10, 1, message="ready", log={"level": "info", "logger": "shop"}),
        record(
            "deadletter", 20, 1, event={"dataset": "ml.error"},
            error={"type": "mapping", "message": "no number"},
        ),
    ]  # fmt: skip
    return made


def resource(n: int) -> Record:
    """Return a sample of a host with one GPU, and of the shipper in a process on it."""
    return record(
        "resource", n * 360.0, n, metricset={"name": "host"},
        system={
            "cpu": {"total": {"norm": {"pct": 0.4}}},
            "load": {"1": 1.5},
            "memory": {"actual": {"used": {"pct": 0.5}}},
            "filesystem": {"used": {"pct": 0.6}, "mount_point": "/"},
            "network": {"name": "eth0", "in": {"rate": 1000.0}},
            "process": {"memory": {"rss": {"bytes": 10**8}}, "num_threads": 12},
        },
        ml={
            "gpu": {"uuid": "g", "utilization": {"pct": 0.3}, "memory": {"used": {"pct": 0.2}}},
            "shipper": {
                "dropped": 1, "rejected": 2, "accepted": 100 + n, "spool": {"bytes": 1000},
                "undelivered": {"bytes": 10},
            },
        },
    )  # fmt: skip


def aggregation(chart: Chart) -> dict[str, Any]:
    """Return the aggregations that Lens would ask for: metrics at each level, to order by."""
    metrics = {
        name: _metric(column) for name, column in chart.columns.items() if not column["isBucketed"]
    }
    asked: dict[str, Any] = {name: metric for name, metric in metrics.items() if metric}
    inner = asked
    for name, column in reversed(list(chart.columns.items())):
        if column["isBucketed"]:
            inner = {**asked, name: {**_bucket(column, metrics), "aggs": inner}}
    return inner


NAMES = {"average": "avg", "unique_count": "cardinality", "percentile": "percentiles"}
"""What Elasticsearch calls what Lens calls otherwise."""


def _metric(column: Column) -> dict[str, Any] | None:
    operation = column["operationType"]
    asked: dict[str, Any] | None = None
    if operation != "count":
        name = NAMES.get(operation, str(operation))
        asked = {name: {"field": column["sourceField"]}}
        if operation == "percentile":
            asked["percentiles"]["percents"] = [column["params"]["percentile"]]
    if "filter" in column:
        query = {"query_string": {"query": column["filter"]["query"]}}
        return {"filter": query, "aggs": {"of": asked} if asked else {}}
    return asked


def _bucket(column: Column, metrics: dict[str, Any]) -> dict[str, Any]:
    field, params = column["sourceField"], column["params"]
    if column["operationType"] == "date_histogram":
        return {"date_histogram": {"field": field, "fixed_interval": "30m", "min_doc_count": 1}}
    by = params["orderBy"].get("columnId")
    order = {"_key": "asc"} if by is None else {_ordered(by, metrics[by]): "desc"}
    return {"terms": {"field": field, "size": params["size"], "order": order}}


def _ordered(by: str, asked: dict[str, Any] | None) -> str:
    """Return what buckets are ordered by: a metric, one behind a filter, or their count."""
    if asked is None:
        return "_count"
    return f"{by}>of" if asked.get("aggs") else by


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_has_something_to_show(
    chart: Chart, elasticsearch_url: str, namespace: str
) -> None:
    """Rows, all the way down."""
    asked = aggregation(chart)
    query = {"query_string": {"query": chart.query}} if chart.query else {"match_all": {}}
    with Elasticsearch(elasticsearch_url) as client:
        found = client.search(
            index=schema(chart.kind).stream(namespace), size=0, query=query, aggs=asked or None
        )
    assert found["hits"]["total"]["value"] > 0
    node = found.get("aggregations", {})
    assert _has_values(node, list(chart.columns.items())), node


def _has_values(node: Any, columns: list[tuple[str, Column]]) -> bool:
    """Return whether each metric has a value in some bucket, all the way down."""
    if columns and columns[0][1]["isBucketed"]:
        name = columns[0][0]
        return any(_has_values(bucket, columns[1:]) for bucket in node[name]["buckets"])
    return all(_value(node, name, column) is not None for name, column in columns)


def _value(node: Any, name: str, column: Column) -> Any:
    if column["operationType"] == "count" and "filter" not in column:
        return 1
    held = node[name]
    if "filter" in column:
        if not held["doc_count"] or column["operationType"] == "count":
            return held["doc_count"] or None
        held = held["of"]
    return held["value"] if "value" in held else next(iter(held["values"].values()))

"""Every chart's question is asked of a real Elasticsearch, as the aggregation it stands for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch

from analyzers.alerts.conditions import CONDITIONS, AlertCondition
from analyzers.cli import main
from kibana.asking import rows_of, search_of
from kibana.dashboard import Dashboard
from kibana.dashboards import DASHBOARDS
from kibana.lens import Chart
from kibana.preview import render
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
                "number": {} if late and n % 7 == 0 else {
                    "age": float(draw.normal(60 if late else 40, 5))
                },
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


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_has_something_to_show(
    chart: Chart, elasticsearch_url: str, namespace: str
) -> None:
    """Rows, all the way down."""
    with Elasticsearch(elasticsearch_url) as client:
        found = client.search(index=schema(chart.kind).stream(namespace), **search_of(chart, "30m"))
    assert found["hits"]["total"]["value"] > 0
    rows = rows_of(chart, found.body)
    for name in chart.columns:
        assert any(row[name] not in (None, 0) for row in rows), name


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_every_preview_has_something_in_each_panel(
    dashboard: Dashboard, elasticsearch_url: str, namespace: str
) -> None:
    """Drawn from the same sources, marked as a preview."""
    with Elasticsearch(elasticsearch_url) as client:
        page = render(dashboard, client, namespace, "30m")
    assert "No results found" not in page
    assert "preview, drawn without Kibana" in page
    assert page.count("<section") == len(dashboard.panels)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_every_alert_condition_has_something_to_look_at(
    condition: AlertCondition, elasticsearch_url: str, namespace: str
) -> None:
    """Its query finds records, and its field and groups have values in them."""
    asked: dict[str, Any] = {}
    if condition.field:
        asked["value"] = {condition.aggregate: {"field": condition.field}}
    if condition.group_by:
        asked["groups"] = {"terms": {"field": condition.group_by}}
    with Elasticsearch(elasticsearch_url) as client:
        found = client.search(
            index=schema(condition.kind).stream(namespace), size=0, query=condition.query,
            aggs=asked or None,
        )  # fmt: skip
    assert found["hits"]["total"]["value"] > 0
    answers = found.get("aggregations", {})
    assert not condition.field or answers["value"]["value"] is not None
    assert not condition.group_by or answers["groups"]["buckets"]

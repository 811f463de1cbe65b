"""What is compiled is what Kibana takes: Kibana itself would report little of what is wrong."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from kibana.build import COMPILED, all_objects, compiled
from kibana.dashboard import WIDTH, Dashboard
from kibana.dashboards import DASHBOARDS
from kibana.data_views import NAMES
from kibana.lens import Chart
from shipper.schema import RESULTS, STREAMS, schema

CHARTS = [
    pytest.param(panel.content, id=f"{dashboard.name}-{panel.name}")
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    if isinstance(panel.content, Chart)
]
NEWEST = {"dashboard": (10, 2, 0), "index-pattern": (8, 0, 0)}


def test_the_compiled_file_is_up_to_date() -> None:
    """Run ``make kibana`` and commit what changed."""
    assert COMPILED.read_bytes() == compiled()


def test_every_object_is_one_that_kibana_9_0_accepts() -> None:
    """Its versions, unique ids and references that lead somewhere."""
    objects = all_objects()
    known = {(item["type"], item["id"]) for item in objects}
    assert len(known) == len(objects)
    for item in objects:
        assert item["coreMigrationVersion"] == "8.8.0"
        assert tuple(map(int, item["typeMigrationVersion"].split("."))) <= NEWEST[item["type"]]
        names = [reference["name"] for reference in item["references"]]
        assert len(set(names)) == len(names)
        for reference in item["references"]:
            assert (reference["type"], reference["id"]) in known


def test_every_stream_and_result_has_a_data_view() -> None:
    """With its pattern; what is structured is JSON in a string, and speaks of fields there are."""
    views = {i["id"]: i["attributes"] for i in all_objects() if i["type"] == "index-pattern"}
    assert set(NAMES) == {*STREAMS, *RESULTS}
    for kind in (*STREAMS, *RESULTS):
        view = views[f"elkhound-{kind}"]
        assert view["title"] == schema(kind).stream("*")
        for name in ("fieldAttrs", "fieldFormatMap"):
            assert set(json.loads(view[name])) <= set(schema(kind).fields)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_panels_do_not_overlap_and_stay_on_the_grid(dashboard: Dashboard) -> None:
    """48 columns."""
    for panel in dashboard.panels:
        assert panel.x >= 0
        assert panel.x + panel.width <= WIDTH
        assert panel.width > 0
        assert panel.height > 0
    for one, other in combinations(dashboard.panels, 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, (one.name, other.name)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_structured_attributes_are_strings(dashboard: Dashboard) -> None:
    """And references stand where each version of Kibana looks for them."""
    item = dashboard.compiled()
    panels = json.loads(item["attributes"]["panelsJSON"])
    assert len({panel["panelIndex"] for panel in panels}) == len(panels)
    outer = {reference["name"]: reference["id"] for reference in item["references"]}
    for panel in panels:
        assert panel["panelIndex"] == panel["gridData"]["i"]
        if panel["type"] != "lens":
            continue
        for inner in panel["embeddableConfig"]["attributes"]["references"]:
            assert outer[f"{panel['panelIndex']}:{inner['name']}"] == inner["id"]
    group = item["attributes"]["controlGroupInput"]
    for name, control in json.loads(group["panelsJSON"]).items():
        assert control["explicitInput"]["id"] == name
        assert f"controlGroup_{name}:optionsListDataView" in outer
    for control in dashboard.controls:
        found = schema(control.kind).field(control.field)
        assert found is not None
        assert found.type == "keyword"


@pytest.mark.parametrize("chart", CHARTS)
def test_charts_name_what_is_there(chart: Chart) -> None:
    """Fields of a fitting type, accessors and orders that are columns, buckets first."""
    described = schema(chart.kind)
    for column in chart.columns.values():
        field = column["sourceField"]
        if field == "___records___":
            continue
        found = described.field(field)
        assert found is not None, field
        if column["operationType"] == "terms":
            assert found.type in ("keyword", "boolean", "long"), field
            assert column["params"]["orderBy"]["columnId"] in chart.columns
        else:
            assert found.type in ("date", "double", "long"), field
    order = [column["isBucketed"] for column in chart.columns.values()]
    assert order == sorted(order, reverse=True)
    accessors = list(_accessors(chart.visualization))
    assert accessors
    assert set(accessors) <= set(chart.columns)


def _accessors(node: Any) -> list[str]:
    found: list[str] = []
    if isinstance(node, dict):
        for key, value in node.items():
            if key.lower().endswith("accessor") or key == "columnId":
                found.append(value)
            elif key == "accessors":
                found += value
            else:
                found += _accessors(value)
    elif isinstance(node, list | tuple):
        for item in node:
            found += _accessors(item)
    return found

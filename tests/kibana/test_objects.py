"""What is compiled is what Kibana takes: Kibana itself would report little of what is wrong."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest

from kibana.build import COMPILED, all_objects, compiled
from kibana.dashboard import WIDTH, Dashboard
from kibana.dashboards import DASHBOARDS
from kibana.data_views import NAMES
from kibana.lens import Chart
from kibana.searches import SEARCHES, Search
from shipper.schema import RESULTS, STREAMS, schema

CHARTS = [
    pytest.param(panel.content, id=f"{dashboard.name}-{panel.name}")
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    if isinstance(panel.content, Chart)
]
NEWEST = {"dashboard": (10, 2, 0), "index-pattern": (8, 0, 0), "search": (10, 5, 0)}


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
            order = column["params"]["orderBy"]
            assert order["type"] == "alphabetical" or order["columnId"] in chart.columns
        elif column["operationType"] == "unique_count":
            assert found.type == "keyword", field
        else:
            assert found.type in ("date", "double", "long"), field
    bucketed = [column["isBucketed"] for column in chart.columns.values()]
    assert bucketed == sorted(bucketed, reverse=True)
    for query in _queries(chart):
        for field in re.findall(r"([\w.@-]+):", query):
            assert described.field(field) is not None, field
    accessors = list(_accessors(chart.visualization))
    assert accessors
    assert set(accessors) <= set(chart.columns)


def _queries(chart: Chart) -> list[str]:
    """Return the queries of a chart and of its columns."""
    filters = [column.get("filter", {}).get("query", "") for column in chart.columns.values()]
    return [query for query in (chart.query, *filters) if query]


def test_every_dashboard_is_linked_from_every_other() -> None:
    """By the line above its panels; each says what a good day looks like."""
    for dashboard in DASHBOARDS:
        text = dashboard.panels[0].content
        assert isinstance(text, str)
        assert "**A good" in text
        linked = set(re.findall(r"#/view/(elkhound-\w+)", text))
        assert linked == {f"elkhound-{one.name}" for one in DASHBOARDS if one != dashboard}
        assert text.count("\n") <= 3


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.name)
def test_discover_sessions_show_fields_that_there_are(search: Search) -> None:
    """Strictly the attributes that Kibana knows; the view by reference alone."""
    item = search.compiled()
    known = {
        "title", "description", "columns", "sort", "grid", "hideChart", "isTextBasedQuery",
        "timeRestore", "kibanaSavedObjectMeta",
    }  # fmt: skip
    assert set(item["attributes"]) <= known
    source = json.loads(item["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert "index" not in source
    assert source["indexRefName"] == item["references"][0]["name"]
    for column in search.columns:
        assert schema(search.kind).field(column) is not None, column


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

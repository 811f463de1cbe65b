"""Lens panels: columns over a data view, and the few kinds of chart that the dashboards use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kibana.data_views import data_view_id
from kibana.saved_objects import reference

LAYER = "layer_0"

Column = dict[str, Any]
Columns = Mapping[str, Column]
Form = Mapping[str, Any]
"""How a number is written."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart over the records of one kind.

    Attributes:
        kind: Kind of record or result.
        type: Kibana's name of the chart, such as ``lnsXY``.
        columns: What is asked, by name: buckets first, then metrics.
        visualization: How it is drawn.
        query: Which records, as KQL.
    """

    kind: str
    type: str
    columns: Columns
    visualization: Mapping[str, Any]
    query: str = ""

    def attributes(self, title: str, description: str) -> dict[str, Any]:
        """Return the panel's attributes, with its references inside."""
        layer = {
            "columnOrder": list(self.columns),
            "columns": dict(self.columns),
            "incompleteColumns": {},
            "sampling": 1,
            "ignoreGlobalFilters": False,
        }
        return {
            "title": title,
            "description": description,
            "type": "lens",
            "visualizationType": self.type,
            "state": {
                "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
                "visualization": dict(self.visualization),
                "query": {"query": self.query, "language": "kuery"},
                "filters": [],
                "internalReferences": [],
                "adHocDataViews": {},
            },
            "references": [self.reference()],
        }

    def reference(self, prefix: str = "") -> dict[str, str]:
        """Return the reference to the data view."""
        name = f"{prefix}indexpattern-datasource-layer-{LAYER}"
        return reference("index-pattern", data_view_id(self.kind), name)


def over_time() -> Column:
    """Return a column of time buckets."""
    return {
        "label": "Time",
        "customLabel": True,
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": "@timestamp",
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
    }


def top_values(
    label: str,
    field: str,
    size: int,
    by: str | None,
    with_others: bool = True,
    with_missing: bool = False,
) -> Column:
    """Return a column of a field's values, the largest by a metric or, without one, by name.

    Lens shows records without a value only where it also shows the other values.
    """
    return {
        "label": label,
        "customLabel": True,
        "dataType": "string",
        "operationType": "terms",
        "sourceField": field,
        "isBucketed": True,
        "scale": "ordinal",
        "params": {
            "size": size,
            "orderBy": {"type": "column", "columnId": by} if by else {"type": "alphabetical"},
            "orderDirection": "desc" if by else "asc",
            "otherBucket": with_others,
            "missingBucket": with_missing,
            "parentFormat": {"id": "terms"},
            "include": [],
            "exclude": [],
            "includeIsRegex": False,
            "excludeIsRegex": False,
        },
    }


def count(label: str, query: str = "") -> Column:
    """Return a column that counts records, or only those that a query finds."""
    column = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": "count",
        "sourceField": "___records___",
        "isBucketed": False,
        "scale": "ratio",
        "params": {"emptyAsNull": False},
    }
    return column | ({"filter": {"query": query, "language": "kuery"}} if query else {})


def extreme_time(label: str, operation: str) -> Column:
    """Return a column with the earliest (``min``) or latest (``max``) time."""
    return {
        "label": label,
        "customLabel": True,
        "dataType": "date",
        "operationType": operation,
        "sourceField": "@timestamp",
        "isBucketed": False,
        "scale": "ratio",
        "params": {"emptyAsNull": True},
    }


def number(
    label: str,
    operation: str,
    field: str,
    form: Form | None = None,
    query: str = "",
    percentile: float | None = None,
) -> Column:
    """Return a column with a number from the values of a field.

    Args:
        label: What it is called.
        operation: ``average``, ``max``, ``min``, ``sum``, ``unique_count`` or ``percentile``.
        field: The field.
        form: How it is written: ``PERCENT``, ``BYTES``, ``SECONDS`` or ``DECIMALS``.
        query: Which records count, as KQL; all without one.
        percentile: The percentile, from 0 to 100, where that is asked for.
    """
    params: dict[str, Any] = {"emptyAsNull": True} if operation in ("sum", "unique_count") else {}
    if percentile is not None:
        params["percentile"] = percentile
    if form is not None:
        params["format"] = dict(form)
    column = {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": operation,
        "sourceField": field,
        "isBucketed": False,
        "scale": "ratio",
        "params": params,
    }
    return column | ({"filter": {"query": query, "language": "kuery"}} if query else {})


PERCENT: Mapping[str, Any] = {"id": "percent", "params": {"decimals": 1}}
BYTES: Mapping[str, Any] = {"id": "bytes", "params": {"decimals": 1}}
DECIMALS: Mapping[str, Any] = {"id": "number", "params": {"decimals": 3}}
SECONDS: Mapping[str, Any] = {
    "id": "duration",
    "params": {"fromUnit": "seconds", "toUnit": "humanizePrecise", "decimals": 1},
}
NANOSECONDS: Mapping[str, Any] = {
    "id": "duration",
    "params": {"fromUnit": "nanoseconds", "toUnit": "asMilliseconds", "decimals": 1},
}


def metric(kind: str, column: Column, query: str = "", subtitle: str = "") -> Chart:
    """Return a single number."""
    return Chart(
        kind,
        "lnsMetric",
        {"value": column},
        {
            "layerId": LAYER,
            "layerType": "data",
            "metricAccessor": "value",
            "subtitle": subtitle,
        },
        query,
    )


def bars_over_time(kind: str, value: Column, split: Column, query: str = "") -> Chart:
    """Return stacked bars over time, by the values of a field."""
    return _over_time(kind, value, split, query, "bar_stacked")


def lines_over_time(kind: str, value: Column, split: Column, query: str = "") -> Chart:
    """Return a line over time for each value of a field."""
    return _over_time(kind, value, split, query, "line")


def shares_over_time(kind: str, value: Column, split: Column, query: str = "") -> Chart:
    """Return the share of each value of a field over time, of all its values."""
    return _over_time(kind, value, split, query, "bar_percentage_stacked")


def measures_over_time(
    kind: str, values: Columns, query: str = "", colors: Mapping[str, str] | None = None
) -> Chart:
    """Return a line over time for each of several columns.

    Args:
        kind: Kind of record or result.
        values: The columns by name.
        query: Which records, as KQL.
        colors: Colour of some columns, by name.
    """
    configured = [
        {"forAccessor": name, "color": color, "axisMode": "left"}
        for name, color in (colors or {}).items()
    ]
    layer = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": "line",
        "xAccessor": "time",
        "accessors": list(values),
        "yConfig": configured,
    }
    return _lines(kind, {"time": over_time(), **values}, layer, query, "None")


def heat_map(kind: str, x: Column, y: Column, value: Column, query: str = "") -> Chart:
    """Return a value by two columns, the darker the larger."""
    return Chart(
        kind,
        "lnsHeatmap",
        {"x": x, "y": y, "value": value},
        {
            "layerId": LAYER,
            "layerType": "data",
            "shape": "heatmap",
            "xAccessor": "x",
            "yAccessor": "y",
            "valueAccessor": "value",
            "gridConfig": {
                "type": "heatmap_grid",
                "isCellLabelVisible": True,
                "isXAxisLabelVisible": True,
                "isXAxisTitleVisible": True,
                "isYAxisLabelVisible": True,
                "isYAxisTitleVisible": True,
            },
            "legend": {"type": "heatmap_legend", "isVisible": True, "position": "right"},
        },
        query,
    )


def bars(kind: str, split: Column, value: Column, query: str = "") -> Chart:
    """Return a horizontal bar for each value of a field."""
    layer = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": "bar_horizontal",
        "xAccessor": "split",
        "accessors": ["value"],
    }
    return _lines(kind, {"split": split, "value": value}, layer, query, "None")


def _over_time(kind: str, value: Column, split: Column, query: str, series: str) -> Chart:
    layer = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": series,
        "xAccessor": "time",
        "splitAccessor": "split",
        "accessors": ["value"],
    }
    # counts without a record are zero; a mean without one is not known
    fitting = "Zero" if value["operationType"] == "count" else "None"
    columns = {"time": over_time(), "split": split, "value": value}
    return _lines(kind, columns, layer, query, fitting)


def _lines(
    kind: str, columns: Columns, layer: Mapping[str, Any], query: str, fitting: str
) -> Chart:
    shown = {"x": True, "yLeft": True, "yRight": True}
    return Chart(
        kind,
        "lnsXY",
        columns,
        {
            "legend": {"isVisible": True, "position": "right"},
            "valueLabels": "hide",
            "fittingFunction": fitting,
            "preferredSeriesType": layer["seriesType"],
            "axisTitlesVisibilitySettings": shown,
            "tickLabelsVisibilitySettings": shown,
            "gridlinesVisibilitySettings": shown,
            "layers": [dict(layer)],
        },
        query,
    )


def table(
    kind: str,
    columns: Columns,
    sort_by: str,
    widths: Mapping[str, int] | None = None,
    query: str = "",
) -> Chart:
    """Return a table, the largest of one column first."""
    widths = widths or {}
    shown: Sequence[Mapping[str, Any]] = [
        {
            "columnId": name,
            "isTransposed": False,
            "isMetric": not column["isBucketed"],
            **({"width": widths[name]} if name in widths else {}),
        }
        for name, column in columns.items()
    ]
    return Chart(
        kind,
        "lnsDatatable",
        columns,
        {
            "layerId": LAYER,
            "layerType": "data",
            "columns": shown,
            "sorting": {"columnId": sort_by, "direction": "desc"},
            "paging": {"size": 10, "enabled": True},
            "rowHeight": "auto",
        },
        query,
    )

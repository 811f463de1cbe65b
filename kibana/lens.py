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
    by: str,
    with_others: bool = True,
    with_missing: bool = False,
) -> Column:
    """Return a column of a field's most frequent values, ordered by a metric.

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
            "orderBy": {"type": "column", "columnId": by},
            "orderDirection": "desc",
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


def _over_time(kind: str, value: Column, split: Column, query: str, series: str) -> Chart:
    shown = {"x": True, "yLeft": True, "yRight": True}
    return Chart(
        kind,
        "lnsXY",
        {"time": over_time(), "split": split, "value": value},
        {
            "legend": {"isVisible": True, "position": "right"},
            "valueLabels": "hide",
            "fittingFunction": "Zero",
            "preferredSeriesType": series,
            "axisTitlesVisibilitySettings": shown,
            "tickLabelsVisibilitySettings": shown,
            "gridlinesVisibilitySettings": shown,
            "layers": [
                {
                    "layerId": LAYER,
                    "layerType": "data",
                    "seriesType": series,
                    "xAccessor": "time",
                    "splitAccessor": "split",
                    "accessors": ["value"],
                }
            ],
        },
        query,
    )


def table(kind: str, columns: Columns, sort_by: str, widths: Mapping[str, int]) -> Chart:
    """Return a table, the largest of one column first."""
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
    )

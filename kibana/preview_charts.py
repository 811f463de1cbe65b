"""Charts of previews as inline SVG and tables: near enough to Kibana's to judge a dashboard."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from kibana.asking import Row
from kibana.lens import Chart, Column

PALETTE = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a", "#332288",
)  # fmt: skip
LEFT, BOTTOM, TOP, LEGEND = 64, 26, 8, 150
UNITS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"), (3600.0, "h"))
MOST_ROWS = 8


def draw(chart: Chart, rows: Sequence[Row], width: int, height: int) -> Markup:
    """Return a chart.

    Args:
        chart: The chart.
        rows: What Elasticsearch answered.
        width: Width in pixels.
        height: Height in pixels.
    """
    if not rows or all(row[name] is None for row in rows for name in _metrics(chart)):
        return Markup('<p class="nothing">No results found</p>')
    drawn: Mapping[str, Callable[[Chart, Sequence[Row], int, int], Markup]] = {
        "lnsMetric": _metric,
        "lnsDatatable": _table,
        "lnsHeatmap": _heat_map,
        "lnsXY": _series,
    }
    return drawn[chart.type](chart, rows, width, height)


def written(column: Column, value: Any) -> str:
    """Return a value as the column's format has it."""
    if value is None:
        return "-"
    if column["dataType"] == "date":
        return _moment(value).strftime("%b %d %H:%M")
    if isinstance(value, str):
        return value
    form = column["params"].get("format", {})
    places = form.get("params", {}).get("decimals", 0)
    if form.get("id") == "percent":
        return f"{value:.{places}%}"
    if form.get("id") == "bytes":
        power = min(4, int(math.log(value, 1024))) if value >= 1 else 0
        return f"{value / 1024**power:.{places}f} {('B', 'KB', 'MB', 'GB', 'TB')[power]}"
    if form.get("id") == "duration":
        seconds = value * {"nanoseconds": 1e-9, "seconds": 1.0}[form["params"]["fromUnit"]]
        size, unit = next((u for u in reversed(UNITS) if seconds >= u[0]), UNITS[0])
        return f"{seconds / size:.1f} {unit}"
    if form.get("id") == "number":
        return f"{value:,.{places}f}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _metrics(chart: Chart) -> list[str]:
    return [name for name, column in chart.columns.items() if not column["isBucketed"]]


def _metric(chart: Chart, rows: Sequence[Row], width: int, height: int) -> Markup:
    column = chart.columns["value"]
    value = written(column, rows[0]["value"])
    return Markup('<div class="metric"><b>{}</b></div>').format(value)


def _table(chart: Chart, rows: Sequence[Row], width: int, height: int) -> Markup:
    sorting = chart.visualization["sorting"]["columnId"]
    shown = sorted(rows, key=lambda row: _rank(row[sorting]), reverse=True)[:MOST_ROWS]
    head = Markup("").join(
        Markup('<th class="{}">{}</th>').format(_side(c), c["label"])
        for c in chart.columns.values()
    )
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<td class="{}">{}</td>').format(_side(c), written(c, row[name]))
                for name, c in chart.columns.items()
            )
        )
        for row in shown
    )
    return Markup("<table><tr>{}</tr>{}</table>").format(head, body)


def _side(column: Column) -> str:
    return "number" if column["dataType"] == "number" else ""


def _rank(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, str(value))


def _heat_map(chart: Chart, rows: Sequence[Row], width: int, height: int) -> Markup:
    held = {(str(row["x"]), str(row["y"])): row["value"] for row in rows if row["value"]}
    xs = sorted({str(row["x"]) for row in rows if row["x"] is not None})
    ys = sorted({y for _, y in held}, key=lambda y: -sum(held.get((x, y), 0) for x in xs))
    most = max(held.values(), default=1) or 1
    left = 130
    cell_width = (width - left - 10) / max(1, len(xs))
    cell_height = (height - BOTTOM - TOP) / max(1, len(ys))
    parts = [_begin(width, height)]
    column = chart.columns["value"]
    for row, y in enumerate(ys):
        top = TOP + row * cell_height
        parts.append(_text(left - 8, top + cell_height / 2 + 4, y[:20], "end"))
        for place, x in enumerate(xs):
            value = held.get((x, y))
            if value is None:
                continue
            at = left + place * cell_width
            parts.append(
                Markup(
                    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" '
                    'fill-opacity="{:.2f}"/>'
                ).format(
                    at + 1, top + 1, cell_width - 2, cell_height - 2, PALETTE[0],
                    0.08 + 0.92 * value / most,
                )
            )  # fmt: skip
            if cell_width > 60:
                color = "#fff" if value > most / 2 else "#343741"
                parts.append(
                    Markup(
                        '<text x="{:.1f}" y="{:.1f}" text-anchor="middle" '
                        'style="fill: {}">{}</text>'
                    ).format(
                        at + cell_width / 2, top + cell_height / 2 + 4, color,
                        written(column, value),
                    )
                )  # fmt: skip
    is_time = chart.columns["x"]["dataType"] == "date"
    every = -(-len(xs) // max(1, int((width - left) / 90)))
    for place, x in enumerate(xs):
        if place % every == 0:
            label = _moment(x).strftime("%b %d %H:%M") if is_time else x[:14]
            parts.append(_text(left + (place + 0.5) * cell_width, height - 8, label, "middle"))
    return Markup("").join([*parts, Markup("</svg>")])


def _series(chart: Chart, rows: Sequence[Row], width: int, height: int) -> Markup:
    (layer,) = chart.visualization["layers"]
    if layer["seriesType"] == "bar_horizontal":
        return _bars(chart, rows, width, height)
    series: dict[str, dict[float, float]] = {}
    for row in rows:
        for name in layer["accessors"]:
            value = row[name]
            split = str(row["split"]) if "split" in row else chart.columns[name]["label"]
            if value is not None and row.get("split", "") is not None:
                series.setdefault(split, {})[_moment(row["time"]).timestamp()] = float(value)
    times = sorted({_moment(row["time"]).timestamp() for row in rows})
    is_stacked = layer["seriesType"] != "line"
    if layer["seriesType"] == "bar_percentage_stacked":
        for time in times:
            total = sum(one.get(time, 0.0) for one in series.values()) or 1.0
            for one in series.values():
                one[time] = one.get(time, 0.0) / total
    if is_stacked:
        top = max(sum(one.get(t, 0.0) for one in series.values()) for t in times)
        low = 0.0
    else:
        held = [v for one in series.values() for v in one.values()]
        low, top = min(0.0, *held), max(held)
    top = top if top > low else low + 1
    inner_width, inner_height = width - LEFT - LEGEND, height - BOTTOM - TOP
    step = inner_width / max(1, len(times))

    def y(value: float) -> float:
        return TOP + inner_height * (1 - (value - low) / (top - low))

    column = chart.columns[layer["accessors"][0]]
    if layer["seriesType"] == "bar_percentage_stacked":
        column = {**column, "params": {"format": {"id": "percent", "params": {"decimals": 0}}}}
    parts = [_begin(width, height)]
    for share in (0.0, 0.5, 1.0):
        value = low + share * (top - low)
        parts.append(
            Markup('<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="#e3e6ec"/>').format(
                LEFT, width - LEGEND, y(value), y(value)
            )
        )
        parts.append(_text(LEFT - 6, y(value) + 4, written(column, value), "end"))
    colors = {c["forAccessor"]: c["color"] for c in layer.get("yConfig", ())}
    named = {chart.columns[name]["label"]: color for name, color in colors.items()}
    below = dict.fromkeys(times, 0.0)
    for place, (name, values) in enumerate(series.items()):
        color = named.get(name, PALETTE[place % len(PALETTE)])
        parts.append(_legend(place, name, color, width))
        if is_stacked:
            for at, time in enumerate(times):
                value = values.get(time, 0.0)
                parts.append(
                    Markup(
                        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>'
                    ).format(
                        LEFT + at * step + 1, y(below[time] + value), max(1.0, step - 2),
                        max(0.0, y(below[time]) - y(below[time] + value)), color,
                    )
                )  # fmt: skip
                below[time] += value
            continue
        points = " ".join(
            f"{LEFT + (at + 0.5) * step:.1f},{y(values[time]):.1f}"
            for at, time in enumerate(times)
            if time in values
        )
        parts.append(
            Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>').format(
                points, color
            )
        )
    every = -(-len(times) // max(1, int(inner_width / 100)))
    for at, time in enumerate(times):
        if at % every == 0:
            label = datetime.fromtimestamp(time, UTC).strftime("%b %d %H:%M")
            parts.append(_text(LEFT + (at + 0.5) * step, height - 8, label, "middle"))
    return Markup("").join([*parts, Markup("</svg>")])


def _bars(chart: Chart, rows: Sequence[Row], width: int, height: int) -> Markup:
    most = max(float(row["value"] or 0) for row in rows) or 1.0
    left, each = 150, (height - TOP - 6) / len(rows)
    parts = [_begin(width, height)]
    for place, row in enumerate(rows):
        top = TOP + place * each
        value = float(row["value"] or 0)
        length = (width - left - 70) * value / most
        thick = max(2.0, min(28.0, each - 4))
        middle = top + 2 + thick / 2 + 4
        parts.append(_text(left - 8, middle, str(row["split"])[:22], "end"))
        parts.append(
            Markup('<rect x="{}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(
                left, top + 2, length, thick, PALETTE[0]
            )
        )
        parts.append(
            _text(
                left + length + 6, middle,
                written(chart.columns["value"], row["value"]), "start",
            )
        )  # fmt: skip
    return Markup("").join([*parts, Markup("</svg>")])


def _begin(width: int, height: int) -> Markup:
    return Markup('<svg width="{}" height="{}" viewBox="0 0 {} {}">').format(
        width, height, width, height
    )


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, y, anchor, text
    )


def _legend(place: int, name: str, color: str, width: int) -> Markup:
    y = TOP + 12 + place * 18
    return Markup('<circle cx="{}" cy="{}" r="4" fill="{}"/><text x="{}" y="{}">{}</text>').format(
        width - LEGEND + 12, y - 4, color, width - LEGEND + 21, y, name[:20]
    )


def _moment(value: Any) -> datetime:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000, UTC)
    return datetime.fromisoformat(str(value))

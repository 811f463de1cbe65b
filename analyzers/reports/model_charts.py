"""Charts of a model over its windows: measures with intervals, coverage, drift, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analyzers.reports.charts import SERIES, WIDTH
from analyzers.statistics.probabilities import CalibrationBin

LEFT, RIGHT, TOP, BOTTOM = 64, 12, 20, 26
REALISED, ESTIMATED, ALARM = SERIES[0], SERIES[4], SERIES[1]
MOST_LABELS = 12


@dataclass(frozen=True, slots=True)
class Point:
    """A measure of one window.

    Attributes:
        name: The window.
        value: What it turned out to be, or None.
        low: Lower end of its interval, or None.
        high: Upper end, or None.
        estimate: What it should be from the predictions alone, or None.
        estimate_low: Lower end of its interval, or None.
        estimate_high: Upper end, or None.
        coverage: Share of the predictions with a label.
        is_worse: Whether it alarms.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    estimate: float | None
    estimate_low: float | None
    estimate_high: float | None
    coverage: float
    is_worse: bool


def measure_chart(points: Sequence[Point], label: str, height: int = 250) -> Markup:
    """Return a measure by window: what it was with its interval, and what was estimated.

    Args:
        points: The windows, in order.
        label: The measure.
        height: Height in pixels.
    """
    held = [
        v
        for p in points
        for v in (p.value, p.low, p.high, p.estimate, p.estimate_low, p.estimate_high)
        if v is not None and math.isfinite(v)
    ]
    if not held:
        return Markup("")
    low, high = min(held), max(held)
    room = (high - low) / 12 or max(abs(high), 1.0) / 20
    low, high = low - room, high + room
    inner = height - TOP - BOTTOM

    def y(value: float) -> float:
        return TOP + inner * (1 - (value - low) / (high - low))

    parts = [_begin(height, f"{label} by window")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = low + room + share * (high - low - 2 * room)
        parts.append(_grid(y(value), f"{value:.3g}"))
    band = [
        (_x(k, points), y(p.estimate_low), y(p.estimate_high))
        for k, p in enumerate(points)
        if p.estimate_low is not None and p.estimate_high is not None
    ]
    if len(band) > 1:
        path = " ".join(f"{x:.1f},{top:.1f}" for x, _, top in band)
        back = " ".join(f"{x:.1f},{bottom:.1f}" for x, bottom, _ in reversed(band))
        parts.append(
            Markup('<polygon points="{} {}" fill="{}" opacity=".22"/>').format(
                path, back, ESTIMATED
            )
        )
    line = [(_x(k, points), y(p.estimate)) for k, p in enumerate(points) if p.estimate is not None]
    parts.append(_line(line, ESTIMATED, "6 4"))
    parts.append(
        _line(
            [(_x(k, points), y(p.value)) for k, p in enumerate(points) if p.value is not None],
            REALISED,
        )
    )
    for k, point in enumerate(points):
        if point.value is None:
            continue
        color = ALARM if point.is_worse else REALISED
        x = _x(k, points)
        if point.low is not None and point.high is not None:
            parts.append(
                Markup(
                    '<line x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}" stroke="{3}" '
                    'stroke-width="1.5"/>'
                ).format(x, y(point.low), y(point.high), color)
            )
        shape = (
            '<path d="M{x:.1f} {up:.1f}l6 10h-12z" fill="{color}"><title>{title}</title></path>'
            if point.is_worse
            else '<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"><title>{title}</title>'
            "</circle>"
        )
        title = f"{point.name}: {point.value:.3f}" + (", worse" if point.is_worse else "")
        at = y(point.value)
        parts.append(
            Markup(shape).format(x=x, y=at, up=at - 6, color=color, title=title)  # noqa: S704 (ours)
        )
    parts.append(_names([p.name for p in points], height))
    return Markup("").join([*parts, Markup("</svg>")])


def coverage_chart(points: Sequence[Point], height: int = 90) -> Markup:
    """Return the share of each window's predictions that have a label, as bars."""
    if not points:
        return Markup("")
    inner = height - TOP - BOTTOM
    width = max(2.0, (WIDTH - LEFT - RIGHT) / len(points) * 0.7)
    parts = [_begin(height, "share of predictions with a label, by window")]
    parts += [_grid(TOP + inner * (1 - share), f"{share:.0%}") for share in (0.0, 1.0)]
    for k, point in enumerate(points):
        covered = point.coverage if math.isfinite(point.coverage) else 0.0
        parts.append(
            Markup(
                '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}">'
                "<title>{}: {:.1%}</title></rect>"
            ).format(
                _x(k, points) - width / 2, TOP + inner * (1 - covered), width, inner * covered,
                SERIES[6], point.name, covered,
            )
        )  # fmt: skip
    parts.append(_names([p.name for p in points], height))
    return Markup("").join([*parts, Markup("</svg>")])


def drift_map(
    windows: Sequence[str], columns: Sequence[tuple[str, Sequence[tuple[float, bool] | None]]]
) -> Markup:
    """Return how far each column moved in each window: the darker, the farther; alarms are framed.

    Args:
        windows: Names of the windows.
        columns: Each column's name, and by window the share of its values that moved and whether
            it drifted.
    """
    if not windows or not columns:
        return Markup("")
    left, row = 150, 22
    height = TOP + row * len(columns) + BOTTOM
    width = (WIDTH - left - RIGHT) / len(windows)
    parts = [_begin(height, "drift of each column by window")]
    for place, (name, cells) in enumerate(columns):
        top = TOP + row * place
        parts.append(
            Markup('<text class="axis" x="{}" y="{}" text-anchor="end">{}</text>').format(
                left - 8, top + 15, name[:22]
            )
        )
        for k, cell in enumerate(cells):
            if cell is None:
                continue
            moved, is_drifted = cell
            stroke = ALARM if is_drifted else "none"
            parts.append(
                Markup(
                    '<rect x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="2" fill="{}" '
                    'fill-opacity="{:.2f}" stroke="{}" stroke-width="2">'
                    "<title>{}, {}: {:.1%} moved{}</title></rect>"
                ).format(
                    left + k * width + 2, top + 2, max(1.0, width - 4), row - 4, REALISED,
                    0.06 + 0.94 * min(1.0, moved / 0.5), stroke, name, windows[k], moved,
                    ", drifted" if is_drifted else "",
                )
            )  # fmt: skip
    every = -(-len(windows) // (MOST_LABELS - 4))
    parts += [
        Markup('<text class="axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            left + (k + 0.5) * width, height - 8, window[:10]
        )
        for k, window in enumerate(windows)
        if k % every == 0
    ]
    return Markup("").join([*parts, Markup("</svg>")])


def calibration_chart(curve: Sequence[CalibrationBin], size: int = 300) -> Markup:
    """Return predicted probabilities against how often they came true."""
    if not curve:
        return Markup("")
    inner = size - 60

    def at(value: float) -> float:
        return 44 + inner * value

    def up(value: float) -> float:
        return 12 + inner * (1 - value)

    parts = [
        Markup(
            '<svg class="chart square" viewBox="0 0 {0} {0}" role="img" '
            'aria-label="calibration"><line class="grid" x1="{1:.0f}" y1="{2:.0f}" x2="{3:.0f}" '
            'y2="{4:.0f}"/>'
        ).format(size, at(0), up(0), at(1), up(1))
    ]
    for value in (0.0, 0.5, 1.0):
        parts.append(
            Markup(
                '<text class="axis" x="{:.0f}" y="{:.0f}" text-anchor="middle">{:.1f}</text>'
                '<text class="axis" x="38" y="{:.0f}" text-anchor="end">{:.1f}</text>'
            ).format(at(value), size - 30, value, up(value) + 4, value)
        )
    parts.append(_line([(at(one.predicted), up(one.observed)) for one in curve], REALISED))
    most = max(one.n for one in curve)
    for one in curve:
        parts.append(
            Markup(
                '<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" fill="{}"><title>{:,} rows: predicted '
                "{:.3f}, came true {:.3f}</title></circle>"
            ).format(
                at(one.predicted), up(one.observed), 2.5 + 4 * math.sqrt(one.n / most), REALISED,
                one.n, one.predicted, one.observed,
            )
        )  # fmt: skip
    parts.append(
        Markup(
            '<text class="axis" x="{:.0f}" y="{:.0f}" text-anchor="middle">predicted</text>'
        ).format(at(0.5), size - 12)
    )
    return Markup("").join([*parts, Markup("</svg>")])


def _begin(height: int, label: str) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        WIDTH, height, label
    )


def _grid(y: float, text: str) -> Markup:
    return Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
        '<text class="axis" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    ).format(LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4, text)


def _x(place: int, points: Sequence[Point]) -> float:
    return LEFT + (place + 0.5) * (WIDTH - LEFT - RIGHT) / max(1, len(points))


def _line(points: Sequence[tuple[float, float]], color: str, dashes: str = "none") -> Markup:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup(
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="1.8" stroke-dasharray="{}"/>'
    ).format(path, color, dashes)


def _names(names: Sequence[str], height: int) -> Markup:
    every = -(-len(names) // MOST_LABELS)
    width = (WIDTH - LEFT - RIGHT) / max(1, len(names))
    return Markup("").join(
        Markup('<text class="axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            LEFT + (k + 0.5) * width, height - 8, name[:10]
        )
        for k, name in enumerate(names)
        if k % every == 0
    )

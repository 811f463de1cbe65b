"""Levels over time as inline SVG lines, on the same axis of time as the bars above them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from markupsafe import Markup

from analyzers.findings import Levels
from analyzers.reports.charts import LEFT, RIGHT, SERIES, WIDTH, Mark, Scale, draw_marks

_TOP, _BOTTOM = 16, 6


def level_lines(
    levels: Levels, marks: Sequence[Mark], since: datetime, until: datetime, height: int = 76
) -> Markup:
    """Return one line for each series, with its name.

    A break is drawn where buckets have no value. Shares go from 0 to 1, all else from 0 to its
    highest value.

    Args:
        levels: What to draw.
        marks: Changes and onsets, as in the bars.
        since: Left end.
        until: Right end.
        height: Height in pixels.
    """
    seconds = levels.seconds
    origin = since.timestamp() // seconds * seconds
    span = max((until.timestamp() // seconds + 1) * seconds - origin, seconds)
    inner_width, inner_height = WIDTH - LEFT - RIGHT, height - _TOP - _BOTTOM
    highest = max((value for _, line in levels.series for _, value in line), default=0.0)
    is_share = levels.field.endswith(".pct") or levels.name.startswith("share")
    top = 1.0 if is_share and highest <= 1 else highest or 1.0

    def x(stamp: float) -> float:
        return LEFT + (stamp + seconds / 2 - origin) / span * inner_width

    def y(value: float) -> float:
        return _TOP + inner_height * (1 - max(0.0, value) / top)

    label = f"{levels.name} over time"
    parts = [
        Markup('<svg class="chart lines" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            WIDTH, height, label
        ),
        Markup('<text class="axis" x="{}" y="11">{}</text>').format(LEFT, levels.name),
    ]
    for value in (0.0, top):
        parts.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
                '<text class="axis" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(
                LEFT, WIDTH - RIGHT, y(value), y(value), LEFT - 6, y(value) + 4,
                number_text(value, is_share),
            )
        )  # fmt: skip
    for place, (key, line) in enumerate(levels.series):
        color = SERIES[place % len(SERIES)]
        path = " ".join(_path(line, seconds, x, y))
        parts.append(
            Markup(
                '<path class="level" d="{}" stroke="{}"><title>{}</title></path>'
                '<text class="axis" x="{}" y="11" text-anchor="end" style="fill: {}">{}</text>'
            ).format(path, color, key, WIDTH - RIGHT - place * 150, color, key[:22])
        )
    parts.extend(
        draw_marks(marks, lambda stamp: x(stamp - seconds / 2), height - _BOTTOM, top=_TOP)
    )
    return Markup("").join([*parts, Markup("</svg>")])


def number_text(value: float, is_share: bool) -> str:
    """Return a value for the axis: a share as per cent, a large number in thousands."""
    if is_share:
        return f"{value:.0%}"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _path(
    line: Sequence[tuple[datetime, float]], seconds: float, x: Scale, y: Scale
) -> Iterator[str]:
    before: float | None = None
    for moment, value in line:
        stamp = moment.timestamp()
        command = "M" if before is None or stamp - before > 2 * seconds else "L"
        yield f"{command}{x(stamp):.1f} {y(value):.1f}"
        before = stamp

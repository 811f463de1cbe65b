"""Plots as inline SVG: they scale, follow light and dark, and need no script and no network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

WIDTH = 960
LEFT, RIGHT = 46, 12
_TOP, _BOTTOM = 22, 24

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Okabe and Ito's palette: told apart by colour-blind readers, on light and dark."""


@dataclass(frozen=True, slots=True)
class Series:
    """Counts over time with a name and a colour."""

    name: str
    color: str
    counts: Sequence[tuple[datetime, int]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment to mark: ``onset`` of a group, or ``change`` of a model."""

    time: datetime
    label: str
    kind: str
    color: str = "currentColor"


def stacked_bars(
    series: Sequence[Series],
    marks: Sequence[Mark],
    since: datetime,
    until: datetime,
    seconds: float,
    height: int = 240,
    label: str = "errors",
) -> Markup:
    """Return stacked counts over time with marks.

    Args:
        series: What to stack, from the bottom.
        marks: Vertical lines (changes) and triangles (onsets).
        since: Left end.
        until: Right end.
        seconds: Width of a bucket.
        height: Height in pixels.
        label: What is counted, for screen readers and the axis.
    """
    origin = since.timestamp() // seconds * seconds
    end = (until.timestamp() // seconds + 1) * seconds
    span = max(end - origin, seconds)
    inner_width = WIDTH - LEFT - RIGHT
    inner_height = height - _TOP - _BOTTOM
    totals: dict[float, int] = {}
    for one in series:
        for start, count in one.counts:
            totals[start.timestamp()] = totals.get(start.timestamp(), 0) + count
    top = nice_ceiling(max(totals.values(), default=1))

    def x(stamp: float) -> float:
        return LEFT + (stamp - origin) / span * inner_width

    def y(count: float) -> float:
        return _TOP + inner_height * (1 - count / top)

    parts = [
        Markup(
            '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{} over time">'
        ).format(WIDTH, height, label)
    ]
    parts.extend(_grid(top, y))
    parts.extend(_time_axis(origin, end, x, height))
    stacked: dict[float, int] = {}
    bar = max(1.0, seconds / span * inner_width - 1)
    for one in series:
        for start, count in one.counts:
            stamp = start.timestamp()
            below = stacked.get(stamp, 0)
            stacked[stamp] = below + count
            title = f"{one.name}: {count:,} {label} at {_clock(stamp)}"
            parts.append(
                Markup(
                    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}">'
                    "<title>{}</title></rect>"
                ).format(
                    x(stamp),
                    y(below + count),
                    bar,
                    max(0.5, y(below) - y(below + count)),
                    one.color,
                    title,
                )
            )
    parts.extend(draw_marks(marks, x, height - _BOTTOM))
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def contrast_bars(share: float, other_share: float, text: str, other_text: str) -> Markup:
    """Return two bars, one for the failed requests and one for the others.

    Args:
        share: Share among the failed, 0 to 1.
        other_share: Share among the others.
        text: What to write beside the first.
        other_text: What to write beside the second.
    """
    rows = []
    for place, (value, words, kind) in enumerate(
        ((share, text, "failed"), (other_share, other_text, "others"))
    ):
        rows.append(
            Markup(
                '<rect class="track" x="0" y="{y}" width="300" height="11" rx="2"/>'
                '<rect class="{kind}" x="0" y="{y}" width="{width:.1f}" height="11" rx="2"/>'
                '<text x="308" y="{base}">{words}</text>'
            ).format(y=place * 16, kind=kind, width=300 * value, base=place * 16 + 10, words=words)
        )
    return Markup(
        '<svg class="contrast" viewBox="0 0 480 28" role="img" aria-label="{}">{}</svg>'
    ).format(f"{text} against {other_text}", Markup("").join(rows))


def nice_ceiling(value: float) -> int:
    """Return the next round number at or above a count: 1, 2, 4, 5, 10, 20, 40, 50 and so on."""
    if value <= 1:
        return 1
    power = 10 ** math.floor(math.log10(value))
    for step in (1, 2, 4, 5, 10):
        if value <= step * power:
            return int(step * power)
    return int(10 * power)


Scale = Callable[[float], float]


def _grid(top: int, y: Scale) -> Iterator[Markup]:
    steps = 4 if top % 4 == 0 else 5 if top % 5 == 0 else min(top, 2)
    for step in range(steps + 1):
        count = top * step / steps
        height = y(count)
        yield Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
            '<text class="axis" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
        ).format(LEFT, WIDTH - RIGHT, height, height, LEFT - 6, height + 4, f"{count:,.0f}")


def _time_axis(origin: float, end: float, x: Scale, height: int) -> Iterator[Markup]:
    ticks = 6
    for tick in range(ticks + 1):
        stamp = origin + (end - origin) * tick / ticks
        anchor = "start" if tick == 0 else "end" if tick == ticks else "middle"
        yield Markup('<text class="axis" x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
            x(stamp), height - 6, anchor, _clock(stamp, end - origin)
        )


def draw_marks(
    marks: Sequence[Mark], x: Scale, bottom: float, top: float = _TOP
) -> Iterator[Markup]:
    """Yield a vertical line for each mark, with what it is as its title.

    Args:
        marks: The marks.
        x: Place of a time stamp.
        bottom: Where the lines end.
        top: Where they begin.
    """
    for mark in marks:
        at = min(max(x(mark.time.timestamp()), LEFT), WIDTH - RIGHT)
        if mark.kind == "change":
            yield Markup(
                '<g class="change"><line x1="{0:.1f}" x2="{0:.1f}" y1="{3}" y2="{1}"/>'
                '<path d="M{0:.1f} {3} l-4 -6 h8 z"/><title>{2}</title></g>'
            ).format(at, bottom, mark.label, top - 10)
        else:
            yield Markup(
                '<g class="onset"><line x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}" stroke="{3}"/>'
                '<path d="M{0:.1f} {2} l-5 8 h10 z" fill="{3}"/><title>{4}</title></g>'
            ).format(at, top, bottom, mark.color, mark.label)


def _clock(stamp: float, span: float = 0.0) -> str:
    moment = datetime.fromtimestamp(stamp, UTC)
    if span > 2 * 86400:
        return moment.strftime("%m-%d %H:%M")
    return moment.strftime("%H:%M:%S")

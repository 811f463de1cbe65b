"""Bar charts as SVG, without a library: the results are read on a web page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_ROW, _LEFT, _WIDTH, _RIGHT = 24, 270, 420, 90


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        name: What it stands for.
        value: Its length.
        label: What is written at its end.
    """

    name: str
    value: float
    label: str


def bars(groups: Mapping[str, Sequence[Bar]]) -> str:
    """Return a chart of groups of bars, each group on a scale of its own."""
    parts: list[str] = []
    top = 10
    for title, group in groups.items():
        longest = max((bar.value for bar in group), default=1.0) or 1.0
        parts.append(f'<text x="10" y="{top + 14}" font-weight="bold">{escape(title)}</text>')
        top += _ROW
        for bar in group:
            width = max(1.0, bar.value / longest * _WIDTH)
            colour = "#0072b2" if bar.name.startswith("Elkhound") else "#999999"
            parts += [
                f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(bar.name)}</text>',
                f'<rect x="{_LEFT}" y="{top + 3}" width="{width:.1f}" height="{_ROW - 8}" '
                f'fill="{colour}"/>',
                f'<text x="{_LEFT + width + 6:.1f}" y="{top + 14}">{escape(bar.label)}</text>',
            ]
            top += _ROW
        top += _ROW // 2
    width = _LEFT + _WIDTH + _RIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" '
        f'viewBox="0 0 {width} {top}" font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )

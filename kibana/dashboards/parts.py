"""What dashboards share: controls, colours, and the line of links above them."""

from __future__ import annotations

from kibana.dashboard import Cell, Control

FAILED = "event.outcome: failure"
ALL = "ml.performance.scope: all"
REALISED, ESTIMATED = "#0072b2", "#e69f00"
"""Okabe and Ito's palette: told apart by colour-blind readers."""

LINKS = (
    ("fleet", "Fleet"), ("errors", "Errors"), ("incidents", "Incidents"),
    ("performance", "Performance"), ("drift", "Drift and quality"), ("versions", "Versions"),
    ("predictions", "Predictions"), ("resources", "Resources"), ("pipeline", "Pipeline"),
)  # fmt: skip
"""The dashboards, in the order in which they are linked."""


def about(name: str, text: str) -> tuple[int, list[Cell]]:
    """Return the first row: what a good day looks like, and the way to the other dashboards."""
    links = " · ".join(
        f"**{title}**" if one == name else f"[{title}](#/view/elkhound-{one})"
        for one, title in LINKS
    )
    return 4, [("about", "", f"{links}\n\n{text}", 48)]


def controls(kind: str, *names: str) -> tuple[Control, ...]:
    """Return lists to choose a model, version or others from.

    Args:
        kind: Kind of record or result whose values are listed.
        names: Which of them, as in ``FIELDS``.
    """
    return tuple(Control(name, TITLES[name], kind, FIELDS[name]) for name in names)


FIELDS = {
    "model": "ml.model.name",
    "version": "ml.model.version",
    "service": "service.name",
    "environment": "service.environment",
    "host": "host.name",
    "segment": "ml.finding.segment",
    "column": "ml.drift.column",
    "severity": "ml.finding.severity",
    "state": "ml.incident.state",
}
TITLES = {
    "model": "Model",
    "version": "Version",
    "service": "Service",
    "environment": "Environment",
    "host": "Host",
    "segment": "Segment",
    "column": "Input or output",
    "severity": "Severity",
    "state": "State",
}

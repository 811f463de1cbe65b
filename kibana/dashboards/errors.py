"""Errors: how many, since when, of which kind, and on which version of the model."""

from __future__ import annotations

from kibana.dashboard import Control, Dashboard, Panel
from kibana.lens import (
    bars_over_time,
    count,
    extreme_time,
    lines_over_time,
    metric,
    table,
    top_values,
)

FAILED = "event.outcome: failure"

ERRORS = Dashboard(
    name="errors",
    title="Elkhound: errors",
    description="What breaks, since when, and on which version of the model.",
    controls=(
        Control("service", "Service", "error", "service.name"),
        Control("model", "Model", "error", "ml.model.name"),
        Control("version", "Version", "error", "ml.model.version"),
        Control("environment", "Environment", "error", "service.environment"),
    ),
    panels=(
        Panel(
            "about",
            "",
            "**A good day** has few kinds of error, and none that began with a deployment. "
            "A colour that appears at once and stays is a change: look for its version below, "
            "then ask `elkhound errors` what goes with it.",
            0, 0, 48, 3,
        ),
        Panel("errors", "Errors", metric("error", count("Errors")), 0, 3, 12, 6),
        Panel(
            "failed",
            "Failed requests",
            metric("prediction", count("Failed requests", FAILED)),
            12, 3, 12, 6,
        ),
        Panel(
            "requests", "Requests", metric("prediction", count("Requests")), 24, 3, 12, 6
        ),
        Panel(
            "changes",
            "Changes to models",
            metric("lifecycle", count("Changes")),
            36, 3, 12, 6,
            "Deployments, roll-backs and other life-cycle events.",
        ),
        Panel(
            "rate",
            "Errors over time, by exception",
            bars_over_time(
                "error", count("Errors"), top_values("Exception", "error.type", 8, "value")
            ),
            0, 9, 24, 12,
        ),
        Panel(
            "versions",
            "Failed requests over time, by model version",
            lines_over_time(
                "prediction",
                count("Failed requests", FAILED),
                top_values("Version", "ml.model.version", 5, "value"),
            ),
            24, 9, 24, 12,
        ),
        Panel(
            "groups",
            "Messages, the most frequent first",
            table(
                "error",
                {
                    "template": top_values("Message", "error.template", 50, "number", False),
                    "place": top_values(
                        "Raised in", "error.culprit", 3, "number", with_missing=True
                    ),
                    "number": count("Errors"),
                    "first": extreme_time("First seen", "min"),
                    "last": extreme_time("Last seen", "max"),
                },
                sort_by="number",
                widths={"template": 560, "place": 260, "number": 90},
            ),
            0, 21, 48, 16,
            "`<*>` stands for what changes from message to message.",
        ),
    ),
)  # fmt: skip

"""Errors: how many, since when, of which kind, and on which version of the model."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import FAILED, about, controls
from kibana.lens import (
    PERCENT,
    bars_over_time,
    count,
    extreme_time,
    lines_over_time,
    metric,
    number,
    table,
    top_values,
)

ERRORS = Dashboard(
    name="errors",
    title="Elkhound: errors",
    description="What breaks, since when, and on which version of the model.",
    controls=controls("error", "service", "model", "version", "environment"),
    panels=rows(
        about(
            "errors",
            "**A good day** has few kinds of error, and none that began with a deployment. "
            "A colour that appears at once and stays is a change: look for its version below, "
            "then ask `elkhound errors` what goes with it.",
        ),
        (6, [
            ("errors", "Errors", metric("error", count("Errors")), 12),
            ("failed", "Failed requests", metric("prediction", count("Failed requests", FAILED)),
             12),
            ("requests", "Requests", metric("prediction", count("Requests")), 12),
            ("changes", "Changes to models", metric("lifecycle", count("Changes")), 12,
             "Deployments, roll-backs and other life-cycle events."),
        ]),
        (12, [
            ("rate", "Errors over time, by exception", bars_over_time(
                "error", count("Errors"), top_values("Exception", "error.type", 8, "value")
            ), 24),
            ("versions", "Failed requests over time, by model version", lines_over_time(
                "prediction", count("Failed requests", FAILED),
                top_values("Version", "ml.model.version", 5, "value"),
            ), 24),
        ]),
        (16, [
            ("groups", "Messages, the most frequent first", table(
                "error",
                {
                    "template": top_values("Message", "error.template", 50, "number", False),
                    "place": top_values("Raised in", "error.culprit", 3, "number",
                                        with_missing=True),
                    "number": count("Errors"),
                    "first": extreme_time("First seen", "min"),
                    "last": extreme_time("Last seen", "max"),
                },
                sort_by="number", widths={"template": 560, "place": 260, "number": 90},
            ), 48, "`<*>` stands for what changes from message to message."),
        ]),
        (13, [
            ("saved", "Error groups, as analysed", table(
                "error-groups",
                {
                    "name": top_values("Group", "error.grouping_name", 50, "errors",
                                       with_others=False),
                    "severity": top_values("Severity", "ml.finding.severity", 3, "errors",
                                           with_others=False),
                    "errors": number("Errors, most in a window", "max", "ml.finding.n"),
                    "effect": number("Requests that failed", "max", "ml.finding.effect", PERCENT),
                    "last": extreme_time("Window until", "max"),
                },
                sort_by="errors", widths={"name": 420},
            ), 30, "Saved by `elkhound errors --save`."),
            ("deployments", "Changes to models", table(
                "lifecycle",
                {
                    "action": top_values("Action", "event.action", 10, "when", with_others=False),
                    "version": top_values("Version", "ml.model.version", 10, "when",
                                          with_others=False),
                    "when": extreme_time("When", "max"),
                },
                sort_by="when",
            ), 18),
        ]),
    ),
)  # fmt: skip

"""Versions side by side: traffic, errors, latency, scores and accuracy of each."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import FAILED, about, controls
from kibana.lens import (
    DECIMALS,
    NANOSECONDS,
    PERCENT,
    bars_over_time,
    count,
    extreme_time,
    lines_over_time,
    number,
    table,
    top_values,
)

_VERSION = top_values("Version", "ml.model.version", 8, "value", with_others=False)

VERSIONS = Dashboard(
    name="versions",
    title="Elkhound: versions side by side",
    description="What a new version of a model does otherwise than the one before it.",
    controls=controls("prediction", "model", "environment", "service"),
    time="now-7d",
    panels=rows(
        about(
            "versions",
            "**A good roll-out**: the new version's lines lie on those of the old one: as few "
            "failures, as fast, and the same scores for the same traffic. Choose one model.",
        ),
        (11, [
            ("table", "Versions", table(
                "prediction",
                {
                    "version": top_values("Version", "ml.model.version", 30, "requests",
                                          with_others=False),
                    "requests": count("Predictions"),
                    "failed": count("Failed", FAILED),
                    "median": number("Latency, median", "percentile", "event.duration",
                                     NANOSECONDS, percentile=50),
                    "slow": number("Latency, p95", "percentile", "event.duration", NANOSECONDS,
                                   percentile=95),
                    "score": number("Mean score", "average", "ml.prediction.score", DECIMALS),
                    "last": extreme_time("Last prediction", "max"),
                },
                sort_by="last",
            ), 28),
            ("changes", "Changes to models", table(
                "lifecycle",
                {
                    "action": top_values("Action", "event.action", 10, "last", with_others=False),
                    "version": top_values("Version", "ml.model.version", 10, "last",
                                          with_others=False),
                    "last": extreme_time("When", "max"),
                },
                sort_by="last",
            ), 20),
        ]),
        (11, [
            ("traffic", "Predictions over time, by version", bars_over_time(
                "prediction", count("Predictions"), _VERSION
            ), 24),
            ("failed", "Failed predictions over time, by version", lines_over_time(
                "prediction", count("Failed", FAILED), _VERSION
            ), 24),
        ]),
        (11, [
            ("latency", "Latency over time, 95th percentile, by version", lines_over_time(
                "prediction",
                number("Latency, p95", "percentile", "event.duration", NANOSECONDS, percentile=95),
                top_values("Version", "ml.model.version", 8, None, with_others=False),
            ), 24),
            ("scores", "Mean score over time, by version", lines_over_time(
                "prediction", number("Mean score", "average", "ml.prediction.score", DECIMALS),
                _VERSION,
            ), 24),
        ]),
        (11, [
            ("accuracy", "Accuracy over time, by version", lines_over_time(
                "performance",
                number("Accuracy", "average", "ml.performance.accuracy", PERCENT),
                top_values("Version", "ml.performance.name", 8, "value", with_others=False),
                "ml.performance.scope: version",
            ), 24),
            ("errors", "Errors, by version and exception", table(
                "error",
                {
                    "version": top_values("Version", "ml.model.version", 10, "n",
                                          with_others=False),
                    "type": top_values("Exception", "error.type", 5, "n", with_others=False),
                    "n": count("Errors"),
                    "first": extreme_time("First seen", "min"),
                },
                sort_by="n",
            ), 24),
        ]),
    ),
)  # fmt: skip

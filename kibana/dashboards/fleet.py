"""Fleet: every model at a glance, with the way onward."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import ALL, FAILED, about, controls
from kibana.lens import (
    NANOSECONDS,
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

_MODEL = top_values("Model", "ml.model.name", 20, "value", with_others=False)

FLEET = Dashboard(
    name="fleet",
    title="Elkhound: fleet",
    description="Every model: traffic, errors, latency, accuracy, drift, open incidents.",
    controls=controls("prediction", "model", "environment"),
    panels=rows(
        about(
            "fleet",
            "**A good day**: no open incident, lines of failed requests near zero, accuracy level, "
            "and drift in no more than a column or two.",
        ),
        (6, [
            ("incidents", "Open incidents", metric(
                "incidents",
                number("Open incidents", "unique_count", "ml.finding.id",
                       query="ml.incident.state: open"),
            ), 12, "Incidents that did not end within the window they were found in."),
            ("requests", "Predictions", metric("prediction", count("Predictions")), 12),
            ("failed", "Failed predictions", metric("prediction", count("Failed", FAILED)), 12),
            ("latency", "Latency, 95th percentile", metric(
                "prediction",
                number("95th percentile", "percentile", "event.duration", NANOSECONDS,
                       percentile=95),
            ), 12),
        ]),
        (11, [
            ("models", "Models", table(
                "prediction",
                {
                    "model": top_values("Model", "ml.model.name", 50, "requests",
                                        with_others=False),
                    "requests": count("Predictions"),
                    "failed": count("Failed", FAILED),
                    "latency": number("Latency, p95", "percentile", "event.duration", NANOSECONDS,
                                      percentile=95),
                    "last": extreme_time("Last prediction", "max"),
                },
                sort_by="requests",
            ), 24),
            ("accuracy", "Accuracy over time, by model", lines_over_time(
                "performance",
                number("Accuracy", "average", "ml.performance.accuracy", PERCENT),
                _MODEL, ALL,
            ), 24, "Of predictions whose outcome is known; from `elkhound performance --save`."),
        ]),
        (11, [
            ("traffic", "Predictions over time, by model", bars_over_time(
                "prediction", count("Predictions"), _MODEL
            ), 24),
            ("errors", "Failed predictions over time, by model", lines_over_time(
                "prediction", count("Failed", FAILED), _MODEL
            ), 24),
        ]),
        (11, [
            ("drift", "Drifted columns over time, by model", lines_over_time(
                "drift", count("Drifted columns", "ml.drift.is_drifted: true"), _MODEL
            ), 24, "Saved by `elkhound drift --save`."),
            ("quality", "Broken rules over time, by model", lines_over_time(
                "quality", count("Broken rules", "ml.quality.is_violated: true"), _MODEL
            ), 24, "Saved by `elkhound quality --save`."),
        ]),
    ),
)  # fmt: skip

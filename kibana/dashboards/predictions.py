"""Predictions: outputs, scores, latency, and the segments they are of."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import FAILED, about, controls
from kibana.lens import (
    DECIMALS,
    NANOSECONDS,
    Column,
    bars_over_time,
    count,
    lines_over_time,
    measures_over_time,
    metric,
    number,
    shares_over_time,
    table,
    top_values,
)


def _latency(share: float) -> Column:
    return number(f"p{share:.0f}", "percentile", "event.duration", NANOSECONDS, percentile=share)


PREDICTIONS = Dashboard(
    name="predictions",
    title="Elkhound: predictions",
    description="What models answer, how fast, and to whom.",
    controls=controls("prediction", "model", "version", "service", "host"),
    panels=rows(
        about(
            "predictions",
            "**A good day**: the share of each answer is level, the 99th percentile of latency is "
            "not far from the 95th, and no host stands out.",
        ),
        (6, [
            ("requests", "Predictions", metric("prediction", count("Predictions")), 12),
            ("failed", "Failed", metric("prediction", count("Failed", FAILED)), 12),
            ("score", "Mean score", metric("prediction", number(
                "Mean score", "average", "ml.prediction.score", DECIMALS)), 12),
            ("hosts", "Hosts", metric("prediction", number(
                "Hosts", "unique_count", "host.name")), 12),
        ]),
        (11, [
            ("labels", "Predicted classes over time, shares", shares_over_time(
                "prediction", count("Predictions"),
                top_values("Class", "ml.prediction.label", 8, "value"),
            ), 24),
            ("latency", "Latency over time", measures_over_time(
                "prediction", {"p50": _latency(50), "p95": _latency(95), "p99": _latency(99)}
            ), 24),
        ]),
        (11, [
            ("scores", "Mean score over time, by version", lines_over_time(
                "prediction", number("Mean score", "average", "ml.prediction.score", DECIMALS),
                top_values("Version", "ml.model.version", 6, "value", with_others=False),
            ), 24),
            ("outcomes", "Outcomes over time", bars_over_time(
                "prediction", count("Predictions"),
                top_values("Outcome", "event.outcome", 3, "value"),
            ), 24),
        ]),
        (12, [
            ("hosts-table", "Hosts", table(
                "prediction",
                {
                    "host": top_values("Host", "host.name", 50, "n", with_others=False),
                    "n": count("Predictions"),
                    "failed": count("Failed", FAILED),
                    "slow": _latency(95),
                },
                sort_by="n",
            ), 24),
            ("exceptions", "Why predictions failed", table(
                "prediction",
                {
                    "type": top_values("Exception", "error.type", 30, "n", with_others=False),
                    "version": top_values("Version", "ml.model.version", 5, "n",
                                          with_others=False),
                    "n": count("Failed predictions"),
                },
                sort_by="n", query=FAILED,
            ), 24),
        ]),
    ),
)  # fmt: skip

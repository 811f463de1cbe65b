"""Performance: how good a model is, as far as labels have come, and as it is estimated."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import ALL, ESTIMATED, REALISED, about, controls
from kibana.lens import (
    DECIMALS,
    PERCENT,
    SECONDS,
    Column,
    count,
    heat_map,
    lines_over_time,
    measures_over_time,
    metric,
    number,
    table,
    top_values,
)

_FIELD = "ml.performance."


def _of(label: str, measure: str) -> Column:
    return number(label, "average", f"{_FIELD}{measure}", PERCENT)


PERFORMANCE = Dashboard(
    name="performance",
    title="Elkhound: performance",
    description="Accuracy with coverage and label lag, estimated against realised, by version.",
    controls=controls("performance", "model", "version", "segment"),
    time="now-30d",
    panels=rows(
        about(
            "performance",
            "**A good month**: accuracy is level, coverage near 100 % a few days back, and what "
            "was estimated is what came true. Where the two part, what follows from the inputs "
            "has changed. Saved by `elkhound performance --estimate --save`.",
        ),
        (6, [
            ("accuracy", "Accuracy", metric("performance", _of("Accuracy", "accuracy"), ALL), 12),
            ("coverage", "Have a label", metric("performance", _of("Coverage", "coverage"), ALL),
             12),
            ("lag", "Label lag, median", metric(
                "performance",
                number("Label lag", "average", f"{_FIELD}lag_median", SECONDS), ALL,
            ), 12),
            ("worse", "Windows that got worse", metric(
                "performance", count("Worse", f"{_FIELD}is_worse: true")
            ), 12, "Surely and much worse than the reference; versions and segments count, too."),
        ]),
        (12, [
            ("estimated", "Accuracy, realised and estimated", measures_over_time(
                "performance",
                {
                    "realised": _of("Realised", "accuracy"),
                    "estimated": _of("Estimated", "estimated.accuracy"),
                },
                ALL, {"realised": REALISED, "estimated": ESTIMATED},
            ), 24, "Estimated from the predictions alone."),
            ("arrival", "Coverage over time", measures_over_time(
                "performance", {"coverage": _of("Have a label", "coverage")}, ALL,
                {"coverage": REALISED},
            ), 24, "The last windows are low until labels have come."),
        ]),
        (12, [
            ("areas", "ROC AUC and F1 over time", measures_over_time(
                "performance",
                {
                    "auc": number("ROC AUC", "average", f"{_FIELD}roc_auc", DECIMALS),
                    "f1": number("F1", "average", f"{_FIELD}f1", DECIMALS),
                },
                ALL, {"auc": REALISED, "f1": ESTIMATED},
            ), 24),
            ("versions", "Accuracy over time, by version", lines_over_time(
                "performance", _of("Accuracy", "accuracy"),
                top_values("Version", f"{_FIELD}name", 8, "value", with_others=False),
                f"{_FIELD}scope: version",
            ), 24),
        ]),
        (14, [
            ("confusion", "Confusion matrix", heat_map(
                "performance",
                top_values("Predicted", f"{_FIELD}predicted", 20, "value", with_others=False),
                top_values("True", f"{_FIELD}actual", 20, "value", with_others=False),
                number("Rows", "sum", f"{_FIELD}count"),
                f"{_FIELD}scope: cell",
            ), 24, "Rows by true and predicted class; right ones are where both are the same."),
            ("calibration", "Calibration", table(
                "performance",
                {
                    "bin": top_values("Score from", f"{_FIELD}name", 10, "n", with_others=False),
                    "n": number("Rows", "sum", f"{_FIELD}count"),
                    "predicted": _of("Predicted", "probability"),
                    "observed": _of("Came true", "observed"),
                },
                sort_by="predicted", query=f"{_FIELD}scope: bin",
            ), 24, "Predicted and observed are alike where the model is calibrated."),
        ]),
        (12, [
            ("classes", "Classes", table(
                "performance",
                {
                    "name": top_values("Class", f"{_FIELD}name", 30, "n", with_others=False),
                    "n": number("Rows", "sum", f"{_FIELD}count"),
                    "precision": _of("Precision", "precision"),
                    "recall": _of("Recall", "recall"),
                    "f1": _of("F1", "f1"),
                },
                sort_by="n", query=f"{_FIELD}scope: class",
            ), 24),
            ("ratings", "Labels over time", lines_over_time(
                "feedback", count("Labels"),
                top_values("Label", "ml.actual.label", 8, "value"),
            ), 24, "When they came, not when their predictions were made."),
        ]),
    ),
)  # fmt: skip

"""Drift and data quality: which inputs and outputs changed, and which rules are broken."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import about, controls
from kibana.lens import (
    DECIMALS,
    PERCENT,
    bars,
    count,
    heat_map,
    lines_over_time,
    metric,
    number,
    over_time,
    table,
    top_values,
)

_DRIFTED = "ml.drift.is_drifted: true"
_BROKEN = "ml.quality.is_violated: true"

DRIFT = Dashboard(
    name="drift",
    title="Elkhound: drift and data quality",
    description="Which inputs and outputs changed, when, how far, and which rules are broken.",
    controls=controls("drift", "model", "version", "column"),
    time="now-30d",
    panels=rows(
        about(
            "drift",
            "**A good month** has pale rows: less than a tenth of the values moved. Drift is sure "
            "(q <= 0.01) *and* large. Saved by `elkhound drift --save` and "
            "`elkhound quality --save`.",
        ),
        (6, [
            ("drifted", "Columns that drifted", metric("drift", number(
                "Columns", "unique_count", "ml.drift.column", query=_DRIFTED)), 12),
            ("windows", "Times that a column drifted", metric("drift", count("Times", _DRIFTED)),
             12),
            ("broken", "Rules that were broken", metric("quality", count("Times", _BROKEN)), 12),
            ("missing", "Largest share missing", metric("drift", number(
                "Missing", "max", "ml.drift.missing", PERCENT)), 12),
        ]),
        (16, [
            ("map", "Share of the values that moved, by column and time", heat_map(
                "drift", over_time(),
                top_values("Column", "ml.drift.column", 30, "value", with_others=False),
                number("Moved", "average", "ml.drift.share_moved", PERCENT),
                "ml.drift.kind: (number OR category)",
            ), 48),
        ]),
        (13, [
            ("columns", "Columns, the most moved first", table(
                "drift",
                {
                    "column": top_values("Column", "ml.drift.column", 50, "moved",
                                         with_others=False),
                    "moved": number("Moved", "max", "ml.drift.share_moved", PERCENT),
                    "wasserstein": number("W1, robust deviations", "max", "ml.drift.wasserstein",
                                          DECIMALS),
                    "psi": number("PSI", "max", "ml.drift.population_stability_index", DECIMALS),
                    "missing": number("Missing", "max", "ml.drift.missing", PERCENT),
                    "times": count("Times drifted", _DRIFTED),
                },
                sort_by="moved",
            ), 28),
            ("absent", "Share missing over time, by column", lines_over_time(
                "drift", number("Missing", "max", "ml.drift.missing", PERCENT),
                top_values("Column", "ml.drift.column", 8, "value", with_others=False),
            ), 20),
        ]),
        (13, [
            ("rules", "Rules, the most often broken first", table(
                "quality",
                {
                    "column": top_values("Column", "ml.quality.column", 50, "times",
                                         with_others=False, with_missing=False),
                    "rule": top_values("Rule", "ml.quality.rule", 5, "times", with_others=False),
                    "times": count("Times broken", _BROKEN),
                    "share": number("Largest share", "max", "ml.quality.share", PERCENT),
                },
                sort_by="times", widths={"rule": 340}, query=_BROKEN,
            ), 28),
            ("dimensions", "Broken rules, by dimension", bars(
                "quality",
                top_values("Dimension", "ml.quality.dimension", 8, "value", with_others=False),
                count("Times"), _BROKEN,
            ), 20),
        ]),
    ),
)  # fmt: skip

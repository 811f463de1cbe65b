"""Pipeline: whether records arrive, how many are lost on the way, and what was refused."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import about, controls
from kibana.lens import (
    BYTES,
    bars_over_time,
    count,
    extreme_time,
    lines_over_time,
    metric,
    number,
    table,
    top_values,
)

_SERVICE = top_values("Service", "service.name", 8, "value", with_others=False)

PIPELINE = Dashboard(
    name="pipeline",
    title="Elkhound: pipeline",
    description="Records, drops, spools, dead letters: can the other dashboards be believed?",
    controls=controls("resource", "service", "host"),
    panels=rows(
        about(
            "pipeline",
            "**A good day**: nothing dropped, no dead letter, and spools that are empty again "
            "after a receiver was away.",
        ),
        (6, [
            ("dead", "Dead letters", metric("deadletter", count("Dead letters")), 12,
             "What Logstash or Elasticsearch refused, with the reason."),
            ("dropped", "Dropped by shippers", metric("resource", number(
                "Dropped", "max", "ml.shipper.dropped")), 12,
             "The largest counter of one process since it began."),
            ("rejected", "Set aside by shippers", metric("resource", number(
                "Rejected", "max", "ml.shipper.rejected")), 12,
             "Records that broke the schema; they are in the spool's folder `rejected`."),
            ("spool", "Largest spool", metric("resource", number(
                "Spool", "max", "ml.shipper.spool.bytes", BYTES)), 12),
        ]),
        (11, [
            ("predictions", "Predictions over time, by service", bars_over_time(
                "prediction", count("Predictions"), _SERVICE), 24),
            ("logs", "Log lines over time, by level", bars_over_time(
                "service", count("Log lines"), top_values("Level", "log.level", 5, "value")), 24),
        ]),
        (11, [
            ("undelivered", "Undelivered over time, by service", lines_over_time(
                "resource", number("Undelivered", "max", "ml.shipper.undelivered.bytes", BYTES),
                _SERVICE), 24),
            ("refused", "Dead letters over time, by kind", bars_over_time(
                "deadletter", count("Dead letters"),
                top_values("Stream", "event.dataset", 8, "value")), 24),
        ]),
        (12, [
            ("reasons", "Why letters are dead", table(
                "deadletter",
                {
                    "reason": top_values("Reason", "error.message", 30, "n", with_others=False),
                    "n": count("Records"),
                    "last": extreme_time("Last", "max"),
                },
                sort_by="n", widths={"reason": 560},
            ), 30),
            ("shippers", "Shippers", table(
                "resource",
                {
                    "service": top_values("Service", "service.name", 30, "accepted",
                                          with_others=False),
                    "host": top_values("Host", "host.name", 10, "accepted", with_others=False),
                    "accepted": number("Accepted", "max", "ml.shipper.accepted"),
                    "last": extreme_time("Last seen", "max"),
                },
                sort_by="last",
            ), 18),
        ]),
    ),
)  # fmt: skip

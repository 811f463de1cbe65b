"""Incidents: what went wrong together, why most likely, and what happened around it."""

from __future__ import annotations

from kibana.dashboard import Dashboard, rows
from kibana.dashboards.parts import about, controls
from kibana.lens import (
    DECIMALS,
    bars,
    bars_over_time,
    count,
    extreme_time,
    lines_over_time,
    metric,
    number,
    table,
    top_values,
)

INCIDENTS = Dashboard(
    name="incidents",
    title="Elkhound: incidents",
    description="Incidents with their most likely cause, and everything on the same axis of time.",
    controls=controls("incidents", "model", "state", "severity"),
    time="now-7d",
    panels=rows(
        about(
            "incidents",
            "**A good week** has few incidents, none of them open. Choose one below: the rows "
            "under it show errors, changes and resources at the same time. `elkhound incidents` "
            "tells the evidence.",
        ),
        (6, [
            ("open", "Open", metric("incidents", number(
                "Open", "unique_count", "ml.finding.id", query="ml.incident.state: open")), 12),
            ("critical", "Critical", metric("incidents", number(
                "Critical", "unique_count", "ml.finding.id",
                query="ml.finding.severity: critical")), 12),
            ("changes", "Changes to models", metric("lifecycle", count("Changes")), 12),
            ("new", "Error groups", metric("error-groups", number(
                "Groups", "unique_count", "error.grouping_key")), 12),
        ]),
        (13, [
            ("list", "Incidents, the largest first", table(
                "incidents",
                {
                    "subject": top_values("Incident", "ml.finding.subject", 50, "errors",
                                          with_others=False),
                    "severity": top_values("Severity", "ml.finding.severity", 3, "errors",
                                           with_others=False),
                    "state": top_values("State", "ml.incident.state", 3, "errors",
                                        with_others=False),
                    "errors": number("Errors", "max", "ml.finding.n"),
                    "score": number("Score of the cause", "max", "ml.incident.cause.score",
                                    DECIMALS),
                    "last": extreme_time("Window until", "max"),
                },
                sort_by="errors", widths={"subject": 420},
            ), 30),
            ("causes", "Most likely causes, by kind", bars(
                "incidents",
                top_values("Kind of cause", "ml.incident.cause.category", 8, "value",
                           with_others=False),
                count("Incidents"),
            ), 18),
        ]),
        (10, [
            ("errors", "Errors over time, by exception", bars_over_time(
                "error", count("Errors"), top_values("Exception", "error.type", 6, "value")
            ), 48),
        ]),
        (9, [
            ("deployments", "Changes over time, by what was done", bars_over_time(
                "lifecycle", count("Changes"), top_values("Action", "event.action", 7, "value")
            ), 48),
        ]),
        (10, [
            ("memory", "Memory of processes over time, by host", lines_over_time(
                "resource",
                number("Memory", "max", "system.process.memory.rss.bytes",
                       {"id": "bytes", "params": {"decimals": 0}}),
                top_values("Host", "host.name", 6, "value", with_others=False),
            ), 24),
            ("cpu", "CPU over time, by host", lines_over_time(
                "resource",
                number("CPU", "average", "system.cpu.total.norm.pct",
                       {"id": "percent", "params": {"decimals": 0}}),
                top_values("Host", "host.name", 6, "value", with_others=False),
            ), 24),
        ]),
    ),
)  # fmt: skip

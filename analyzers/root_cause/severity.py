"""How bad a finding is: by the share of the requests that it touched."""

from __future__ import annotations

from datetime import datetime

from analyzers.findings import SEVERITIES, Finding, Severity

CRITICAL_SHARE = 0.01
"""Share of the requests of its span from which a finding is critical, if enough of them failed."""

MINIMUM_FAILED = 5
"""Failed requests below which nothing is concluded."""


def severity_of(effect: float | None, failed: int) -> Severity:
    """Return how bad something is that a share of the requests failed with.

    Args:
        effect: The share; None where it cannot be said.
        failed: How many that were.
    """
    if effect is None or not failed:
        return "info"
    return "critical" if effect >= CRITICAL_SHARE and failed >= MINIMUM_FAILED else "warning"


def worst_first(finding: Finding) -> tuple[int, int, tuple[datetime, datetime], str]:
    """Return what findings are sorted by: severity, number of records, onset."""
    return (-SEVERITIES.index(finding.severity), -finding.n, finding.onset, finding.id)

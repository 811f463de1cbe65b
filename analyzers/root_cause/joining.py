"""Findings of monitors as parts of incidents, or as incidents of their own.

What a monitor found joins the incident that names it as a cause and began with it. The rest, of one
model and one time, is an incident without an error: nobody failed yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from analyzers.findings import SEVERITIES, Cause, Finding, Member
from shipper.fingerprint import digest

NEAR = timedelta(minutes=2)
"""How far apart an incident's onset and the window of a finding may lie."""

NAMED = 5
"""Subjects that the name of an incident tells; the others are counted."""


def join_findings(
    incidents: Sequence[Finding],
    findings: Sequence[Finding],
    since: datetime | None,
    until: datetime | None,
) -> list[Finding]:
    """Return the incidents with what monitors found.

    Args:
        incidents: Incidents of error groups.
        findings: What monitors found to be alarming; each with the time that it began in.
        since: Begin of the window.
        until: End of the window.
    """
    joined = list(incidents)
    rest: list[Finding] = []
    for finding in findings:
        place = next((i for i, one in enumerate(joined) if _names(one, finding)), None)
        if place is None:
            rest.append(finding)
        else:
            one = joined[place]
            joined[place] = replace(one, evidence=(*one.evidence, _member(finding)))
    return [*joined, *_of_their_own(rest, since, until)]


def _names(incident: Finding, finding: Finding) -> bool:
    """Return whether an incident began with a finding, and has its subject for a cause."""
    if finding.model and incident.model and finding.model != incident.model:
        return False
    earliest, latest = incident.onset
    if latest + NEAR < finding.onset[0] or finding.onset[1] < earliest - NEAR:
        return False
    causes = [item for item in incident.evidence if isinstance(item, Cause)]
    return any(
        cause.field.endswith(f".{finding.subject}") or cause.value == finding.subject
        for cause in causes
    )


def _member(finding: Finding) -> Member:
    return Member(finding.id, finding.summary, finding.n, is_symptom=False, category=finding.kind)


def _of_their_own(
    findings: Sequence[Finding], since: datetime | None, until: datetime | None
) -> list[Finding]:
    """Return an incident for each model, kind and time of what began together."""
    together: dict[tuple[str, str, tuple[datetime, datetime]], list[Finding]] = {}
    for finding in findings:
        key = (finding.kind, finding.model or "", finding.onset)
        together.setdefault(key, []).append(finding)
    return [_incident(kind, some, since, until) for (kind, _, _), some in together.items()]


def _incident(
    kind: str, findings: Sequence[Finding], since: datetime | None, until: datetime | None
) -> Finding:
    ranked = sorted(findings, key=lambda one: (-(one.effect or 0.0), one.subject))
    first = ranked[0]
    named = ", ".join(finding.subject for finding in ranked[:NAMED])
    more = f" and {len(ranked) - NAMED} more" if len(ranked) > NAMED else ""
    of_model = f" of {first.model}" if first.model else ""
    earliest, latest = (moment.strftime("%Y-%m-%d %H:%M") for moment in first.onset)
    return Finding(
        kind="incident",
        id=digest(
            ("incident", kind, first.model or "", first.onset[1].isoformat(timespec="minutes"))
        ),
        subject=f"{kind}{of_model}: {named}{more}",
        summary=(
            f"Began between {earliest} and {latest}. {first.summary} No request failed with it."
        ),
        model=first.model,
        version=first.version,
        since=since,
        until=until,
        n=max(finding.n for finding in ranked),
        requests=max(finding.requests for finding in ranked),
        effect=None,
        p=first.p,
        q=first.q,
        onset=first.onset,
        last_seen=max(finding.last_seen for finding in ranked),
        severity=max((finding.severity for finding in ranked), key=SEVERITIES.index),
        # a later run knows the incident by its first member
        evidence=tuple(_member(finding) for finding in sorted(ranked, key=lambda one: one.id)),
    )

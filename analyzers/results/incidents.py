"""Incidents live on: a later run finds them again, brings them up to date, and closes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from analyzers.findings import Finding, Member
from analyzers.results.documents import result_of
from analyzers.root_cause.incidents import OPEN, OVER, QUIET, state_of
from analyzers.stores.base import Window
from analyzers.stores.results import Result, ResultStore, Saved
from shipper.schema.validation import lookup

KIND = "incidents"


def save_incidents(
    results: ResultStore,
    incidents: Sequence[Finding],
    window: Window,
    created: datetime,
) -> Saved:
    """Store incidents under the ids that they had in earlier runs, and close those that are over.

    An incident is the same as a stored one when its first error group is, and their times meet:
    its onset may have become clearer since.

    Args:
        results: Where incidents are kept.
        incidents: What was found now.
        window: The window that was looked at; both ends are needed.
        created: When they were computed.

    Raises:
        StoreError: If the store cannot be read or written.
    """
    since, until = window.ends()
    known = list(results.read(KIND, Window()))
    found: list[Result] = []
    taken: set[str] = set()
    for incident in incidents:
        stored = _same(incident, known)
        if stored is not None:
            identity = str(lookup(stored, "ml.finding.id"))
            first = datetime.fromisoformat(lookup(stored, "ml.finding.onset.earliest"))
            if first < since:  # it began before this window
                latest = datetime.fromisoformat(lookup(stored, "ml.finding.onset.latest"))
                incident = replace(incident, onset=(first, latest))
            incident = replace(incident, id=identity)
        taken.add(incident.id)
        made = result_of(incident, window, created, identity=incident.id)
        found.append(_with_state(made.id, made.document, state_of(incident, until)))
    for stored in known:
        identity = str(lookup(stored, "ml.finding.id"))
        last_seen = datetime.fromisoformat(lookup(stored, "ml.finding.last_seen"))
        is_open = lookup(stored, "ml.incident.state") == OPEN
        if identity not in taken and is_open and until - last_seen >= QUIET:
            found.append(_with_state(identity, stored, OVER))
    return results.put(KIND, found)


def _same(incident: Finding, known: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the stored incident that this one is, or None."""
    groups = [item.group for item in incident.evidence if isinstance(item, Member)]
    for stored in known:
        root = (lookup(stored, "ml.incident.groups") or [""])[0]
        begin = datetime.fromisoformat(lookup(stored, "ml.finding.onset.earliest"))
        end = datetime.fromisoformat(lookup(stored, "ml.finding.last_seen"))
        if (
            groups[:1] == [root]
            and incident.onset[0] <= end + QUIET
            and begin <= incident.last_seen + QUIET
        ):
            return stored
    return None


def _with_state(identity: str, document: Mapping[str, Any], state: str) -> Result:
    ml = dict(document["ml"])
    ml["incident"] = {**ml["incident"], "state": state}
    return Result(identity, {**document, "ml": ml})

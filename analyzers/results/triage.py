"""What people decided about error groups, kept beside the results."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from analyzers.errors.groups import ErrorGroup
from analyzers.errors.triage import Decision, TriageState, decision_on
from analyzers.findings import plain
from analyzers.results.documents import envelope, nested
from analyzers.stores.base import Window
from analyzers.stores.results import Result, ResultStore, Saved
from shipper.schema.validation import lookup

KIND = "triage"


def read_decisions(results: ResultStore) -> dict[str, Decision]:
    """Return all decisions, by the group's id and by each of its fingerprints.

    A group whose template has widened since has another id, and still some of its fingerprints.

    Raises:
        StoreError: If the store cannot be read.
    """
    found: dict[str, Decision] = {}
    for document in results.read(KIND, Window()):
        decision = Decision(
            group=str(lookup(document, "error.grouping_key")),
            fingerprints=tuple(lookup(document, "error.fingerprint") or ()),
            state=lookup(document, "ml.triage.state"),
            time=datetime.fromisoformat(lookup(document, "ml.triage.time")),
            release=lookup(document, "ml.triage.release"),
            owner=lookup(document, "ml.triage.owner"),
            note=lookup(document, "ml.triage.note"),
        )
        for key in (decision.group, *decision.fingerprints):
            found[key] = decision
    return found


def decide(
    results: ResultStore,
    group: ErrorGroup,
    now: datetime,
    state: TriageState | None = None,
    release: str | None = None,
    owner: str | None = None,
    note: str | None = None,
) -> tuple[Decision, Saved]:
    """Store a decision; what is not given stays as it was.

    Raises:
        StoreError: If the store cannot be read or written.
    """
    known = read_decisions(results)
    decision = decision_on(group, known) or Decision(group.id, (), "open", now)
    fingerprints = tuple(dict.fromkeys((*decision.fingerprints, *group.fingerprints)))
    decision = replace(decision, fingerprints=fingerprints)
    if state is not None:
        decision = replace(decision, state=state, time=now, release=release)
    decision = replace(decision, owner=owner or decision.owner, note=note or decision.note)
    document = nested(
        {
            **envelope(Window(decision.time, decision.time), now),
            "ml.finding.id": decision.group,
            "ml.finding.kind": "triage",
            "error.grouping_key": decision.group,
            "error.fingerprint": list(decision.fingerprints),
            "ml.triage.state": decision.state,
            "ml.triage.time": plain(decision.time),
            "ml.triage.release": decision.release,
            "ml.triage.owner": decision.owner,
            "ml.triage.note": decision.note,
        }
    )
    return decision, results.put(KIND, [Result(f"triage-{decision.group}", document)])

"""What people decide about error groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from analyzers.errors.groups import ErrorGroup

TriageState = Literal["open", "resolved", "ignored"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one group.

    Attributes:
        group: Its id.
        fingerprints: Fingerprints that it had then.
        state: Open, resolved or ignored.
        time: When that was decided.
        release: Release of the service that mends it, where it was named.
        owner: Who looks after it.
        note: Why.
    """

    group: str
    fingerprints: tuple[str, ...]
    state: TriageState
    time: datetime
    release: str | None = None
    owner: str | None = None
    note: str | None = None


def decision_on(group: ErrorGroup, decisions: Mapping[str, Decision]) -> Decision | None:
    """Return what was decided about a group, or about one that shares a fingerprint with it.

    Args:
        group: The group.
        decisions: What was decided, by id and by fingerprint.
    """
    keys = (group.id, *group.fingerprints)
    return next((decisions[key] for key in keys if key in decisions), None)

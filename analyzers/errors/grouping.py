"""How errors are grouped here: by themselves, by the rules of people, and as they were before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from analyzers.errors.groups import ErrorGroup, group_patterns
from analyzers.errors.rules import GroupRule
from analyzers.stores.base import ErrorPattern
from shipper.fingerprint import digest


@dataclass(slots=True)
class KnownGroup:
    """A group that an earlier run stored.

    Attributes:
        id: Its id.
        since: End of the first window that it was seen in.
        fingerprints: All fingerprints that it ever had.
        templates: Its templates, each with the end of the first window that showed it, in order.
    """

    id: str
    since: datetime
    fingerprints: set[str] = field(default_factory=set)
    templates: list[tuple[datetime, str]] = field(default_factory=list)

    def learn(self, moment: datetime, fingerprints: Iterable[str], template: str) -> None:
        """Take in what a window showed of the group; windows come in order."""
        self.fingerprints.update(fingerprints)
        if template not in [known for _, known in self.templates]:
            self.templates.append((moment, template))


class Grouping:
    """Groups errors.

    A template follows from the messages of a window, and widens as more of them come: so a group
    that shares a fingerprint with one of an earlier run is that group, and keeps its id.

    Args:
        rules: Rules of people; the id of a group that a rule's key makes follows from the key.
        known: Groups of earlier runs.
    """

    def __init__(self, rules: Sequence[GroupRule] = (), known: Iterable[KnownGroup] = ()) -> None:
        self.rules = tuple(rules)
        self._known = {group.id: group for group in known}

    def groups(self, patterns: Iterable[ErrorPattern]) -> list[ErrorGroup]:
        """Return the groups of error patterns, most frequent first."""
        groups = group_patterns(patterns, self.rules)
        if not self._known:
            return groups
        owners: dict[str, list[KnownGroup]] = {}
        for known in sorted(self._known.values(), key=lambda one: (one.since, one.id)):
            for fingerprint in known.fingerprints:
                owners.setdefault(fingerprint, []).append(known)
        taken: set[str] = {group.id for group in groups if group.has_key}
        return [
            group if group.has_key else replace(group, id=_identity(group, owners, taken))
            for group in groups
        ]

    def learn(self, groups: Iterable[ErrorGroup], moment: datetime) -> None:
        """Remember groups, so that those of the next window keep their ids."""
        for group in groups:
            known = self._known.setdefault(group.id, KnownGroup(group.id, moment))
            known.learn(moment, group.fingerprints, group.template)

    def history(self, group: ErrorGroup) -> list[tuple[datetime, str]]:
        """Return the templates that a group had in earlier runs, the first one first."""
        known = self._known.get(group.id)
        return list(known.templates) if known is not None else []


def _identity(group: ErrorGroup, owners: dict[str, list[KnownGroup]], taken: set[str]) -> str:
    """Return the id that a group had before; of a group that fell apart the largest part has it."""
    shared = {known.id: known for f in group.fingerprints for known in owners.get(f, ())}
    for known in sorted(shared.values(), key=lambda one: (one.since, one.id)):
        if known.id not in taken:
            taken.add(known.id)
            return known.id
    identity = group.id
    if identity in taken:
        identity = digest(("group", identity, min(group.fingerprints)))
    taken.add(identity)
    return identity

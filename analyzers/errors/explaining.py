"""Why some records are one error group, and others are not part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from analyzers.errors.groups import ErrorGroup
from analyzers.errors.templates import parameters

NEAREST = 5
"""Other groups that are compared: those that share most with it."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another group that shares something with this one, and what keeps them apart.

    Attributes:
        id: Its id.
        name: Its exception and template.
        count: Its records.
        same: What both have: ``types``, ``place``, ``template``.
        different: What they do not, with both values.
    """

    id: str
    name: str
    count: int
    same: tuple[str, ...]
    different: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class GroupExplanation:
    """Why records are together.

    Attributes:
        group: The group.
        parameters: Type and example of each changing part of its message.
        neighbours: The groups that are most like it.
        history: Templates that it had in earlier runs, each with the time of the first of them.
    """

    group: ErrorGroup
    parameters: tuple[tuple[str, str], ...]
    neighbours: tuple[Neighbour, ...]
    history: tuple[tuple[datetime, str], ...] = ()


def find_group(groups: Sequence[ErrorGroup], identity: str) -> ErrorGroup | None:
    """Return the group with an id, of which the beginning will do; None where it is not unique."""
    found = [group for group in groups if group.id.startswith(identity)]
    return found[0] if len(found) == 1 else None


def explain_group(
    group: ErrorGroup,
    groups: Sequence[ErrorGroup],
    history: Sequence[tuple[datetime, str]] = (),
) -> GroupExplanation:
    """Say why a group's records are together.

    Args:
        group: The group.
        groups: All groups of the window.
        history: Templates that it had in earlier runs, each with the time of the first of them.
    """
    mine = _key(group)
    neighbours: list[Neighbour] = []
    for other in groups:
        theirs = _key(other)
        same = tuple(name for name in mine if mine[name] == theirs[name])
        if other.id == group.id or not same:
            continue
        different = tuple((n, mine[n], theirs[n]) for n in mine if mine[n] != theirs[n])
        name = f"{other.type}: {other.template}" if other.template else other.type
        neighbours.append(Neighbour(other.id, name, other.count, same, different))
    neighbours.sort(key=lambda other: (-len(other.same), -other.count, other.id))
    found = [(kind, value) for value, kind in parameters(group.message, group.template)]
    return GroupExplanation(group, tuple(found), tuple(neighbours[:NEAREST]), tuple(history))


def _key(group: ErrorGroup) -> dict[str, str]:
    """Return what a group is made by."""
    return {
        "types": " <- ".join(group.types),
        "place": group.culprit or group.logger,
        "template": group.template,
    }

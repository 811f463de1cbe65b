"""Join fingerprints to error groups: one fault, one group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from analyzers.errors.templates import first_line, mask_line, mine
from analyzers.stores.base import ErrorPattern
from shipper.fingerprint import digest

_ANNOUNCES = re.compile(r"^(?:<\*>|\d+) (?:\w+ )?errors?\b|^(?:\S+ ){0,3}\S*:\s*$")
_ANNOUNCED_LINES = 2


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Fingerprints that are one fault: same exceptions, same place, same message template.

    Attributes:
        id: Stable id.
        type: Class of the exception raised last.
        types: Classes of the whole chain.
        culprit: Innermost own-code place, or ''.
        template: Message template.
        message: Message of the earliest record.
        logger: Logger of the earliest record.
        fingerprints: The fingerprints, the most frequent first.
        count: Number of records.
        first_seen: Time of the earliest.
        last_seen: Time of the latest.
    """

    id: str
    type: str
    types: tuple[str, ...]
    culprit: str
    template: str
    message: str
    logger: str
    fingerprints: tuple[str, ...]
    count: int
    first_seen: datetime
    last_seen: datetime


def group_id(types: Sequence[str], place: str, template: str) -> str:
    """Return the id of an error group: the same in every run, on every store."""
    return digest(("group", *types, place, template))


def group_patterns(patterns: Iterable[ErrorPattern]) -> list[ErrorGroup]:
    """Return the groups of error patterns, most frequent first.

    Two fingerprints join when the exception types of their chains and the innermost own-code place
    agree and their messages have one template. So one fault reached by several paths is one group,
    and one shared raise site that serves different faults is several.
    """
    by_place: dict[tuple[tuple[str, ...], str], list[ErrorPattern]] = {}
    for pattern in patterns:
        by_place.setdefault(_place(pattern), []).append(pattern)
    groups: list[ErrorGroup] = []
    for (types, place), members in by_place.items():
        masked = {p.fingerprint: mask_line(telling_lines(p.template)) for p in members}
        templates = mine(set(masked.values()))
        by_template: dict[str, list[ErrorPattern]] = {}
        for pattern in members:
            by_template.setdefault(templates[masked[pattern.fingerprint]], []).append(pattern)
        groups.extend(
            _group(types, place, template, joined) for template, joined in by_template.items()
        )
    return sorted(groups, key=lambda group: (-group.count, group.first_seen, group.id))


def telling_lines(template: str) -> str:
    """Return what of a message says which fault it is, on one line.

    That is its first line, unless this only announces what follows it: ``2 validation errors for
    Request``, or a few words and a colon.
    """
    if _ANNOUNCES.search(template.partition("\n")[0]) is None:
        return first_line(template)
    lines = [line.strip() for line in template.splitlines() if line.strip()]
    return " ".join(lines[: 1 + _ANNOUNCED_LINES])


def _place(pattern: ErrorPattern) -> tuple[tuple[str, ...], str]:
    types = pattern.types or (pattern.type,)
    # an error logged without an exception has no frames: its logger is its place
    return types, pattern.culprit or pattern.logger


def _group(
    types: tuple[str, ...], place: str, template: str, patterns: Sequence[ErrorPattern]
) -> ErrorGroup:
    earliest = min(patterns, key=lambda pattern: (pattern.first_seen, pattern.fingerprint))
    frequent = sorted(patterns, key=lambda pattern: (-pattern.count, pattern.fingerprint))
    return ErrorGroup(
        id=group_id(types, place, template),
        type=earliest.type,
        types=types,
        culprit=earliest.culprit,
        template=template,
        message=earliest.message,
        logger=earliest.logger,
        fingerprints=tuple(pattern.fingerprint for pattern in frequent),
        count=sum(pattern.count for pattern in patterns),
        first_seen=earliest.first_seen,
        last_seen=max(pattern.last_seen for pattern in patterns),
    )

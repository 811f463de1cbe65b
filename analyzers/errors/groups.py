"""Join fingerprints to error groups: one fault, one group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from analyzers.errors.rules import GroupRule
from analyzers.errors.templates import first_line, mask_line, mine
from analyzers.stores.base import ErrorPattern
from shipper.fingerprint import digest

_ANNOUNCES = re.compile(r"^(?:<\*>|\d+) (?:\w+ )?errors?\b|^(?:\S+ ){0,3}\S*:\s*$")
_ANNOUNCED_LINES = 2

_Cluster = tuple[str, str, list[ErrorPattern], GroupRule | None]
"""Id, template, patterns, and the rule that made it or names it."""


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
        name: What a rule calls it, or None.
        owner: Who looks after it, by a rule, or None.
        is_ignored: Whether a rule says that nobody minds it.
        has_key: Whether a rule's key makes it, and its id.
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
    name: str | None = None
    owner: str | None = None
    is_ignored: bool = False
    has_key: bool = False


def group_id(types: Sequence[str], place: str, template: str) -> str:
    """Return the id of an error group: the same in every run, on every store."""
    return digest(("group", *types, place, template))


def group_patterns(
    patterns: Iterable[ErrorPattern], rules: Sequence[GroupRule] = ()
) -> list[ErrorGroup]:
    """Return the groups of error patterns, most frequent first.

    Two fingerprints join when the exception types of their chains and the innermost own-code place
    agree and their messages have one template. So one fault reached by several paths is one group,
    and one shared raise site that serves different faults is several.

    Args:
        patterns: Distinct errors.
        rules: What people know better; of the rules that match an error, the first one counts.
    """
    groups = [_group(*cluster) for cluster in _apply(rules, _clusters(patterns))]
    return sorted(groups, key=lambda group: (-group.count, group.first_seen, group.id))


def _clusters(patterns: Iterable[ErrorPattern]) -> list[_Cluster]:
    """Return the patterns that are together by themselves."""
    by_place: dict[tuple[tuple[str, ...], str], list[ErrorPattern]] = {}
    for pattern in patterns:
        by_place.setdefault(_place(pattern), []).append(pattern)
    clusters: list[_Cluster] = []
    for (types, place), members in by_place.items():
        masked = {p.fingerprint: mask_line(telling_lines(p.template)) for p in members}
        templates = mine(set(masked.values()))
        by_template: dict[str, list[ErrorPattern]] = {}
        for pattern in members:
            by_template.setdefault(templates[masked[pattern.fingerprint]], []).append(pattern)
        clusters.extend(
            (group_id(types, place, template), template, joined, None)
            for template, joined in by_template.items()
        )
    return clusters


def _apply(rules: Sequence[GroupRule], clusters: Sequence[_Cluster]) -> list[_Cluster]:
    """Return the clusters as the rules have them."""
    if not rules:
        return list(clusters)
    found: dict[tuple[str, GroupRule | None], _Cluster] = {}
    for identity, template, patterns, _ in clusters:
        for pattern in patterns:
            rule = next((rule for rule in rules if rule.matches(pattern)), None)
            key = None if rule is None else rule.key_of(pattern, identity)
            mine = identity if key is None else digest(("group-rule", key))
            found.setdefault((mine, rule), (mine, template, [], rule))[2].append(pattern)
    return _joined(found.values())


def _joined(clusters: Iterable[_Cluster]) -> list[_Cluster]:
    """Join what has one id: a rule that only names or ignores takes its whole group with it."""
    found: dict[str, _Cluster] = {}
    for identity, template, patterns, rule in clusters:
        known = found.get(identity)
        if known is None:
            found[identity] = (identity, template, list(patterns), rule)
        else:
            found[identity] = (identity, known[1], [*known[2], *patterns], known[3] or rule)
    return list(found.values())


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
    identity: str, template: str, patterns: Sequence[ErrorPattern], rule: GroupRule | None
) -> ErrorGroup:
    earliest = min(patterns, key=lambda pattern: (pattern.first_seen, pattern.fingerprint))
    frequent = sorted(patterns, key=lambda pattern: (-pattern.count, pattern.fingerprint))
    return ErrorGroup(
        id=identity,
        type=earliest.type,
        types=earliest.types or (earliest.type,),
        culprit=earliest.culprit,
        template=template,
        message=earliest.message,
        logger=earliest.logger,
        fingerprints=tuple(pattern.fingerprint for pattern in frequent),
        count=sum(pattern.count for pattern in patterns),
        first_seen=earliest.first_seen,
        last_seen=max(pattern.last_seen for pattern in patterns),
        name=rule.name if rule else None,
        owner=rule.owner if rule else None,
        is_ignored=rule is not None and rule.ignore,
        has_key=rule is not None and rule.key is not None,
    )

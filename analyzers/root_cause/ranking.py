"""Which causes explain an error group, the best first; none where nothing does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzers.findings import Cause
from analyzers.root_cause.causes import (
    EVERYWHERE,
    MINIMUM_SCORE,
    NODE,
    TIE,
    TOGETHER,
    VERSIONS,
    order_of,
)

PLACES = ("host.name", NODE)
LOCAL = ("resource", "restart")
"""Kinds of causes whose values are hosts."""


def rank(candidates: Iterable[Cause]) -> list[Cause]:
    """Return the causes that explain enough, the best first, each only once.

    A value that a better cause brought, such as the version of a deployment, is that cause's
    evidence and no cause of its own.
    """
    ranked = sorted((cause for cause in candidates if cause.score >= MINIMUM_SCORE), key=order_of)
    found: list[Cause] = []
    for cause in ranked:
        if not any(_is_the_same(cause, better) for better in found):
            found.append(cause)
    return found


def is_a_tie(causes: Sequence[Cause]) -> bool:
    """Return whether the first two causes explain equally much in the same way."""
    return (
        len(causes) > 1
        and causes[0].category == causes[1].category
        and causes[0].score - causes[1].score < TIE
    )


def _is_the_same(cause: Cause, better: Cause) -> bool:
    if better.category == "change":
        return cause.field in VERSIONS and cause.value == better.value
    hosts = better.value.split(", ")
    if (
        cause.category == "value"
        and cause.field in PLACES
        and (better.field in PLACES or better.category in LOCAL)
    ):
        # a host, and its processes, are where it happened
        at = cause.value.partition(":")[0]
        return at in hosts or better.value == EVERYWHERE
    parts = dict(zip(cause.field.split(TOGETHER), cause.value.split(TOGETHER), strict=False))
    known = dict(zip(better.field.split(TOGETHER), better.value.split(TOGETHER), strict=False))
    # one half of a pair that tells more
    return len(known) > len(parts) and parts.items() <= known.items()

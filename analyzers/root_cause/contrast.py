"""Contrast: what failed requests have in common that other requests do not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzers.findings import Contrast
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.statistics.association import excess_share, fisher_exact_greater, lift
from analyzers.statistics.multiple_testing import benjamini_hochberg
from analyzers.stores.base import Condition, ContrastCount, Store, Where, Window

FIELDS = (
    "ml.model.name",
    "ml.model.version",
    "service.version",
    "service.node.name",
    "host.name",
    "url.path",
    "ml.dataset",
    "ml.segment",
    "ml.features.missing",
    "ml.features.invalid",
    "ml.features.category",
)
"""Fields of a prediction that may testify; open ones by each of their names."""

MAXIMUM_Q = 0.01
MINIMUM_EXCESS = 0.1
"""Difference in share below which a value explains too little to be shown."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The requests that a group's failed requests are compared with.

    Attributes:
        window: The time in which others are compared: what was different before the group began,
            such as an older version, is no difference to those that failed.
        services: Services that the group was seen in; what others do says nothing. None: all.
    """

    window: Window
    services: tuple[str, ...] = ()


def contrast_groups(
    store: Store,
    groups: Mapping[str, Sequence[str]],
    scopes: Mapping[str, Scope],
    where: Where = (),
    fields: Sequence[str] = FIELDS,
    maximum_q: float = MAXIMUM_Q,
    minimum_excess: float = MINIMUM_EXCESS,
) -> tuple[dict[str, list[Contrast]], dict[str, tuple[int, int]]]:
    """Find the values that are over-represented in each group's failed requests.

    Compares the requests that failed with one of the group's fingerprints with all others of its
    scope. p-values are one-sided (Fisher's exact test) and corrected together over all values,
    fields and groups (Benjamini-Hochberg).

    Args:
        store: Where the predictions are.
        groups: Fingerprints of each group.
        scopes: With which requests each group is compared.
        where: Conditions on the requests compared.
        fields: Fields to look at.
        maximum_q: Corrected p-value up to which a value is named.
        minimum_excess: Difference in share from which it is.

    Returns:
        For each group its contrasts, the most telling first, and for each group the number of
        failed and of other requests.
    """
    together: dict[Scope, list[str]] = {}
    for group in groups:
        together.setdefault(scopes[group], []).append(group)
    answers = [
        store.contrast(fields, {group: groups[group] for group in members}, scope.window,
                       _requests(where, scope))
        for scope, members in together.items()
    ]  # fmt: skip
    totals = {group: total for answer in answers for group, total in answer.totals.items()}
    counts = [count for answer in answers for count in answer.counts]
    found: dict[str, list[Contrast]] = {group: [] for group in groups}
    for group, contrast in telling(counts, totals, maximum_q, minimum_excess):
        found[group].append(contrast)
    for contrasts in found.values():
        contrasts.sort(key=lambda item: (-item.excess, item.q, item.field, item.value))
        contrasts[:] = _without_repetition(contrasts)
    return found, totals


def telling(
    counted: Iterable[ContrastCount],
    totals: Mapping[str, tuple[int, int]],
    maximum_q: float = MAXIMUM_Q,
    minimum_excess: float = MINIMUM_EXCESS,
) -> Iterator[tuple[str, Contrast]]:
    """Yield the values that are over-represented, each with its group.

    Args:
        counted: How values are spread.
        totals: For each group, its failed requests and the others.
        maximum_q: Corrected p-value up to which a value is named.
        minimum_excess: Difference in share from which it is.
    """
    counts = [
        count
        for count in counted
        if totals[count.group][0] >= MINIMUM_FAILED and totals[count.group][1] > 0
    ]
    failed = [totals[count.group][0] for count in counts]
    others = [totals[count.group][1] for count in counts]
    p = fisher_exact_greater(
        [count.with_error for count in counts],
        failed,
        [count.without_error for count in counts],
        others,
    )
    q = benjamini_hochberg(p)
    for place, count in enumerate(counts):
        numbers = (count.with_error, failed[place], count.without_error, others[place])
        excess = excess_share(*numbers)
        if q[place] > maximum_q or excess < minimum_excess:
            continue
        ratio = lift(*numbers)
        yield (
            count.group,
            Contrast(
                field=count.field,
                value=count.value,
                with_error=count.with_error,
                failed=failed[place],
                without_error=count.without_error,
                others=others[place],
                lift=ratio if math.isfinite(ratio) else None,
                excess=excess,
                p=float(p[place]),
                q=float(q[place]),
            ),
        )


def _requests(where: Where, scope: Scope) -> Where:
    if not scope.services:
        return where
    return [*where, Condition("service.name", "any_of", scope.services)]


def _without_repetition(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """Leave out features that are segments too: they say the same twice."""
    segments = {
        (c.field.removeprefix("ml.segment."), c.value)
        for c in contrasts
        if c.field.startswith("ml.segment.")
    }
    return [
        c
        for c in contrasts
        if (c.field.removeprefix("ml.features.category."), c.value) not in segments
        or c.field.startswith("ml.segment.")
    ]

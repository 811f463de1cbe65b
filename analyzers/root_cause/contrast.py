"""Contrast: what failed requests have in common that other requests do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from analyzers.findings import Contrast
from analyzers.statistics.association import excess_share, fisher_exact_greater, lift
from analyzers.statistics.multiple_testing import benjamini_hochberg
from analyzers.stores.base import Condition, Store, Where, Window

FIELDS = (
    "ml.model.name",
    "ml.model.version",
    "service.version",
    "service.node.name",
    "host.name",
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

MINIMUM_FAILED = 5
"""Failed requests below which nothing is concluded."""


def contrast_groups(
    store: Store,
    groups: Mapping[str, Sequence[str]],
    window: Window,
    where: Where = (),
    fields: Sequence[str] = FIELDS,
    services: Mapping[str, Sequence[str]] | None = None,
) -> tuple[dict[str, list[Contrast]], dict[str, tuple[int, int]]]:
    """Find the values that are over-represented in each group's failed requests.

    Compares the requests that failed with one of the group's fingerprints with all other requests
    of the window to the same services: what other services do says nothing. p-values are
    one-sided (Fisher's exact test) and corrected together over all values, fields and groups
    (Benjamini-Hochberg).

    Args:
        store: Where the predictions are.
        groups: Fingerprints of each group.
        window: Time to look at.
        where: Conditions on the requests compared.
        fields: Fields to look at.
        services: Services that each group touches; a group without any is compared with all.

    Returns:
        For each group its contrasts, the most telling first, and for each group the number of
        failed and of other requests.
    """
    answers = [
        store.contrast(fields, {group: groups[group] for group in members}, window, scope)
        for members, scope in _scopes(groups, where, services or {})
    ]
    totals = {group: total for answer in answers for group, total in answer.totals.items()}
    counts = [
        count
        for answer in answers
        for count in answer.counts
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
    found: dict[str, list[Contrast]] = {group: [] for group in groups}
    for place, count in enumerate(counts):
        numbers = (count.with_error, failed[place], count.without_error, others[place])
        excess = excess_share(*numbers)
        if q[place] > MAXIMUM_Q or excess < MINIMUM_EXCESS:
            continue
        ratio = lift(*numbers)
        found[count.group].append(
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
            )
        )
    for contrasts in found.values():
        contrasts.sort(key=lambda item: (-item.excess, item.q, item.field, item.value))
        contrasts[:] = _without_repetition(contrasts)
    return found, totals


def _scopes(
    groups: Mapping[str, Sequence[str]], where: Where, services: Mapping[str, Sequence[str]]
) -> list[tuple[list[str], Where]]:
    """Return the groups that are compared with the same requests, and those requests."""
    together: dict[tuple[str, ...], list[str]] = {}
    for group in groups:
        together.setdefault(tuple(sorted(services.get(group, ()))), []).append(group)
    return [
        (members, [*where, Condition("service.name", "any_of", names)] if names else where)
        for names, members in together.items()
    ]


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

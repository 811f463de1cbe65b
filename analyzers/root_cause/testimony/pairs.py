"""Two conditions that only together tell the failed requests from the others."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analyzers.findings import Cause, Contrast
from analyzers.root_cause.case import Case
from analyzers.root_cause.causes import TOGETHER
from analyzers.root_cause.contrast import FIELDS, Scope, contrast_groups
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text
from analyzers.root_cause.testimony.values import MAXIMUM_Q, subject_of
from analyzers.statistics.association import excess_share, fisher_exact_greater, lift
from analyzers.stores.base import Condition

MOST_ITEMS = 6
"""Single conditions that are combined: those that are over-represented most."""

ENOUGH = 0.95
"""Excess of a single condition from which none is combined: it says all there is."""

MINIMUM_GAIN = 0.05
"""How much more than the better of its two conditions a pair must tell."""


def testify_pairs(case: Case) -> Sequence[Cause]:
    """Combine over-represented values, and keep the pairs that tell more than each value alone.

    A pair is redundant unless each of its conditions, among the requests that meet the other one,
    is over-represented in the failed ones (Fisher's exact test, Bonferroni over all pairs): that
    prunes a condition that only goes along with the other.

    Raises:
        StoreError: If the store cannot be read.

    Source:
        Over-represented items and their pairs: R. Agrawal, R. Srikant, Fast Algorithms for Mining
        Association Rules, VLDB 1994; the test against the simpler rule: G. Webb, Discovering
        Significant Patterns, Machine Learning 68 (2007).
    """
    group = case.group
    scope = {group.id: Scope(case.span, case.services)}
    prints = {group.id: group.fingerprints}
    found, totals = contrast_groups(
        case.store, prints, scope, case.where, FIELDS, MAXIMUM_Q, minimum_excess=MINIMUM_GAIN
    )
    items = found[group.id][:MOST_ITEMS]
    if len(items) < 2 or items[0].excess >= ENOUGH:
        return []
    failed, others = totals[group.id]
    tests = len(items) * (len(items) - 1)
    pairs: list[Cause] = []
    for place, one in enumerate(items[:-1]):
        met = Condition(one.field, "any_of", (one.value,))
        rest = [item for item in items[place + 1 :] if item.field != one.field]
        answer = case.store.contrast(
            sorted({_field(item.field) for item in rest}), {"g": group.fingerprints},
            case.span, [*case.requests, met], limit=200,
        )  # fmt: skip
        both = {(c.field, c.value): (c.with_error, c.without_error) for c in answer.counts}
        for other in rest:
            counts = both.get((other.field, other.value), (0, 0))
            cause = _cause(one, other, counts, failed, others, tests)
            if cause is not None:
                pairs.append(cause)
    return pairs


def _cause(
    one: Contrast, other: Contrast, both: tuple[int, int], failed: int, others: int, tests: int
) -> Cause | None:
    """Return the cause that a pair is, if it is one and not redundant."""
    mine, theirs = both
    excess = excess_share(mine, failed, theirs, others)
    if mine < MINIMUM_FAILED or excess < max(one.excess, other.excess) + MINIMUM_GAIN:
        return None
    # within the requests that meet one condition, does the other one tell more?
    within = fisher_exact_greater(
        [mine, mine],
        [one.with_error, other.with_error],
        [theirs, theirs],
        [one.without_error, other.without_error],
    )
    q = min(1.0, float(within.max()) * tests)
    if q > MAXIMUM_Q:
        return None
    ratio = lift(mine, failed, theirs, others)
    share, other_share = mine / failed, theirs / others
    return Cause(
        category="value",
        field=f"{one.field}{TOGETHER}{other.field}",
        value=f"{one.value}{TOGETHER}{other.value}",
        score=excess,
        share=share,
        other_share=other_share,
        lift=ratio if math.isfinite(ratio) else None,
        p=float(within.max()),
        q=q,
        sentence=(
            f"{subject_of(one.field, one.value)} and {subject_of(other.field, other.value)} in "
            f"{share_text(share)} of the failed requests, and in {share_text(other_share)} of the "
            "others"
        ),
    )


def _field(name: str) -> str:
    """Return the field of ``FIELDS`` that holds a name."""
    return next(field for field in FIELDS if name == field or name.startswith(f"{field}."))

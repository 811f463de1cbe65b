"""Errors of others, earlier in the same traces."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text, title
from analyzers.root_cause.testimony.values import MAXIMUM_Q
from analyzers.statistics.association import fisher_exact_greater, lift
from analyzers.statistics.multiple_testing import benjamini_hochberg
from analyzers.stores.counting import count_requests

MINIMUM_SHARE = 0.3
"""Share of the group's traces in which another group must come first."""


def testify_upstream(case: Case) -> Sequence[Cause]:
    """Name the groups that come before this one in its traces, more often than in others.

    Raises:
        StoreError: If the store cannot be read.
    """
    mine = 0
    first: Counter[str] = Counter()
    without: Counter[str] = Counter()
    for seen in case.traces.values():
        own = seen.get(case.group.id)
        if own is not None:
            mine += 1
        for other, moment in seen.items():
            if other != case.group.id:
                if own is None:
                    without[other] += 1
                elif moment <= own:
                    first[other] += 1
    requests = count_requests(case.store, case.span, case.requests)
    others = max(requests - mine, sum(without.values()), 1)
    named = [other for other, count in first.items() if count >= MINIMUM_FAILED]
    if mine < MINIMUM_FAILED or not named:
        return []
    p = fisher_exact_greater(
        [first[other] for other in named], mine, [without[other] for other in named], others
    )
    q = benjamini_hochberg(p)
    by_id = {group.id: group for group in case.groups.values()}
    found: list[Cause] = []
    for place, other in enumerate(named):
        share, other_share = first[other] / mine, without[other] / others
        if share < MINIMUM_SHARE or q[place] > MAXIMUM_Q or share <= other_share:
            continue
        group = by_id[other]
        ratio = lift(first[other], mine, without[other], others)
        found.append(
            Cause(
                category="upstream",
                field="error.fingerprint",
                value=group.fingerprints[0],
                score=share,
                share=share,
                other_share=other_share,
                lift=ratio if math.isfinite(ratio) else None,
                p=float(p[place]),
                q=float(q[place]),
                time=group.first_seen,
                sentence=f"{title(group)} comes first in {share_text(share)} of its traces",
            )
        )
    return found

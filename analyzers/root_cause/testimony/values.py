"""Values that failed requests share and others, at the same time, do not."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analyzers.root_cause.case import MINIMUM_FAILED, Case
from analyzers.root_cause.causes import Cause, CauseKind
from analyzers.root_cause.summaries import describe_value, share_text
from analyzers.statistics.association import excess_share, fisher_exact_greater, lift
from analyzers.statistics.multiple_testing import benjamini_hochberg

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
"""Difference in share below which a value explains too little."""


def testify_values(case: Case) -> Sequence[Cause]:
    """Compare the failed requests with the others of the same time to the same services.

    Only the time since the onset counts: before it nobody could fail, and whatever was different
    then, such as an older version, would look like a cause. p-values are one-sided (Fisher's exact
    test), corrected for all values looked at (Benjamini-Hochberg).

    Raises:
        StoreError: If the store cannot be read.
    """
    answer = case.store.contrast(
        FIELDS, {"group": case.group.fingerprints}, case.span, case.requests
    )
    failed, others = answer.totals["group"]
    if failed < MINIMUM_FAILED or others == 0 or not answer.counts:
        return []
    counts = answer.counts
    p = fisher_exact_greater(
        [count.with_error for count in counts],
        failed,
        [count.without_error for count in counts],
        others,
    )
    q = benjamini_hochberg(p)
    found: list[Cause] = []
    for place, count in enumerate(counts):
        numbers = (count.with_error, failed, count.without_error, others)
        excess = excess_share(*numbers)
        if q[place] > MAXIMUM_Q or excess < MINIMUM_EXCESS:
            continue
        ratio = lift(*numbers)
        share, other_share = count.with_error / failed, count.without_error / others
        found.append(
            Cause(
                kind=_kind(count.field),
                field=count.field,
                value=count.value,
                score=excess,
                share=share,
                other_share=other_share,
                lift=ratio if math.isfinite(ratio) else None,
                p=float(p[place]),
                q=float(q[place]),
                sentence=(
                    f"{describe_value(count.field, count.value)}: {share_text(share)} of the "
                    f"failed requests, {share_text(other_share)} of the others"
                ),
            )
        )
    return found


def _kind(field: str) -> CauseKind:
    return "missing-feature" if field.startswith("ml.features.missing") else "value"

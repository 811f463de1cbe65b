"""Values that failed requests share and others, at the same time, do not."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analyzers.findings import Cause, CauseKind
from analyzers.root_cause.case import MINIMUM_FAILED, Case
from analyzers.root_cause.summaries import share_text
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

_SEGMENT = "ml.segment."
_CATEGORY = "ml.features.category."
_NAMES = {
    "ml.model.name": "the model",
    "ml.model.version": "the model's version",
    "service.version": "the service's version",
    "service.node.name": "the node",
    "host.name": "the host",
    "url.path": "the path",
    "ml.dataset": "the data set",
}

MAXIMUM_Q = 0.001
"""Stricter than for showing a value: a cause is an accusation."""
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
                category=_kind(count.field),
                field=count.field,
                value=count.value,
                score=excess,
                share=share,
                other_share=other_share,
                lift=ratio if math.isfinite(ratio) else None,
                p=float(p[place]),
                q=float(q[place]),
                sentence=(
                    f"{_what(count.field, count.value)} in {share_text(share)} of the failed "
                    f"requests, and in {share_text(other_share)} of the others"
                ),
            )
        )
    return _without_repetition(found)


def _without_repetition(causes: Sequence[Cause]) -> list[Cause]:
    """Leave out features that are segments too: they say the same twice."""
    segments = {
        (cause.field.removeprefix(_SEGMENT), cause.value)
        for cause in causes
        if cause.field.startswith(_SEGMENT)
    }
    return [
        cause
        for cause in causes
        if (cause.field.removeprefix(_CATEGORY), cause.value) not in segments
        or cause.field.startswith(_SEGMENT)
    ]


def _what(field: str, value: str) -> str:
    """Return a value as the subject of a sentence."""
    if field == "ml.features.missing":
        return f"feature {value} is missing"
    if field == "ml.features.invalid":
        return f"feature {value} is infinite"
    for prefix, word in ((_SEGMENT, "segment"), (_CATEGORY, "feature")):
        if field.startswith(prefix):
            return f"{word} {field.removeprefix(prefix)} is {value}"
    return f"{_NAMES.get(field, field)} is {value}"


def _kind(field: str) -> CauseKind:
    return "missing-feature" if field.startswith("ml.features.missing") else "value"

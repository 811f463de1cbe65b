"""Values that failed requests share and others do not: those of the same time, or those before."""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.findings import Cause, CauseKind, Contrast
from analyzers.root_cause.case import TOTAL, Case
from analyzers.root_cause.causes import MINIMUM_SCORE, VERSIONS
from analyzers.root_cause.contrast import FIELDS, Scope, contrast_groups
from analyzers.root_cause.summaries import share_text
from analyzers.stores.base import Window

MAXIMUM_Q = 0.001
"""Stricter than for showing a value: a cause is an accusation."""

BEFORE = 0.9
"""Weight of a comparison with what was before: time itself is a difference then."""

INPUTS = "ml.features."

_SUBJECTS = {
    "ml.model.name": "the model",
    "ml.model.version": "the model's version",
    "service.version": "the service's version",
    "service.node.name": "the node",
    "host.name": "the host",
    "url.path": "the path",
    "ml.dataset": "the data set",
}


def testify_values(case: Case) -> Sequence[Cause]:
    """Compare the failed requests with the others of the same time to the same services.

    Only the time since the onset counts: before it nobody could fail, and whatever was different
    then, such as an older version, would look like a cause. Where the same time says nothing, the
    inputs are compared with those before the onset: they may have changed for everybody. Where
    next to nothing succeeds, all fields are, but for versions: those change with time, and changes
    testify themselves. p-values are one-sided (Fisher's exact test), corrected for all values
    looked at (Benjamini-Hochberg).

    Raises:
        StoreError: If the store cannot be read.
    """
    found, failed, others = _compare(case, case.span, FIELDS)
    both = case.span_and_before
    if both is None or any(contrast.excess >= MINIMUM_SCORE for contrast in found):
        return [_cause(contrast, "the others", 1.0) for contrast in found]
    is_total = failed >= TOTAL * (failed + others)
    fields = [f for f in FIELDS if f not in VERSIONS and (is_total or f.startswith(INPUTS))]
    found, _, _ = _compare(case, both, fields)
    return [_cause(contrast, "those before", BEFORE) for contrast in found]


def subject_of(field: str, value: str) -> str:
    """Return a value as the subject of a sentence, such as ``the host is host-a``."""
    if field == "ml.features.missing":
        return f"feature {value} is missing"
    if field == "ml.features.invalid":
        return f"feature {value} is infinite"
    for prefix, word in (("ml.segment.", "segment"), ("ml.features.category.", "feature")):
        if field.startswith(prefix):
            return f"{word} {field.removeprefix(prefix)} is {value}"
    return f"{_SUBJECTS.get(field, field)} is {value}"


def _compare(case: Case, window: Window, fields: Sequence[str]) -> tuple[list[Contrast], int, int]:
    """Return the contrasts, and the numbers of failed and of other requests."""
    scope = Scope(window, case.services)
    group = case.group
    found, totals = contrast_groups(
        case.store, {group.id: group.fingerprints}, {group.id: scope}, case.where, fields, MAXIMUM_Q
    )
    return found[group.id], *totals[group.id]


def _cause(contrast: Contrast, others: str, weight: float) -> Cause:
    share, other_share = contrast.share, contrast.other_share
    return Cause(
        category=_kind(contrast.field),
        field=contrast.field,
        value=contrast.value,
        score=contrast.excess * weight,
        share=share,
        other_share=other_share,
        lift=contrast.lift,
        p=contrast.p,
        q=contrast.q,
        sentence=(
            f"{subject_of(contrast.field, contrast.value)} in {share_text(share)} of the failed "
            f"requests, and in {share_text(other_share)} of {others}"
        ),
    )


def _kind(field: str) -> CauseKind:
    return "missing-feature" if field.startswith("ml.features.missing") else "value"

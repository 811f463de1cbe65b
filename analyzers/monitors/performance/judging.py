"""Whether a slice is worse than the reference, its labels drifted, or its estimate was wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from analyzers.monitors.drift.comparing import ColumnDrift, Counts, compare
from analyzers.monitors.performance.estimation import Estimation
from analyzers.monitors.performance.measures import Loss, Performance
from analyzers.monitors.performance.outcome_profiles import OutcomeProfile, actual_profile
from analyzers.monitors.performance.outcomes import Outcomes
from analyzers.monitors.performance.slices import Slice
from analyzers.monitors.references.columns import count_numbers
from analyzers.monitors.references.profiles import CategoryProfile, NumberProfile
from analyzers.statistics.means import mean_increase
from analyzers.statistics.multiple_testing import benjamini_hochberg

MAXIMUM_Q = 0.01
MINIMUM_LABELLED = 50
"""Labelled predictions below which a slice is described and not judged."""

MINIMUM_DROP = 0.02
"""Fall of the accuracy that somebody minds."""

MINIMUM_RISE = 0.1
"""Rise of the mean absolute error that somebody minds, as a share of the reference's."""

MISTAKEN = 3.0
"""Standard errors from which an estimate is called wrong once the labels are there."""


def judged(slices: Sequence[Slice], profile: OutcomeProfile | None) -> list[Slice]:
    """Return the slices with their q-values, verdicts and shifts of the target."""
    if profile is None:
        return list(slices)
    q = benjamini_hochberg([math.nan if one.p is None else one.p for one in slices])
    shifts = benjamini_hochberg([_p_of(one.target) for one in slices])
    return [
        replace(
            one,
            q=None if one.p is None else float(q[place]),
            is_worse=one.p is not None
            and bool(q[place] <= MAXIMUM_Q)
            and _is_much(one.performance.loss, profile),
            target=_corrected(one.target, float(shifts[place])),
        )
        for place, one in enumerate(slices)
    ]


def loss_p_value(loss: Loss, profile: OutcomeProfile) -> float | None:
    """Return how likely so large a loss is if nothing is worse; None with too few labels."""
    known = profile.loss
    if min(loss.n, known.n) < MINIMUM_LABELLED:
        return None
    return mean_increase(loss.mean, loss.variance, loss.n, known.mean, known.variance, known.n)


def _is_much(loss: Loss, profile: OutcomeProfile) -> bool:
    rise = loss.mean - profile.loss.mean
    if profile.task == "regression":
        return rise >= MINIMUM_RISE * profile.loss.mean
    return rise >= MINIMUM_DROP


def is_mistaken(found: Performance, expected: Estimation) -> bool:
    """Return whether labelled predictions turned out surely and much unlike their estimate."""
    name = "mean_absolute_error" if found.task == "regression" else "accuracy"
    true = next((one for one in found.measures if one.name == name), None)
    said = next((one for one in expected.measures if one.name == name), None)
    if true is None or said is None or true.low is None or true.high is None:
        return False
    widths = (true.high - true.low, (said.high or 0.0) - (said.low or 0.0))
    error = math.hypot(*widths) / (2 * 1.959964)
    gap = abs(true.value - said.value)
    least = MINIMUM_RISE * said.value if found.task == "regression" else MINIMUM_DROP
    return gap >= least and gap > MISTAKEN * error


def target_shift(part: Outcomes, profile: OutcomeProfile) -> ColumnDrift | None:
    """Return how what became true differs from the reference; None without labels."""
    known, now = profile.actual, actual_profile(part)
    if known is None or now is None:
        return None
    counts: Counts = (
        count_numbers(part.actual_value[np.isfinite(part.actual_value)], known.edges)
        if isinstance(known, NumberProfile)
        else cast("CategoryProfile", now)
    )
    return compare({"actual": known}, {"actual": counts})[0]


def _p_of(target: ColumnDrift | None) -> float:
    return math.nan if target is None or target.p is None else target.p


def _corrected(target: ColumnDrift | None, q: float) -> ColumnDrift | None:
    """Return a shift with its p-value corrected for all slices."""
    if target is None or target.p is None:
        return target
    return replace(target, q=q, is_drifted=target.is_drifted and q <= MAXIMUM_Q)

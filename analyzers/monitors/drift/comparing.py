"""Drift: whether a column is distributed as it was in the reference.

To alarm, a shift must be both sure and large. One test for each column goes into the correction
for multiple tests (Benjamini-Hochberg at ``MAXIMUM_Q``): with many values every test finds shifts
that matter to nobody, and with many columns some test finds one in noise.

- Numbers: Kolmogorov and Smirnov's test over the quantiles of the reference. It has no bins to
  choose, sees shifts of place and of spread, and depends on no unit. Missing values count as one
  value below all others, so that a column that goes missing is a shift, too. The shift is large
  from a difference of .05 of the shares, or from .1 robust standard deviations on average.
- Categories: the G-test, with a category for missing values and rare ones pooled. The shift is
  large where .05 of the values have another category.

All other measures are descriptions and alarm nobody.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analyzers.monitors.references.profiles import CategoryProfile, ColumnProfile, NumberProfile
from analyzers.statistics.categories import homogeneity_p_value
from analyzers.statistics.distances import (
    kolmogorov_smirnov,
    kolmogorov_smirnov_p_value,
    wasserstein,
)
from analyzers.statistics.divergence import (
    hellinger_distance,
    jensen_shannon_distance,
    occupied_bins,
    population_stability_index,
    population_stability_p_value,
    share_moved,
)
from analyzers.statistics.multiple_testing import benjamini_hochberg
from analyzers.stores.numbers import Histogram

MAXIMUM_Q = 0.01
MINIMUM_N = 50
"""Rows on either side below which a column is described and not judged."""

MINIMUM_KS = 0.05
MINIMUM_WASSERSTEIN = 0.1
MINIMUM_MOVED = 0.05

BINS = 10
"""Bins of the population stability index, of about equal shares of the reference."""

NAMED = 20
"""New and vanished categories that are named."""

MISSING = ""
"""Stands for missing values among categories; no category is called so."""


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """How a column differs from its reference.

    Attributes:
        column: The column.
        kind: `number` or `category`.
        n: Values now.
        reference_n: Values in the reference.
        missing: Share of the rows without a value now.
        reference_missing: Share of the reference's rows without one.
        test: The test, or None where the column is not judged.
        p: Its p-value.
        q: The same, corrected for all columns.
        is_drifted: Whether the shift is both sure and large.
        reason: Why it is not judged, or None.
        kolmogorov_smirnov: Largest difference of the cumulative shares; None for categories.
        wasserstein: Mean shift in robust standard deviations, clipped; None for categories.
        clipped: Share of the values that lie beyond where they are clipped; None for categories.
        share_moved: Share of the values that would have to change their bin or category.
        population_stability_index: Over ten bins or all categories, and one for missing values.
        population_stability_p: Its p-value, which the number of values decides, too.
        jensen_shannon: Jensen-Shannon distance over the same bins.
        hellinger: Hellinger distance over the same bins.
        new: Categories that the reference has not, with their counts.
        vanished: Categories of the reference that are gone, with its counts.
    """

    column: str
    kind: str
    n: int
    reference_n: int
    missing: float
    reference_missing: float
    test: str | None
    p: float | None
    q: float | None
    is_drifted: bool
    reason: str | None
    kolmogorov_smirnov: float | None
    wasserstein: float | None
    clipped: float | None
    share_moved: float
    population_stability_index: float
    population_stability_p: float
    jensen_shannon: float
    hellinger: float
    new: tuple[tuple[str, int], ...] = ()
    vanished: tuple[tuple[str, int], ...] = ()


Counts = Histogram | CategoryProfile
"""What is known of a column now: counts over the reference's edges, or of categories."""


def compare(
    reference: Mapping[str, ColumnProfile], current: Mapping[str, Counts]
) -> list[ColumnDrift]:
    """Return how each column differs, those that drifted most first.

    Args:
        reference: Profiles of the reference.
        current: Counts of the same columns now; columns that are only on one side are left out.
    """
    return compare_groups({"": (reference, current)})[""]


def compare_groups(
    groups: Mapping[str, tuple[Mapping[str, ColumnProfile], Mapping[str, Counts]]],
) -> dict[str, list[ColumnDrift]]:
    """Return how each column of each group differs; the tests of all are corrected together.

    Args:
        groups: Profiles of the reference and counts now, by group, such as a segment's value.
    """
    found = [
        (group, _compare(name, profile, current[name]))
        for group, (reference, current) in groups.items()
        for name, profile in reference.items()
        if name in current
    ]
    q = benjamini_hochberg([math.nan if one.p is None else one.p for _, one in found])
    judged: dict[str, list[ColumnDrift]] = {group: [] for group in groups}
    for place, (group, one) in enumerate(found):
        if one.p is not None:
            is_drifted = bool(q[place] <= MAXIMUM_Q) and _is_large(one)
            one = replace(one, q=float(q[place]), is_drifted=is_drifted)
        judged[group].append(one)
    for columns in judged.values():
        columns.sort(key=lambda one: (not one.is_drifted, -one.share_moved, one.column))
    return judged


def _compare(name: str, profile: ColumnProfile, now: Counts) -> ColumnDrift:
    if isinstance(profile, NumberProfile) and isinstance(now, Histogram):
        return _numbers(name, profile, now)
    if isinstance(profile, CategoryProfile) and isinstance(now, CategoryProfile):
        return _categories(name, profile, now)
    kind = "category" if isinstance(profile, NumberProfile) else "number"
    return _not_judged(name, profile, now, f"it was a {profile.kind} and is a {kind} now")


def _numbers(name: str, profile: NumberProfile, now: Histogram) -> ColumnDrift:
    rows, reference_rows = now.n + now.missing, profile.n + profile.missing
    if not rows or not reference_rows:
        return _not_judged(name, profile, now, "it has no rows")
    # missing values are one value below all others
    below = [now.missing + now.below, *(now.missing + now.below + np.cumsum(now.counts))]
    mine = np.array([now.missing, *below]) / rows
    theirs = np.array([profile.missing, *(profile.missing + np.array(profile.cumulative()))])
    theirs = theirs / reference_rows
    statistic = kolmogorov_smirnov(theirs, mine)
    distance = None
    if now.n and profile.n:
        cumulative = (now.below + np.array([0, *np.cumsum(now.counts)])) / now.n
        reference = np.array(profile.cumulative()) / profile.n
        distance = wasserstein(profile.edges, reference, cumulative) / profile.scale
    bins, reference_bins = _coarse(profile, now)
    return _judged(
        name, profile, now, rows, reference_rows, bins, reference_bins,
        test="Kolmogorov-Smirnov",
        p=kolmogorov_smirnov_p_value(statistic, reference_rows, rows),
        kolmogorov_smirnov=statistic,
        wasserstein=distance,
        clipped=(now.below + now.above) / now.n if now.n else 0.0,
    )  # fmt: skip


def _coarse(profile: NumberProfile, now: Histogram) -> tuple[list[int], list[int]]:
    """Return counts now and in the reference over about ten bins of equal share, and of missing."""
    wanted = profile.n / BINS
    bins, reference = [now.missing], [profile.missing]
    mine, theirs = now.below, profile.below
    for count, reference_count in zip(now.counts, profile.counts, strict=True):
        mine, theirs = mine + count, theirs + reference_count
        if theirs >= wanted:
            bins.append(mine)
            reference.append(theirs)
            mine = theirs = 0
    bins.append(mine + now.above)
    reference.append(theirs + profile.above)
    return bins, reference


def _categories(name: str, profile: CategoryProfile, now: CategoryProfile) -> ColumnDrift:
    rows, reference_rows = now.n + now.missing, profile.n + profile.missing
    if not rows or not reference_rows:
        return _not_judged(name, profile, now, "it has no rows")
    names = sorted({*profile.counts, *now.counts})
    bins = [now.missing, now.other, *(now.counts.get(one, 0) for one in names)]
    reference = [profile.missing, profile.other, *(profile.counts.get(one, 0) for one in names)]
    new = [(one, count) for one, count in now.counts.items() if one not in profile.counts]
    gone = [(one, count) for one, count in profile.counts.items() if one not in now.counts]
    return _judged(
        name, profile, now, rows, reference_rows, bins, reference,
        test="G",
        p=homogeneity_p_value(reference, bins),
        new=() if profile.other else _most(new),
        vanished=() if now.other else _most(gone),
    )  # fmt: skip


def _judged(
    name: str,
    profile: ColumnProfile,
    now: Counts,
    rows: int,
    reference_rows: int,
    bins: Sequence[int],
    reference: Sequence[int],
    test: str,
    p: float,
    kolmogorov_smirnov: float | None = None,
    wasserstein: float | None = None,
    clipped: float | None = None,
    new: tuple[tuple[str, int], ...] = (),
    vanished: tuple[tuple[str, int], ...] = (),
) -> ColumnDrift:
    """Return the measures over bins, judged by the test where there are enough rows."""
    is_enough = min(rows, reference_rows) >= MINIMUM_N
    index = population_stability_index(reference, bins)
    occupied = occupied_bins(reference, bins)
    return ColumnDrift(
        column=name,
        kind=profile.kind,
        n=now.n,
        reference_n=profile.n,
        missing=now.missing / rows,
        reference_missing=profile.missing / reference_rows,
        test=test if is_enough else None,
        p=p if is_enough else None,
        q=None,
        is_drifted=False,
        reason=None if is_enough else f"fewer than {MINIMUM_N} rows",
        kolmogorov_smirnov=kolmogorov_smirnov,
        wasserstein=wasserstein,
        clipped=clipped,
        share_moved=share_moved(reference, bins),
        population_stability_index=index,
        population_stability_p=population_stability_p_value(index, reference_rows, rows, occupied),
        jensen_shannon=jensen_shannon_distance(reference, bins),
        hellinger=hellinger_distance(reference, bins),
        new=new,
        vanished=vanished,
    )


def _not_judged(name: str, profile: ColumnProfile, now: Counts, reason: str) -> ColumnDrift:
    rows, reference_rows = now.n + now.missing, profile.n + profile.missing
    nan = math.nan
    return ColumnDrift(
        column=name, kind=profile.kind, n=now.n, reference_n=profile.n,
        missing=now.missing / rows if rows else nan,
        reference_missing=profile.missing / reference_rows if reference_rows else nan,
        test=None, p=None, q=None, is_drifted=False, reason=reason, kolmogorov_smirnov=None,
        wasserstein=None, clipped=None, share_moved=nan, population_stability_index=nan,
        population_stability_p=nan, jensen_shannon=nan, hellinger=nan,
    )  # fmt: skip


def _is_large(one: ColumnDrift) -> bool:
    if one.kind == "category":
        return one.share_moved >= MINIMUM_MOVED
    is_far = one.wasserstein is not None and one.wasserstein >= MINIMUM_WASSERSTEIN
    return is_far or (one.kolmogorov_smirnov or 0.0) >= MINIMUM_KS


def _most(counts: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts, key=lambda item: (-item[1], item[0]))[:NAMED])

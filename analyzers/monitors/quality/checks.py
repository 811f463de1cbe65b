"""Data quality: declared rules, and what a reference lets expect.

A declared rule is broken if a larger share of the values breaks it than it tolerates. What is
learned from a reference alarms only where the difference is both sure (Fisher's exact test,
corrected for all checks) and large: a hundredth of the values, or of the rows that lack one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analyzers.monitors.drift.comparing import Counts
from analyzers.monitors.quality.rules import QualityRule, QualityRules, extremes
from analyzers.monitors.quality.sources import QualitySource, Violations
from analyzers.monitors.references.profiles import CategoryProfile, ColumnProfile, NumberProfile
from analyzers.monitors.references.tables import LENGTH
from analyzers.statistics.association import fisher_exact_greater
from analyzers.statistics.intervals import proportion
from analyzers.statistics.multiple_testing import benjamini_hochberg
from analyzers.stores.numbers import Histogram

MAXIMUM_Q = 0.01
MINIMUM_N = 50
"""Rows below which nothing is compared with a reference."""

LARGE = 0.01
"""Difference of shares from a reference's that somebody minds."""

FENCE = 4.72
"""Robust standard deviations from the median beyond which a value is an outlier: Tukey's outer
fences, three interquartile ranges outside of the quartiles, of a symmetric distribution."""

DIMENSIONS = (
    "completeness", "validity", "uniqueness", "consistency", "freshness", "volume", "schema",
    "outliers",
)  # fmt: skip
"""What a check is about."""


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """One check, and what came of it.

    Attributes:
        dimension: What it is about, one of `DIMENSIONS`.
        column: The column; '' for the rows as a whole.
        rule: What is asked, in words.
        is_declared: Whether somebody declared it; else a reference lets expect it.
        n: Values looked at.
        violations: Those that break the rule.
        share: Their share; NaN without values.
        low: Lower end of its 95 % confidence interval, or None.
        high: Upper end, or None.
        allowed: Share that may break it: the rule's tolerance, or what the reference has.
        p: Probability of so many, or more, as the reference lets expect; None if declared.
        q: The same, corrected for all checks.
        is_violated: Whether the rule is broken.
        examples: Values that break it.
        note: What a reader must know, such as that only a part was looked at.
    """

    dimension: str
    column: str
    rule: str
    is_declared: bool
    n: int
    violations: int
    share: float
    low: float | None
    high: float | None
    allowed: float
    p: float | None = None
    q: float | None = None
    is_violated: bool = False
    examples: tuple[str, ...] = ()
    note: str = ""


def declared_checks(source: QualitySource, rules: QualityRules) -> Iterator[QualityCheck]:
    """Yield what came of declared rules about rows and columns.

    Args:
        source: The data.
        rules: The rules.
    """
    if rules.minimum_rows is not None:
        few = source.rows < rules.minimum_rows
        yield QualityCheck(
            "volume", "", f"at least {rules.minimum_rows:,} rows", is_declared=True,
            n=source.rows, violations=int(few), share=float(few), low=None, high=None, allowed=0.0,
            is_violated=few, note=f"there are {source.rows:,}",
        )  # fmt: skip
    if rules.duplicates is not None:
        found = Violations(source.rows, source.duplicates())
        yield _declared("uniqueness", "", "no row twice", found, rules.duplicates)
    for rule in rules.rules:
        yield from _of_rule(source, rule)


def _of_rule(source: QualitySource, rule: QualityRule) -> Iterator[QualityCheck]:
    name, tolerance = rule.column, rule.tolerance
    if name not in source.kinds and source.rows:
        yield QualityCheck(
            "schema", name, "the column is there", is_declared=True, n=source.rows,
            violations=source.rows, share=1.0, low=None, high=None, allowed=0.0, is_violated=True,
        )  # fmt: skip
        return
    if rule.complete is not None:
        found = Violations(source.rows, source.missing(name))
        allowed = 1 - rule.complete
        yield _declared("completeness", name, f"{rule.complete:.1%} have a value", found, allowed)
    if rule.type == "number":
        yield _declared("validity", name, "a finite number", source.not_numbers(name), tolerance)
    if rule.minimum is not None or rule.maximum is not None:
        found = source.outside(name, rule.minimum, rule.maximum)
        yield _declared("validity", name, _bounds(rule.minimum, rule.maximum), found, tolerance)
    if rule.values:
        listed = ", ".join(rule.values[:5]) + (", ..." if len(rule.values) > 5 else "")
        found = source.other_than(name, rule.values)
        yield _declared("validity", name, f"one of {listed}", found, tolerance)
    if rule.pattern is not None:
        found = source.not_matching(name, rule.pattern)
        yield _declared("validity", name, f"matches {rule.pattern}", found, tolerance)
    if rule.unique:
        yield _declared("uniqueness", name, "no value twice", source.repeated(name), tolerance)
    if rule.compare is not None:
        operator, other = rule.comparison
        found = source.not_comparing(name, operator, other)
        yield _declared("consistency", name, f"{operator} {other}", found, tolerance)


def _declared(
    dimension: str, column: str, rule: str, found: Violations, tolerance: float
) -> QualityCheck:
    made = _counted(dimension, column, rule, found, tolerance, is_declared=True)
    # not by a rounding error: 1 - .99 is a little more than .01
    is_violated = found.count > 0 and made.share > tolerance * (1 + 1e-9)
    return replace(made, is_violated=is_violated)


def _counted(
    dimension: str,
    column: str,
    rule: str,
    found: Violations,
    allowed: float,
    is_declared: bool,
) -> QualityCheck:
    share = proportion(found.count, found.n)
    return QualityCheck(
        dimension, column, rule, is_declared, found.n, found.count, share.value,
        low=share.low if found.n else None,
        high=share.high if found.n else None,
        allowed=allowed,
        examples=found.examples,
        note="" if found.is_exact else f"{found.n:,} values were looked at, not all",
    )  # fmt: skip


def learned_checks(
    source: QualitySource, columns: Mapping[str, ColumnProfile], skipped: Sequence[str] = ()
) -> list[QualityCheck]:
    """Return what a reference lets expect, and what became of it.

    Args:
        source: The data.
        columns: Profiles of the reference.
        skipped: Columns that the reference knows of and has no profile of.
    """
    if not source.rows:
        return []
    counts = source.counts(columns)
    made = [*_schema(source, columns, skipped, counts)]
    for name, profile in columns.items():
        now = counts.get(name)
        if now is not None and (name in source.kinds or now.n):
            made += _of_column(name, profile, now)
    q = benjamini_hochberg([math.nan if one.p is None else one.p for one in made])
    return [
        one
        if one.p is None
        else replace(
            one, q=float(q[place]),
            is_violated=bool(q[place] <= MAXIMUM_Q) and one.share - one.allowed >= LARGE,
        )
        for place, one in enumerate(made)
    ]  # fmt: skip


def _schema(
    source: QualitySource,
    columns: Mapping[str, ColumnProfile],
    skipped: Sequence[str],
    counts: Mapping[str, Counts],
) -> Iterator[QualityCheck]:
    known = {name.replace(".", "_") for name in (*columns, *skipped)} | {*columns, *skipped}
    for name, profile in columns.items():
        now = counts.get(name)
        kind = source.kinds.get(name) or source.kinds.get(name.replace(".", "_"))
        if kind is None and (now is None or not now.n) and profile.n:
            yield _changed(source, name, "the column is there", "it is gone")
        elif now is not None and not now.n:
            continue  # without any value it is of no kind
        elif kind in ("number", "category") and kind != profile.kind and not name.endswith(LENGTH):
            yield _changed(source, name, f"a {profile.kind}", f"it is a {kind} now")
    for name in sorted(source.kinds):
        if name not in known and f"{name}{LENGTH}" not in known:
            yield _changed(source, name, "only known columns", "it is new", is_violated=False)


def _changed(
    source: QualitySource, column: str, rule: str, note: str, is_violated: bool = True
) -> QualityCheck:
    return QualityCheck(
        "schema", column, rule, is_declared=False, n=source.rows, violations=source.rows,
        share=1.0, low=None, high=None, allowed=0.0, is_violated=is_violated, note=note,
    )  # fmt: skip


def _of_column(name: str, profile: ColumnProfile, now: Counts) -> Iterator[QualityCheck]:
    missing = Violations(now.n + now.missing, now.missing)
    yield _learned(
        "completeness", name, "as complete as the reference", missing,
        profile.missing, profile.n + profile.missing,
    )  # fmt: skip
    if isinstance(profile, NumberProfile) and isinstance(now, Histogram):
        known = extremes(profile)
        low, high = known or (math.nan, math.nan)
        mine, theirs = _beyond(now, low, high), _beyond(_histogram_of(profile), low, high)
        rule = f"from {low:.6g} to {high:.6g}, as in the reference"
        yield _learned("validity", name, rule, Violations(now.n, mine), theirs, profile.n)
        fences = profile.median - FENCE * profile.scale, profile.median + FENCE * profile.scale
        low, high = _nearest(profile.edges, *fences)
        mine, theirs = _beyond(now, low, high), _beyond(_histogram_of(profile), low, high)
        rule = f"outliers no more frequent than in the reference (beyond {low:.6g} and {high:.6g})"
        yield _learned("outliers", name, rule, Violations(now.n, mine), theirs, profile.n)
        if now.n >= MINIMUM_N and _fullest(now.counts) == now.n:
            most = _fullest(profile.counts) / max(1, profile.n)
            yield _constant(name, now.n, most)
    if isinstance(profile, CategoryProfile) and isinstance(now, CategoryProfile):
        if not profile.other:
            new = {value: n for value, n in now.counts.items() if value not in profile.counts}
            ranked = sorted(new.items(), key=lambda item: (-item[1], item[0]))
            found = Violations(
                now.n, sum(new.values()) + now.other, tuple(value for value, _ in ranked[:5])
            )
            # Good (1953): the share of unseen ones is about that of those seen once
            once = sum(count == 1 for count in profile.counts.values())
            yield _learned("validity", name, "categories of the reference", found, once, profile.n)
        if now.n >= MINIMUM_N and len(now.counts) == 1 and not now.other:
            most = max(profile.counts.values(), default=0) / max(1, profile.n)
            yield _constant(name, now.n, most)


def _learned(
    dimension: str, column: str, rule: str, found: Violations, before: int, before_n: int
) -> QualityCheck:
    """Return a check of a share against that of the reference."""
    expected = before / before_n if before_n else 0.0
    made = _counted(dimension, column, rule, found, expected, is_declared=False)
    if min(found.n, before_n) < MINIMUM_N:
        return replace(made, note=f"not judged: fewer than {MINIMUM_N} values")
    p = fisher_exact_greater(found.count, found.n, before, before_n)
    return replace(made, p=float(p[0]))


def _constant(column: str, n: int, most: float) -> QualityCheck:
    """Return a check of a column with one value; its p-value is that of n draws of the mode."""
    made = _counted(
        "validity", column, "varies, as in the reference", Violations(n, n), most, is_declared=False
    )
    return replace(made, p=most**n if most < 1 else 1.0, allowed=min(most, 1.0))


def _beyond(histogram: Histogram, low: float, high: float) -> int:
    """Return the values below one edge and from another one on."""
    edges = np.array(histogram.edges)
    counts = np.array(histogram.counts)
    below = int(counts[edges[:-1] < low].sum())
    above = int(counts[edges[1:] > high].sum())
    return histogram.below + below + above + histogram.above


def _nearest(edges: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """Return the edges that are not inside of two bounds, the nearest ones."""
    below = [edge for edge in edges if edge <= low]
    above = [edge for edge in edges if edge >= high]
    return (below[-1] if below else edges[0]), (above[0] if above else edges[-1])


def _histogram_of(profile: NumberProfile) -> Histogram:
    return Histogram(profile.edges, profile.counts, profile.below, profile.above, profile.missing)


def _fullest(counts: Sequence[int]) -> int:
    return max(counts, default=0)


def _bounds(minimum: float | None, maximum: float | None) -> str:
    if minimum is None:
        return f"at most {maximum:.6g}"
    return f"at least {minimum:.6g}" if maximum is None else f"from {minimum:.6g} to {maximum:.6g}"

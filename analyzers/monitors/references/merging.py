"""Merge references: of several days, shards or files, without their rows.

Counts add up exactly where both sides have the same edges, as with whole numbers and categories.
Elsewhere values are taken to lie evenly between two edges, which can move a share by at most that
of a bin: a two-hundredth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from analyzers.monitors.references.profiles import (
    EDGES,
    MOST_CATEGORIES,
    CategoryProfile,
    ColumnProfile,
    NumberProfile,
    scale_of,
    tail_shares,
)
from analyzers.monitors.references.reference import Reference, SegmentProfile

Floats = NDArray[np.float64]

MOST_EDGES = 2 * EDGES
"""Edges of a merged column beyond which only those near the quantiles are kept."""


def merge_references(references: Sequence[Reference]) -> Reference:
    """Return the reference that several are together.

    What rests on rows, such as calibration and principal components, cannot be merged and is left
    out.

    Args:
        references: The references, at least one.

    Raises:
        ValueError: If there is none, they are of several models or versions, or a column is of
            numbers here and of categories there.
    """
    if not references:
        raise ValueError("there is nothing to merge")
    first = references[0]
    for what in ("model", "version", "segment"):
        names = {getattr(one, what) for one in references}
        if len(names) > 1:
            told = ", ".join(sorted(map(str, names)))
            raise ValueError(f"they are of several {what}s: {told}")
    if len(references) == 1:
        return first
    values = dict.fromkeys(value for one in references for value in one.segments)
    skipped = {name: why for one in references for name, why in one.skipped.items()}
    columns = _merged([(one.rows, one.columns) for one in references])
    return replace(
        first,
        rows=sum(one.rows for one in references),
        columns=columns,
        skipped={name: why for name, why in skipped.items() if name not in columns},
        source=" + ".join(dict.fromkeys(one.source for one in references)),
        outcomes=None,
        components=None,
        directions={},
        segments={value: _segment(value, references) for value in values},
    )


def _segment(value: str, references: Iterable[Reference]) -> SegmentProfile:
    parts = [one.segments[value] for one in references if value in one.segments]
    return SegmentProfile(
        sum(part.rows for part in parts), _merged([(part.rows, part.columns) for part in parts])
    )


def _merged(parts: Sequence[tuple[int, Mapping[str, ColumnProfile]]]) -> dict[str, ColumnProfile]:
    """Return each column; where a part has it not, all of its rows lack it."""
    names = dict.fromkeys(name for _, columns in parts for name in columns)
    found: dict[str, ColumnProfile] = {}
    for name in names:
        absent = sum(rows for rows, columns in parts if name not in columns)
        held = [columns[name] for _, columns in parts if name in columns]
        merged = reduce(lambda a, b: _pair(name, a, b), held)
        found[name] = replace(merged, missing=merged.missing + absent)
    return found


def _pair(name: str, a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    if isinstance(a, NumberProfile) and isinstance(b, NumberProfile):
        return merge_numbers(a, b)
    if isinstance(a, CategoryProfile) and isinstance(b, CategoryProfile):
        return merge_categories(a, b)
    raise ValueError(f"{name} is of numbers in one of them and of categories in another")


def merge_categories(a: CategoryProfile, b: CategoryProfile) -> CategoryProfile:
    """Return the profile of the values of both."""
    counts = Counter(dict(a.counts)) + Counter(dict(b.counts))
    ranked = Counter(dict(sorted(counts.items()))).most_common()
    dropped = sum(count for _, count in ranked[MOST_CATEGORIES:])
    return CategoryProfile(
        a.n + b.n,
        a.missing + b.missing,
        dict(ranked[:MOST_CATEGORIES]),
        a.other + b.other + dropped,
    )


def merge_numbers(a: NumberProfile, b: NumberProfile) -> NumberProfile:
    """Return the profile of the values of both."""
    edges = np.union1d(a.edges, b.edges)
    below = _below(a, edges) + _below(b, edges)
    n = a.n + b.n
    if edges.size > MOST_EDGES:
        kept = np.searchsorted(below, np.array(tail_shares()) * n)
        tails = [*range(8), *range(edges.size - 8, edges.size)]
        places = np.unique(np.clip(np.append(kept, tails), 0, edges.size - 1))
        edges, below = edges[places], below[places]
    cumulative = np.round(below).astype(np.int64)
    lower, median, upper = (
        float(edges[min(int(np.searchsorted(cumulative, share * n)), edges.size - 1)])
        for share in (0.25, 0.5, 0.75)
    )
    # the wider of both where the middle half has one value
    scale = scale_of(upper - lower, max(a.scale, b.scale))
    return NumberProfile(
        n=n,
        missing=a.missing + b.missing,
        edges=tuple(map(float, edges)),
        counts=tuple(map(int, np.diff(cumulative))),
        below=int(cumulative[0]),
        above=n - int(cumulative[-1]),
        median=median,
        scale=scale,
    )


def _below(profile: NumberProfile, edges: Floats) -> Floats:
    """Return how many of a profile's values lie below each edge, those between two edges evenly."""
    known = np.array(profile.cumulative(), dtype=float)
    found = np.interp(edges, profile.edges, known)
    # what lies beyond its own edges lies there, nobody knows where: right beside them
    found = np.where(edges < profile.edges[0], 0.0, found)
    return np.asarray(np.where(edges > profile.edges[-1], float(profile.n), found))

"""Predictions of a store as columns: counts over a reference's edges, and references of windows.

Nothing but counts leaves the store, so that a window of any size costs a handful of questions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from itertools import accumulate

import numpy as np

from analyzers.monitors.drift.comparing import Counts
from analyzers.monitors.drift.domain_classifier import MOST_ROWS, Rows
from analyzers.monitors.references.columns import profile_categories
from analyzers.monitors.references.components import fit_components
from analyzers.monitors.references.profiles import (
    EDGES,
    MOST_CATEGORIES,
    CategoryProfile,
    ColumnProfile,
    NumberProfile,
    number_edges,
    profile_of,
    scale_of,
    tail_shares,
)
from analyzers.monitors.references.reference import Reference, SegmentProfile
from analyzers.monitors.references.tables import MOST_SEGMENTS
from analyzers.stores.base import Condition, Store, Where, Window
from analyzers.stores.counting import count_requests
from analyzers.stores.fields import SAMPLING_KEY
from analyzers.stores.numbers import Histogram, Moments

KIND = "prediction"
SEGMENTS = "ml.segment"
NUMBERS = "ml.features.number"
CATEGORIES = "ml.features.category"

OUTPUTS: Mapping[str, str] = {
    "score": "ml.prediction.score",
    "value": "ml.prediction.value",
    "label": "ml.prediction.label",
}
"""What a model answers, by the name of its column."""

ANSWERED = Condition("event.outcome", "any_of", ("success", "unknown"))
"""What predictions did not fail."""

FIRST_BINS = 256
SPLIT = 32
PASSES = 12
"""How often, at most, bins that hold too much are split: frequent values end in bins of their own,
and one wild value costs a few more questions."""

TOGETHER = 20
"""Fields in one question: servers bound the buckets of an answer."""


def field_of(column: str, is_number: bool) -> str:
    """Return the field of a column; dots in the names of features are underscores in records."""
    name = column.replace(".", "_")
    return OUTPUTS.get(column) or f"{NUMBERS if is_number else CATEGORIES}.{name}"


def count_columns(
    store: Store, window: Window, where: Where, columns: Mapping[str, ColumnProfile]
) -> dict[str, Counts]:
    """Return the counts of a window's predictions for each column of a reference.

    Raises:
        StoreError: If the store cannot be read.
    """
    edges = {
        field_of(name, is_number=True): profile.edges
        for name, profile in columns.items()
        if isinstance(profile, NumberProfile)
    }
    histograms = _histograms(store, edges, window, where)
    texts = {
        name: field_of(name, is_number=False)
        for name, profile in columns.items()
        if isinstance(profile, CategoryProfile)
    }
    missing = missing_counts(store, list(texts.values()), window, where)
    found: dict[str, Counts] = {}
    for name, profile in columns.items():
        if isinstance(profile, NumberProfile):
            found[name] = histograms[field_of(name, is_number=True)]
        else:
            found[name] = _categories(store, texts[name], window, where, missing[texts[name]])
    return found


def missing_counts(
    store: Store, fields: Sequence[str], window: Window, where: Where
) -> dict[str, int]:
    """Return the predictions without a value of each field; of outputs those that did not fail.

    Raises:
        StoreError: If the store cannot be read.
    """
    found: dict[str, int] = {}
    for some, asked in _sides(fields, where):
        found |= store.missing_counts(KIND, some, window, asked)
    return found


def _sides(fields: Iterable[str], where: Where) -> Iterator[tuple[list[str], Where]]:
    """Yield inputs and outputs apart: a failed prediction has no output, and lacks none."""
    outputs = set(OUTPUTS.values())
    asked = list(fields)
    inputs = [field for field in asked if field not in outputs]
    answers = [field for field in asked if field in outputs]
    if inputs:
        yield inputs, where
    if answers:
        yield answers, [*where, ANSWERED]


def new_columns(store: Store, window: Window, where: Where, known: Collection[str]) -> list[str]:
    """Return the features that a reference does not know."""
    names = {name.replace(".", "_") for name in known}
    found = {
        *store.names(KIND, NUMBERS, window, where),
        *store.names(KIND, CATEGORIES, window, where),
    }
    return sorted(found - names)


def reference_of_window(store: Store, window: Window, where: Where = ()) -> Reference:
    """Return the reference that a window's predictions are.

    Raises:
        StoreError: If the store cannot be read.
    """
    rows = count_requests(store, window, where)
    numbers = [f"{NUMBERS}.{name}" for name in store.names(KIND, NUMBERS, window, where)]
    numbers += [OUTPUTS["score"], OUTPUTS["value"]]
    texts = [f"{CATEGORIES}.{name}" for name in store.names(KIND, CATEGORIES, window, where)]
    texts.append(OUTPUTS["label"])
    columns: dict[str, ColumnProfile] = {}
    for some in _chunks(numbers):
        for field, profile in _profiles(store, some, window, where).items():
            columns[_column_of(field)] = profile
    missing = missing_counts(store, texts, window, where)
    for field in texts:
        counts = _categories(store, field, window, where, missing[field])
        if counts.n:
            columns[_column_of(field)] = counts
    return Reference(rows, columns, source=f"{store.location}{_span_text(window)}")


def reference_with_segments(
    store: Store, window: Window, where: Where, segment: str | None
) -> Reference:
    """Return the reference that a window's predictions are, also of each value of a segment.

    Args:
        store: Where the predictions are.
        window: Time to look at.
        where: Conditions, such as on the model.
        segment: Name of the segment, or None.

    Raises:
        StoreError: If the store cannot be read.
    """
    whole = reference_of_window(store, window, where)
    numbers = [name for name, one in whole.columns.items() if isinstance(one, NumberProfile)]
    components = None
    if len(numbers) > 2:
        components = fit_components(window_rows(store, window, where, numbers).numbers)
    whole = replace(whole, components=components)
    if segment is None:
        return whole
    field = f"{SEGMENTS}.{segment}"
    found = store.value_counts(KIND, field, window, where, limit=MOST_SEGMENTS)
    parts = {
        item.value: reference_of_window(store, window, [*where, in_segment(segment, item.value)])
        for item in found
    }
    return replace(
        whole,
        segment=segment,
        segments={value: SegmentProfile(part.rows, part.columns) for value, part in parts.items()},
    )


def in_segment(segment: str, value: str) -> Condition:
    """Return the condition that a prediction is in a segment."""
    return Condition(f"{SEGMENTS}.{segment}", "any_of", (value,))


def window_rows(
    store: Store,
    window: Window,
    where: Where,
    numbers: Sequence[str],
    categories: Sequence[str] = (),
    most: int = MOST_ROWS,
) -> Rows:
    """Return a sample of a window's rows, the same in every store.

    Args:
        store: Where the predictions are.
        window: Time to look at.
        where: Conditions, such as on the model.
        numbers: Numeric columns.
        categories: Columns of texts.
        most: Rows, about.

    Raises:
        StoreError: If the store cannot be read.
    """
    rows = count_requests(store, window, where)
    share = min(1.0, most / rows) if rows else 1.0
    fields = [field_of(name, is_number=True) for name in numbers]
    fields += [field_of(name, is_number=False) for name in categories]
    order = [SAMPLING_KEY, "event.id"]  # stores give rows in no order
    held = [
        row for page in store.scan(KIND, [*order, *fields], window, where, share) for row in page
    ]
    held.sort(key=lambda row: (row[0] or 0, row[1] or ""))
    columns = list(zip(*held, strict=True))[len(order) :] if held else [()] * len(fields)
    return Rows(
        {
            name: np.array([np.nan if v is None else v for v in column], dtype=float)
            for name, column in zip(numbers, columns, strict=False)
        },
        {
            name: np.array(column, dtype=object)
            for name, column in zip(categories, columns[len(numbers) :], strict=True)
        },
    )


def _profiles(
    store: Store, fields: Sequence[str], window: Window, where: Where
) -> dict[str, NumberProfile]:
    """Return the profiles of numeric fields that have values, from a few rounds of counting."""
    moments: dict[str, Moments] = {}
    for some, asked in _sides(fields, where):
        moments |= store.moments(KIND, some, window, asked)
    known = {field: found for field, found in moments.items() if found.n}
    counted = {field: _first_edges(found) for field, found in known.items()}
    histograms = _histograms(store, counted, window, where)
    for _ in range(PASSES):
        finer = {field: _finer(histogram) for field, histogram in histograms.items()}
        changed = {f: e for f, e in finer.items() if len(e) > len(histograms[f].edges)}
        if not changed:
            break
        histograms |= _histograms(store, changed, window, where)
    wanted: dict[str, list[float]] = {}
    shapes: dict[str, tuple[float, float]] = {}
    for field, histogram in histograms.items():
        quantiles = _quantiles(histogram, tail_shares())
        lower, median, upper = _quantiles(histogram, [0.25, 0.5, 0.75])
        quantiles[-1] = known[field].maximum or quantiles[-1]
        wanted[field] = number_edges(sorted(quantiles), median, upper - lower)
        deviation = (known[field].variance or 0.0) ** 0.5
        shapes[field] = median, scale_of(upper - lower, deviation)
    final = _histograms(store, wanted, window, where)
    return {field: profile_of(found, *shapes[field]) for field, found in final.items()}


def _histograms(
    store: Store, edges: Mapping[str, Sequence[float]], window: Window, where: Where
) -> dict[str, Histogram]:
    found: dict[str, Histogram] = {}
    for fields, asked in _sides(edges, where):
        for some in _chunks(fields):
            found |= store.histograms(KIND, {field: edges[field] for field in some}, window, asked)
    return found


def _first_edges(moments: Moments) -> list[float]:
    low, high = moments.minimum or 0.0, moments.maximum or 0.0
    edges = np.linspace(low, np.nextafter(high, np.inf), FIRST_BINS + 1)
    return sorted({float(edge) for edge in edges})


def _finer(histogram: Histogram) -> list[float]:
    """Return the edges, with those bins split that hold more than a quantile should."""
    most = max(1.0, histogram.n / EDGES / 2)
    edges = set(histogram.edges)
    for place, count in enumerate(histogram.counts):
        low, high = histogram.edges[place : place + 2]
        if count > most and high - low > 1e-12 * max(abs(low), abs(high)):
            edges.update(map(float, np.linspace(low, high, SPLIT + 1)))
    return sorted(edges)


def _quantiles(histogram: Histogram, shares: Sequence[float]) -> list[float]:
    """Return the edge below which at most each share of the values lies."""
    below = np.array([0, *accumulate(histogram.counts)])
    places = np.searchsorted(below, np.asarray(shares) * histogram.n, side="right") - 1
    return [histogram.edges[min(int(place), len(histogram.edges) - 1)] for place in places]


def _categories(
    store: Store, field: str, window: Window, where: Where, missing: int
) -> CategoryProfile:
    ((_, asked),) = _sides([field], where)
    found = store.value_counts(KIND, field, window, asked, limit=MOST_CATEGORIES)
    return profile_categories({item.value: item.count for item in found}, missing)


def _column_of(field: str) -> str:
    for name, output in OUTPUTS.items():
        if field == output:
            return name
    return field.removeprefix(f"{NUMBERS}.").removeprefix(f"{CATEGORIES}.")


def _span_text(window: Window) -> str:
    """Return the ends of a window as people read them."""
    since, until = (
        None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
        for moment in (window.since, window.until)
    )
    begin = f" from {since.removesuffix(' 00:00')}" if since else ""
    return begin + (f" until {until.removesuffix(' 00:00')}" if until else "")


def _chunks(fields: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(fields), TOGETHER):
        yield fields[begin : begin + TOGETHER]

"""Numeric features whose values are unusual in the failed requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np

from analyzers.findings import Cause
from analyzers.root_cause.case import Case
from analyzers.root_cause.causes import MINIMUM_SCORE
from analyzers.root_cause.contrast import MINIMUM_EXCESS
from analyzers.root_cause.severity import MINIMUM_FAILED
from analyzers.root_cause.summaries import share_text
from analyzers.root_cause.testimony.values import BEFORE, MAXIMUM_Q
from analyzers.statistics.association import fisher_exact_greater
from analyzers.stores.base import Window
from analyzers.stores.numbers import Histogram, Moments

NUMBERS = "ml.features.number"
BINS = 12
MOST_FEATURES = 500


def testify_features(case: Case) -> Sequence[Cause]:
    """Find the thresholds that tell the failed requests from the others of the same time.

    Each feature's bins lie between the smallest and the largest value before the onset, so that
    what was never seen before lies outside. The best threshold is the one with the largest
    difference in share (that of Kolmogorov and Smirnov, over the edges); its one-sided p-value
    (Fisher's exact test) is multiplied by the number of thresholds of all features (Bonferroni).
    Where no threshold tells them apart, the requests before the onset are the others: the feature
    may have changed for everybody.

    Raises:
        StoreError: If the store cannot be read.
    """
    names = case.store.names("prediction", NUMBERS, case.span, case.requests)[:MOST_FEATURES]
    fields = [f"{NUMBERS}.{name}" for name in names]
    if not fields:
        return []
    before = Window(case.window.since, case.span.since)
    known = case.store.moments("prediction", fields, before, case.requests)
    edges = {field: edges for field in fields if (edges := _edges(known[field])) is not None}
    if not edges:
        return []
    failed = case.store.histograms("prediction", edges, case.span, case.failed)
    every = case.store.histograms("prediction", edges, case.span, case.requests)
    tests = sum(2 * len(some) for some in edges.values())
    found = [_best_threshold(field, failed[field], every[field], tests) for field in edges]
    causes = [cause for cause in found if cause is not None]
    both = case.span_and_before
    if both is None or any(cause.score >= MINIMUM_SCORE for cause in causes):
        return causes
    every = case.store.histograms("prediction", edges, both, case.requests)
    found = [_best_threshold(field, failed[field], every[field], tests) for field in edges]
    return [_before(cause) for cause in found if cause is not None]


def _before(cause: Cause) -> Cause:
    """Return a cause that says that the others are those before."""
    sentence = cause.sentence.replace("of the others", "of those before")
    return replace(cause, score=cause.score * BEFORE, sentence=sentence)


def _edges(moments: Moments) -> list[float] | None:
    low, high = moments.minimum, moments.maximum
    if moments.n < MINIMUM_FAILED or low is None or high is None or not low < high:
        return None
    edges = np.linspace(low, high, BINS + 1)
    return [float(edge) for edge in edges] if (np.diff(edges) > 0).all() else None


def _best_threshold(field: str, failed: Histogram, every: Histogram, tests: int) -> Cause | None:
    """Return the cause that one feature is, if it is one."""
    n, m = failed.n, every.n - failed.n
    if n < MINIMUM_FAILED or m < MINIMUM_FAILED:
        return None
    edges = failed.edges
    # below the first edge, below the second, ... ; values on the last edge lie below it
    mine = list(accumulate((failed.below, *failed.counts)))
    theirs = [all_ - own for all_, own in zip(
        accumulate((every.below, *every.counts)), mine, strict=True
    )]  # fmt: skip
    excess = [a / n - b / m for a, b in zip(mine, theirs, strict=True)]
    place = int(np.argmax(np.abs(excess)))
    is_below = excess[place] > 0
    a, b = mine[place], theirs[place]
    if not is_below:
        a, b = n - a, m - b
    p = float(fisher_exact_greater(a, n, b, m)[0])
    q = min(1.0, p * tests)
    strength = abs(excess[place])
    if q > MAXIMUM_Q or strength < MINIMUM_EXCESS:
        return None
    value = f"{'below' if is_below else 'above'} {edges[place]:.4g}"
    return Cause(
        category="feature",
        field=field,
        value=value,
        score=strength,
        share=a / n,
        other_share=b / m,
        lift=(a / n) / (b / m) if b else None,
        p=p,
        q=q,
        sentence=(
            f"feature {field.removeprefix(f'{NUMBERS}.')} is {value} in {share_text(a / n)} of the "
            f"failed requests, and in {share_text(b / m)} of the others"
        ),
    )

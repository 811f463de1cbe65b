"""Whether a classifier can tell rows of now from rows of the reference, and by which columns.

It sees every shift at once, also of how columns go together, but needs rows of both sides: two
files, or two windows of a store.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analyzers.statistics.intervals import odds_scaled
from analyzers.statistics.ranking_quality import roc_auc

Floats = NDArray[np.float64]

MOST_ROWS = 5_000
"""Rows of each side that are looked at, drawn with a seed."""

MINIMUM_ROWS = 100
FOLDS = 5
TREES = 50
MOST_CATEGORIES = 50
"""Categories of a column that are told apart, the most frequent."""

MAXIMUM_P = 0.01
MINIMUM_AUC = 0.55
"""Area under the ROC curve from which a shift is large."""

NAMED = 5
MOST_TRIED = 50
"""Columns whose part in giving rows away is measured."""

_SHARED = 1 / FOLDS + 1 / (FOLDS - 1)
"""Variance of the mean over the folds, in variances of one: they share most of what is learned."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as columns.

    Attributes:
        numbers: Numeric columns; NaN is missing.
        categories: Columns of texts; None is missing.
    """

    numbers: Mapping[str, Floats] = field(default_factory=dict)
    categories: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of rows."""
        held = next(iter([*self.numbers.values(), *self.categories.values()]), np.empty(0))
        return len(held)


@dataclass(frozen=True, slots=True)
class DomainClassification:
    """How well rows of now can be told from those of the reference.

    Attributes:
        n: Rows of now.
        reference_n: Rows of the reference.
        roc_auc: Mean area under the ROC curve over the folds: .5 if they cannot; None if it was
            not tried.
        low: Lower end of its 95 % confidence interval, or None.
        high: Upper end, or None.
        p: One-sided p-value of the rank-sum test on rows that the classifier had not seen, or None.
        is_drifted: Whether the shift is both sure and large.
        columns: The columns that give it away, and by how much the area falls without each.
        reason: Why it was not tried, or None.
    """

    n: int
    reference_n: int
    roc_auc: float | None
    low: float | None
    high: float | None
    p: float | None
    is_drifted: bool
    columns: tuple[tuple[str, float], ...] = ()
    reason: str | None = None


def classify_domains(reference: Rows, current: Rows, seed: int = 0) -> DomainClassification:
    """Train a classifier to tell two sets of rows apart, and try it on rows it has not seen.

    Args:
        reference: Rows of the reference.
        current: Rows of now; only columns that both sides have are used.
        seed: Seed of the draws.

    Source:
        S. Rabanser, S. Günnemann, Z. Lipton, Failing Loudly: An Empirical Study of Methods for
        Detecting Dataset Shift, NeurIPS 2019; null distribution of the area by H. Mann, D. Whitney
        (1947); what folds share: C. Nadeau, Y. Bengio, Inference for the Generalization Error,
        Machine Learning 52 (2003).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold

    n, m = current.n, reference.n
    names = _shared(reference, current)
    if min(n, m) < MINIMUM_ROWS or not names:
        reason = f"fewer than {MINIMUM_ROWS} rows" if names else "no column is on both sides"
        return DomainClassification(n, m, None, None, None, None, False, reason=reason)
    draw = np.random.default_rng(seed)
    inputs = _matrix(names, reference, current, draw)
    is_now = np.repeat([False, True], [min(m, MOST_ROWS), min(n, MOST_ROWS)])
    texts = [place for place, name in enumerate(names) if name in reference.categories]
    areas, variances, nulls = [], [], []
    drops = np.zeros(len(names))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for learned, unseen in folds.split(inputs, is_now):
        model = HistGradientBoostingClassifier(
            max_iter=TREES, max_leaf_nodes=15, categorical_features=texts, random_state=seed
        ).fit(inputs[learned], is_now[learned])
        truth, held = is_now[unseen], inputs[unseen]
        area = roc_auc(model.predict_proba(held)[:, 1], truth)
        yes, no = int(truth.sum()), int((~truth).sum())
        areas.append(area.value)
        variances.append(_variance(area.value, area.low, area.high))
        nulls.append((yes + no + 1) / (12 * yes * no))
        if len(areas) == 1:
            for place in _suspects(inputs, is_now):
                shuffled = held.copy()
                shuffled[:, place] = draw.permutation(shuffled[:, place])
                worse = roc_auc(model.predict_proba(shuffled)[:, 1], truth).value
                drops[place] = area.value - worse
    mean = float(np.mean(areas))
    p = float(stats.norm.sf((mean - 0.5) / math.sqrt(float(np.mean(nulls)) * _SHARED)))
    interval = odds_scaled(mean, math.sqrt(float(np.mean(variances)) * _SHARED))
    order = [int(place) for place in np.argsort(-drops)[:NAMED] if drops[place] > 0.005]
    return DomainClassification(
        n, m, mean, _known(interval.low), _known(interval.high), p,
        is_drifted=p <= MAXIMUM_P and mean >= MINIMUM_AUC,
        columns=tuple((names[place], float(drops[place])) for place in order),
    )  # fmt: skip


def _suspects(inputs: Floats, is_now: NDArray[np.bool_]) -> list[int]:
    """Return the columns to try without: all or, of many, those that differ most by themselves."""
    if inputs.shape[1] <= MOST_TRIED:
        return list(range(inputs.shape[1]))
    alone = [roc_auc(column, is_now).value for column in inputs.T]
    apart = np.nan_to_num(np.abs(np.array(alone) - 0.5))
    return [int(place) for place in np.argsort(-apart, kind="stable")[:MOST_TRIED]]


def _shared(reference: Rows, current: Rows) -> list[str]:
    numbers = [name for name in reference.numbers if name in current.numbers]
    return numbers + [name for name in reference.categories if name in current.categories]


def _matrix(names: list[str], reference: Rows, current: Rows, draw: np.random.Generator) -> Floats:
    """Return the rows of both sides, those of the reference first, categories as places."""
    chosen = [draw.permutation(side.n)[:MOST_ROWS] for side in (reference, current)]
    columns = []
    for name in names:
        if name in reference.numbers:
            both = [side.numbers[name] for side in (reference, current)]
            held = np.concatenate([v[rows] for v, rows in zip(both, chosen, strict=True)])
            columns.append(np.where(np.isfinite(held), held, np.nan))
            continue
        texts = [side.categories[name] for side in (reference, current)]
        text = np.concatenate([v[rows] for v, rows in zip(texts, chosen, strict=True)])
        there = np.array([value is not None for value in text])
        values, places, counts = np.unique(
            text[there].astype(str), return_inverse=True, return_counts=True
        )
        rank = np.empty(values.size, dtype=float)
        rank[np.argsort(-counts, kind="stable")] = np.arange(values.size)
        coded = np.full(text.size, np.nan)
        coded[there] = np.minimum(rank[places], MOST_CATEGORIES)
        columns.append(coded)
    return np.column_stack(columns)


def _variance(area: float, low: float, high: float) -> float:
    """Return the variance behind an interval on the scale of odds; 0 for a perfect area."""
    if not math.isfinite(low) or not 0 < area < 1:
        return 0.0
    width = math.log(high / (1 - high)) - math.log(low / (1 - low))
    return (width / (2 * 1.959964) * area * (1 - area)) ** 2


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None

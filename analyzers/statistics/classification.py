"""How well classes were predicted, from a confusion matrix alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analyzers.statistics.intervals import UNDEFINED, Estimate, proportion, with_deviation

Floats = NDArray[np.float64]


def confusion_matrix(actual: ArrayLike, predicted: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count pairs of classes.

    Args:
        actual: Place of the true class, from 0, shape (n,).
        predicted: Place of the predicted class, shape (n,).
        classes: Number of classes, k.

    Returns:
        Counts, shape (k, k): a row for each true class, a column for each predicted one.

    Raises:
        ValueError: If the shapes differ, or a place lies outside.

    Source:
        As scikit-learn's ``confusion_matrix``.
    """
    a, b = (np.atleast_1d(np.asarray(x, dtype=np.int64)) for x in (actual, predicted))
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError("each row needs a true and a predicted class")
    if a.size and (min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= classes):
        raise ValueError("a class lies outside of the known ones")
    counted = np.bincount(a * classes + b, minlength=classes * classes)
    return counted.reshape(classes, classes)


def accuracy(matrix: ArrayLike) -> Estimate:
    """Share of the rows whose class was right; over all classes also micro-averaged F1.

    Args:
        matrix: Confusion matrix, shape (k, k).

    Source:
        As scikit-learn's ``accuracy_score``; Wilson's interval.
    """
    counts = _checked(matrix)
    return proportion(float(np.trace(counts)), float(counts.sum()))


def precision(matrix: ArrayLike, place: int) -> Estimate:
    """Share of the rows predicted as a class that are of it; undefined where none was.

    Args:
        matrix: Confusion matrix, shape (k, k).
        place: Place of the class.

    Source:
        C. van Rijsbergen, Information Retrieval, 2nd ed., 1979, chapter 7; Wilson's interval.
    """
    counts = _checked(matrix)
    return proportion(float(counts[place, place]), float(counts[:, place].sum()))


def recall(matrix: ArrayLike, place: int) -> Estimate:
    """Share of the rows of a class that were predicted as it; undefined where there are none.

    Args:
        matrix: Confusion matrix, shape (k, k).
        place: Place of the class.

    Source:
        As ``precision``.
    """
    counts = _checked(matrix)
    return proportion(float(counts[place, place]), float(counts[place].sum()))


def f1(matrix: ArrayLike, place: int) -> Estimate:
    """Harmonic mean of precision and recall of a class.

    It rises with the Jaccard index, a share of the rows that are of the class or predicted as it,
    so that Wilson's interval of the one gives that of the other.

    Args:
        matrix: Confusion matrix, shape (k, k).
        place: Place of the class.

    Returns:
        The estimate; undefined where the class neither occurs nor was predicted.

    Source:
        As ``precision``; F1 = 2 J / (1 + J).
    """
    counts = _checked(matrix)
    hits = float(counts[place, place])
    index = proportion(hits, float(counts[place].sum() + counts[:, place].sum()) - hits)
    return Estimate(*(2 * x / (1 + x) for x in (index.value, index.low, index.high)))


def macro_precision(matrix: ArrayLike) -> Estimate:
    """Mean of the precisions of all classes that occur or were predicted, 0 where none was.

    Args:
        matrix: Confusion matrix, shape (k, k).

    Source:
        As scikit-learn's ``precision_score(average="macro", zero_division=0)``; the variance is
        that of independent shares.
    """
    counts = _checked(matrix)
    return _mean_share(np.diag(counts), counts.sum(axis=0), _occurring(counts))


def macro_recall(matrix: ArrayLike) -> Estimate:
    """Mean of the recalls of all classes that occur or were predicted; also balanced accuracy.

    Args:
        matrix: Confusion matrix, shape (k, k).

    Source:
        As ``macro_precision``.
    """
    counts = _checked(matrix)
    return _mean_share(np.diag(counts), counts.sum(axis=1), _occurring(counts))


def averaged_f1(matrix: ArrayLike, is_weighted: bool) -> Estimate:
    """Mean of the F1 of all classes that occur or were predicted.

    Args:
        matrix: Confusion matrix, shape (k, k).
        is_weighted: Whether classes count by their true rows (weighted) or all alike (macro).

    Returns:
        The estimate, with an interval by the delta method; undefined without rows.

    Source:
        As scikit-learn's ``f1_score``; interval: K. Takahashi et al., Confidence Interval for
        Micro-Averaged F1 and Macro-Averaged F1 Scores, Applied Intelligence 52 (2022).
    """
    counts = _checked(matrix)
    n = float(counts.sum())
    if not n:
        return UNDEFINED
    used = _occurring(counts)
    p = counts[np.ix_(used, used)] / n
    hits, true, predicted = np.diag(p), p.sum(axis=1), p.sum(axis=0)
    both = true + predicted
    scores = 2 * hits / both
    weights = true if is_weighted else np.full(hits.size, 1 / hits.size)
    value = float((weights * scores).sum())
    # slope of the mean by each cell: a hit raises its class, any row lowers its two classes
    loss = weights * 2 * hits / both**2
    slope = -(loss[:, None] + loss[None, :]) + np.diag(weights * 2 / both)
    if is_weighted:
        slope = slope + scores[:, None]
    variance = float((slope**2 * p).sum() - (slope * p).sum() ** 2)
    return with_deviation(value, math.sqrt(max(0.0, variance) / n), 0.0, 1.0)


def weighted_precision(matrix: ArrayLike) -> float:
    """Mean of the precisions, each class counting by its true rows; NaN without rows.

    Args:
        matrix: Confusion matrix, shape (k, k).

    Source:
        As scikit-learn's ``precision_score(average="weighted", zero_division=0)``. The recall that
        is weighted so is the accuracy.
    """
    counts = _checked(matrix)
    if not counts.sum():
        return math.nan
    predicted = counts.sum(axis=0)
    shares = np.diag(counts) / np.where(predicted > 0, predicted, 1)
    return float((shares * counts.sum(axis=1)).sum() / counts.sum())


def _mean_share(hits: Floats, totals: Floats, used: NDArray[np.int64]) -> Estimate:
    if not used.size:
        return UNDEFINED
    n = np.where(totals[used] > 0, totals[used], 1.0)
    shares = hits[used] / n
    deviation = math.sqrt(float((shares * (1 - shares) / n).sum())) / used.size
    return with_deviation(float(shares.mean()), deviation, 0.0, 1.0)


def _occurring(counts: Floats) -> NDArray[np.int64]:
    return np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))


def _checked(matrix: ArrayLike) -> Floats:
    counts = np.asarray(matrix, dtype=float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError("a confusion matrix has a row and a column for each class")
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("counts must be finite and not negative")
    return counts

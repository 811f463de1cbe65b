"""Measures of classification: equal to scikit-learn's, and intervals that cover the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from analyzers.statistics.classification import (
    accuracy,
    averaged_f1,
    confusion_matrix,
    f1,
    macro_precision,
    macro_recall,
    precision,
    recall,
    weighted_precision,
)

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(PAIRS)
def test_as_scikit_learn_has_it(pairs: list[tuple[int, int]]) -> None:
    """Every measure, also with classes that never occur or are never predicted."""
    actual, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    matrix = confusion_matrix(actual, predicted, 4)
    assert (matrix == metrics.confusion_matrix(actual, predicted, labels=range(4))).all()
    assert accuracy(matrix).value == pytest.approx(metrics.accuracy_score(actual, predicted))
    for ours, average in ((macro_precision, "macro"), (weighted_precision, "weighted")):
        theirs = metrics.precision_score(actual, predicted, average=average, zero_division=0)
        found = ours(matrix)
        assert (found if isinstance(found, float) else found.value) == pytest.approx(theirs)
    theirs = metrics.recall_score(actual, predicted, average="macro", zero_division=0)
    assert macro_recall(matrix).value == pytest.approx(theirs)
    for is_weighted, average in ((False, "macro"), (True, "weighted")):
        theirs = metrics.f1_score(actual, predicted, average=average, zero_division=0)
        assert averaged_f1(matrix, is_weighted).value == pytest.approx(theirs)
    for ours_, score in (
        (precision, metrics.precision_score),
        (recall, metrics.recall_score),
        (f1, metrics.f1_score),
    ):
        theirs = score(actual, predicted, labels=range(4), average=None, zero_division=np.nan)
        by_class = [ours_(matrix, place).value for place in range(4)]
        assert by_class == pytest.approx(list(theirs), nan_ok=True)


def test_intervals_cover_the_truth() -> None:
    """In 93 to 97 of 100 samples of 400 rows, whichever measure."""
    shares = np.array([[0.50, 0.05, 0.02], [0.04, 0.20, 0.03], [0.03, 0.03, 0.10]])
    measures = (
        accuracy,
        lambda m: f1(m, 1),
        lambda m: precision(m, 2),
        lambda m: recall(m, 0),
        macro_precision,
        macro_recall,
        lambda m: averaged_f1(m, False),
        lambda m: averaged_f1(m, True),
    )
    draw = np.random.default_rng(5)
    samples = draw.multinomial(400, shares.ravel(), size=1500).reshape(-1, 3, 3)
    for measure in measures:
        truth = measure(shares * 1e9).value
        found = [measure(sample) for sample in samples]
        covered = float(np.mean([one.low <= truth <= one.high for one in found]))
        assert 0.93 < covered < 0.97


def test_nothing_to_judge() -> None:
    """Without rows nothing is defined, and nothing raises."""
    empty = np.zeros((2, 2))
    for found in (accuracy(empty), f1(empty, 0), macro_recall(empty), averaged_f1(empty, True)):
        assert math.isnan(found.value)
        assert math.isnan(found.low)
    assert math.isnan(weighted_precision(empty))
    assert confusion_matrix([], [], 2).sum() == 0


def test_what_is_no_confusion_matrix() -> None:
    """One sentence, not a wrong number."""
    with pytest.raises(ValueError, match="outside of the known"):
        confusion_matrix([0, 2], [0, 1], 2)
    with pytest.raises(ValueError, match="true and a predicted"):
        confusion_matrix([0, 1], [0], 2)
    with pytest.raises(ValueError, match="a row and a column"):
        accuracy([[1.0, 2.0]])
    with pytest.raises(ValueError, match="finite"):
        accuracy(np.array([[1, math.nan], [0, 1]]))

"""ROC and precision-recall areas: closed forms, scikit-learn, and intervals that cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from analyzers.statistics.ranking_quality import average_precision, roc_auc

ROWS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=80)


@given(ROWS)
def test_as_scikit_learn_has_it(rows: list[tuple[int, bool]]) -> None:
    """Also with many ties."""
    scores, positives = (np.array(side) for side in zip(*rows, strict=True))
    if positives.any():
        theirs = metrics.average_precision_score(positives, scores)
        assert average_precision(scores, positives).value == pytest.approx(theirs)
    if positives.any() and not positives.all():
        assert roc_auc(scores, positives).value == pytest.approx(
            metrics.roc_auc_score(positives, scores)
        )


def test_two_normals() -> None:
    """The area between N(0, 1) and N(1, 1) is Phi(1 / sqrt 2)."""
    draw = np.random.default_rng(1)
    positives = np.arange(200_000) % 2 == 0
    scores = draw.normal(size=200_000) + positives
    found = roc_auc(scores, positives)
    assert found.value == pytest.approx(stats.norm.cdf(1 / math.sqrt(2)), abs=0.003)


def test_intervals_cover_the_truth() -> None:
    """In 93 to 97 of 100 samples; that of the precision-recall area is cautious."""
    draw = np.random.default_rng(2)
    positives = np.arange(300) < 60
    large = np.arange(1_000_000) < 200_000
    truth = {
        roc_auc: float(stats.norm.cdf(1 / math.sqrt(2))),
        average_precision: average_precision(draw.normal(size=large.size) + large, large).value,
    }
    covered = dict.fromkeys(truth, 0)
    for _ in range(1000):
        scores = draw.normal(size=300) + positives
        for measure, value in truth.items():
            found = measure(scores, positives)
            covered[measure] += found.low <= value <= found.high
    assert 930 < covered[roc_auc] < 970
    assert covered[average_precision] > 930


def test_nothing_to_rank() -> None:
    """One class alone, no rows, no finite score."""
    for scores, positives in (
        ([], []),
        ([0.1, 0.2], [True, True]),
        ([math.nan] * 2, [True, False]),
    ):
        assert math.isnan(roc_auc(scores, positives).value)
    assert math.isnan(average_precision([0.5], [False]).value)
    perfect = roc_auc([0.1, 0.9], [False, True])
    assert perfect.value == 1
    assert math.isnan(perfect.low)
    with pytest.raises(ValueError, match="positive or a negative"):
        roc_auc([0.1], [True, False])

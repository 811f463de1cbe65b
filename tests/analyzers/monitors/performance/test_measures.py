"""How good predictions were: scikit-learn's numbers, and a reason where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from analyzers.monitors.performance.measures import measure
from analyzers.monitors.performance.outcomes import Outcomes, positive_place
from tests.analyzers.monitors.performance.outcome_rows import binary, numbers, rows


def test_two_classes_as_scikit_learn_has_them() -> None:
    """Every measure of a binary model."""
    found = binary(2000, np.random.default_rng(1))
    measured = measure(found, 1)
    a, p, s = found.actual, found.predicted, found.score
    theirs = {
        "accuracy": metrics.accuracy_score(a, p),
        "precision": metrics.precision_score(a, p),
        "recall": metrics.recall_score(a, p),
        "f1": metrics.f1_score(a, p),
        "f1_macro": metrics.f1_score(a, p, average="macro"),
        "f1_weighted": metrics.f1_score(a, p, average="weighted"),
        "precision_macro": metrics.precision_score(a, p, average="macro"),
        "precision_weighted": metrics.precision_score(a, p, average="weighted"),
        "recall_macro": metrics.balanced_accuracy_score(a, p),
        "roc_auc": metrics.roc_auc_score(a, s),
        "average_precision": metrics.average_precision_score(a, s),
        "brier_score": metrics.brier_score_loss(a, s),
        "log_loss": metrics.log_loss(a, s),
    }
    for name, value in theirs.items():
        assert measured.value(name) == pytest.approx(value), name
    assert measured.task == "binary"
    assert measured.confusion == tuple(map(tuple, metrics.confusion_matrix(a, p).tolist()))
    assert measured.positive == "yes"
    assert measured.loss.mean == pytest.approx(1 - theirs["accuracy"])


def test_several_classes_with_the_probability_of_each() -> None:
    """One against the rest, and log loss; rows whose probabilities do not sum to one are named."""
    draw = np.random.default_rng(2)
    p = draw.dirichlet([1, 1, 1], size=500)
    actual = np.array([draw.choice(3, p=row) for row in p])
    found = rows(
        500, classes=("a", "b", "c"), predicted=p.argmax(axis=1), actual=actual,
        score=p.max(axis=1), probabilities=p,
    )  # fmt: skip
    measured = measure(found, positive_place(found, None))
    assert measured.task == "multiclass"
    assert measured.value("roc_auc_macro") == pytest.approx(
        metrics.roc_auc_score(actual, p, multi_class="ovr")
    )
    assert measured.value("log_loss") == pytest.approx(metrics.log_loss(actual, p))
    assert [one.recall for one in measured.classes] == pytest.approx(
        list(metrics.recall_score(actual, p.argmax(axis=1), average=None))
    )
    wrong = measure(replace(found, probabilities=np.vstack([p[:-1], [[0.9, 0.9, 0.9]]])), None)
    assert "the probabilities of 1 rows do not sum to one" in wrong.notes


def test_numbers() -> None:
    """Beside scikit-learn's, and rows that lack one side are left out."""
    found = numbers(1000, np.random.default_rng(3))
    holes = found.actual_value.copy()
    holes[:100] = np.nan
    measured = measure(replace(found, actual_value=holes), None)
    a, p = found.actual_value[100:], found.value[100:]
    assert (measured.rows, measured.labelled, measured.coverage) == (1000, 900, 0.9)
    assert measured.value("mean_absolute_error") == pytest.approx(metrics.mean_absolute_error(a, p))
    assert measured.value("r2") == pytest.approx(metrics.r2_score(a, p))


def test_a_score_alone_decides_at_one_half() -> None:
    """Where the model names no class."""
    found = binary(100, np.random.default_rng(4))
    alone = measure(replace(found, predicted=np.full(100, -1)), 1)
    assert alone.value("accuracy") == measure(found, 1).value("accuracy")


def test_a_class_that_was_never_predicted() -> None:
    """It has a recall of nought and no precision."""
    found = rows(
        4, classes=("a", "b", "c"), predicted=np.array([0, 1, 0, 1]), actual=np.array([0, 1, 2, 2])
    )
    measured = measure(found, None)
    last = measured.classes[-1]
    assert (last.name, last.n, last.predicted, last.recall, last.precision) == (
        "c",
        2,
        0,
        0.0,
        None,
    )
    assert "without scores there is no ROC AUC, log loss or calibration" in measured.notes


def test_what_stands_beside_the_measures() -> None:
    """Failures, latency, ratings and lag."""
    found = rows(
        4, classes=("0", "1"), predicted=np.array([0, 1, 1, -1]), actual=np.array([0, 1, 0, -1]),
        duration=np.array([0.1, 0.2, 0.3, np.nan]), failed=np.array([False, False, False, True]),
        rating=np.array([5, np.nan, 2, np.nan]), lag=np.array([10.0, 20.0, 30.0, np.nan]),
    )  # fmt: skip
    measured = measure(found, 1)
    assert measured.error_rate == 0.25
    assert measured.duration_p50 == pytest.approx(0.2)
    assert (measured.ratings, measured.rating) == (2, 3.5)
    assert (measured.lag_median, measured.labelled, measured.coverage) == (20.0, 3, 0.75)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (rows(0), "there are no predictions"),
        (rows(3), "no prediction has a label yet"),
        (
            rows(2, classes=("a",), predicted=np.array([0, 0]), actual_value=np.ones(2)),
            "not of one kind",
        ),
        (rows(2, classes=("a",), actual=np.array([0, 0])), "has a class or a number"),
    ],
)
def test_nothing_to_judge(found: Outcomes, reason: str) -> None:
    """A reason in place of a number."""
    measured = measure(found, positive_place(found, None))
    assert not measured.measures
    assert any(reason in note for note in measured.notes)


def test_scores_that_are_no_probabilities() -> None:
    """They are ranked, and said to be none."""
    found = replace(binary(200, np.random.default_rng(5)), score=np.linspace(-3, 5, 200))
    measured = measure(found, 1)
    assert measured.value("roc_auc") is not None
    assert any("scores are no probabilities" in note for note in measured.notes)


def test_which_class_is_the_positive_one() -> None:
    """By name, by wish, by scores; and a sentence where there is no such class."""
    scored = rows(
        4, classes=("churn", "stay"), predicted=np.array([0, 0, 1, 1]),
        score=np.array([0.9, 0.8, 0.1, 0.2]),
    )  # fmt: skip
    assert positive_place(scored, None) == 0
    assert positive_place(scored, "stay") == 1
    assert positive_place(rows(1, classes=("False", "True")), None) == 1
    assert positive_place(rows(1, classes=("a", "b", "c")), None) is None
    with pytest.raises(ValueError, match="no class is called 'left'"):
        positive_place(scored, "left")

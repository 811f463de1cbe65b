"""Performance without labels is near what it turns out to be, and says when it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import orjson
import pytest

from analyzers.monitors.performance.estimation import estimate
from analyzers.monitors.performance.measures import measure
from analyzers.monitors.performance.outcome_profiles import (
    OutcomeProfile,
    profile_outcomes,
    read_outcome_profile,
)
from analyzers.monitors.performance.outcomes import Outcomes
from tests.analyzers.monitors.performance.outcome_rows import binary, numbers, rows


def profile_of(outcomes: Outcomes, positive: int | None = 1) -> OutcomeProfile:
    """Return a profile as it comes back from a file."""
    made = profile_outcomes(outcomes, positive)
    assert made is not None
    return read_outcome_profile(orjson.loads(orjson.dumps(made.document())))


def without_labels(outcomes: Outcomes) -> Outcomes:
    """Return the rows as they are before anything became true."""
    return replace(
        outcomes,
        actual=np.full(outcomes.rows, -1),
        actual_value=np.full(outcomes.rows, np.nan),
    )


def test_shifted_inputs_with_scores_that_are_too_sure() -> None:
    """Of 20 draws of 50,000 the mean error of the ROC AUC is at most .003, of the others .004."""
    draw = np.random.default_rng(1)
    names = ("roc_auc", "accuracy", "precision", "recall", "f1", "brier_score")
    errors, covered = [], []
    for _ in range(20):
        profile = profile_of(binary(50_000, draw))
        current = binary(50_000, draw, shift=0.5)
        said = estimate(without_labels(current), 1, profile)
        true = measure(current, 1)
        errors.append([abs((said.value(n) or 0) - (true.value(n) or 0)) for n in names])
        held = {one.name: one for one in said.measures}
        covered.append(
            [(held[n].low or 0) <= (true.value(n) or 0) <= (held[n].high or 0) for n in names]
        )
    mean = np.mean(errors, axis=0)
    assert mean[0] <= 0.003
    assert (mean[1:] <= 0.004).all()
    assert np.mean(covered) > 0.85
    # what one would say without looking at the inputs is farther off
    naive = abs(1 - profile.loss.mean - (true.value("accuracy") or 0))
    assert naive > 0.01


def test_a_change_of_concept_cannot_be_seen() -> None:
    """It is what the report compares with labels for."""
    draw = np.random.default_rng(2)
    profile = profile_of(binary(20_000, draw))
    current = binary(20_000, draw, concept=1.5)
    said = estimate(without_labels(current), 1, profile).value("accuracy") or 0
    assert said - (measure(current, 1).value("accuracy") or 0) > 0.03


def test_several_classes() -> None:
    """The accuracy, from the confidence in each class."""
    draw = np.random.default_rng(3)

    def many(n: int, sharpness: float) -> Outcomes:
        p = draw.dirichlet(np.full(4, sharpness), size=n)
        actual = (p.cumsum(axis=1) > draw.random((n, 1))).argmax(axis=1)
        return rows(
            n, classes=tuple("abcd"), predicted=p.argmax(axis=1), actual=actual,
            score=p.max(axis=1) ** 2,
        )  # fmt: skip

    profile = profile_of(many(20_000, 0.5), None)
    current = many(20_000, 1.5)
    said = estimate(without_labels(current), None, profile)
    assert said.value("accuracy") == pytest.approx(
        measure(current, None).value("accuracy"), abs=0.01
    )
    assert (said.value("accuracy") or 0) < 1 - profile.loss.mean - 0.1


def test_numbers_whose_error_grows_with_an_input() -> None:
    """Mean absolute and root mean squared error, from inputs that are spread more widely."""
    draw = np.random.default_rng(4)
    profile = profile_of(numbers(10_000, draw, spread=1.5), None)
    current = numbers(10_000, draw, spread=0.7)
    said = estimate(without_labels(current), None, profile)
    true = measure(current, None)
    for name in ("mean_absolute_error", "root_mean_squared_error"):
        assert said.value(name) == pytest.approx(true.value(name), rel=0.05)
    assert profile.loss.mean > 1.25 * (true.value("mean_absolute_error") or 0)
    gone = estimate(without_labels(replace(current, features={})), None, profile)
    assert "the input x is not there: its median is taken" in gone.warnings


def test_scores_beyond_the_reference_are_warned_of() -> None:
    """Calibration says nothing about them."""
    draw = np.random.default_rng(5)
    known = binary(5000, draw)
    near = known.select((known.score > 0.3) & (known.score < 0.7))
    said = estimate(binary(1000, draw), 1, profile_of(near))
    assert any("beyond those of the reference" in text for text in said.warnings)


def test_nothing_to_estimate_from() -> None:
    """Few rows, no scores, other classes: a reason."""
    draw = np.random.default_rng(6)
    profile = profile_of(binary(1000, draw))
    assert estimate(binary(10, draw), 1, profile).warnings == ("fewer than 50 scores",)
    assert estimate(rows(0), None, profile).rows == 0
    renamed = replace(binary(100, draw), classes=("bad", "good"))
    assert estimate(renamed, 1, profile).warnings == ("the classes are not those of the reference",)
    unscored = replace(binary(1000, draw), score=np.full(1000, np.nan))
    assert "no scores" in estimate(unscored, 1, profile_of(unscored)).warnings[0]
    few = profile_of(numbers(20, draw), None)
    assert "too few labels" in estimate(numbers(100, draw), None, few).warnings[0]
    assert profile_outcomes(rows(5), None) is None


def test_the_profile_is_small() -> None:
    """Tens of kilobytes, whatever the rows."""
    draw = np.random.default_rng(7)
    for made in (profile_of(binary(100_000, draw)), profile_of(numbers(20_000, draw), None)):
        assert len(orjson.dumps(made.document())) < 80_000

"""Real errors of real libraries are grouped by their root cause, better than by common rules."""

from __future__ import annotations

import pytest

from benchmarks.exceptions import GROUPERS, Raised, ours, pairwise_scores, raise_all, read_recorded
from tests.corpus import ROOT_CAUSES


@pytest.fixture(scope="module")
def raised() -> list[Raised]:
    """Every error of the corpus."""
    return raise_all()


def test_the_corpus_is_large_enough() -> None:
    """At least eighty root causes, each shown in several ways."""
    assert len(ROOT_CAUSES) >= 80
    assert all(len(ways) >= 2 for ways in ROOT_CAUSES.values())


def test_pairwise_f1(raised: list[Raised]) -> None:
    """At least .95, and above every baseline on the same errors."""
    truth = [item.cause for item in raised]
    scores = {
        name: pairwise_scores(truth, grouper([item.error for item in raised]))[2]
        for name, grouper in GROUPERS.items()
    }
    best = scores.pop("Elkhound")
    assert best >= 0.95
    assert all(best > score for score in scores.values()), scores


def test_other_versions_of_the_libraries_make_the_same_groups(raised: list[Raised]) -> None:
    """Errors recorded with the oldest versions, among those that these versions raise."""
    both = [*raised, *read_recorded()]
    groups = ours([item.error for item in both])
    assert pairwise_scores([item.cause for item in both], groups)[2] >= 0.95


@pytest.mark.parametrize(
    "causes",
    [
        ("an age out of range", "a currency that is not supported", "a batch that is too long"),
        ("a request that does not validate", "a request without a city"),
        ("the exchange is down", "the exchange is down in a batch"),
    ],
)
def test_a_shared_raise_site_is_split(raised: list[Raised], causes: tuple[str, ...]) -> None:
    """Different faults that are raised at one place, or inside another, stay apart."""
    groups = {
        cause: {
            group
            for item, group in zip(raised, ours([i.error for i in raised]), strict=True)
            if item.cause == cause
        }
        for cause in causes
    }
    assert all(len(found) == 1 for found in groups.values()), groups
    assert len(set.union(*groups.values())) == len(causes)


def test_pairwise_scores_against_a_case_by_hand() -> None:
    """Truth a a b b, found x x x y: one of three pairs is right, one of two wanted is found."""
    precision, recall, f1 = pairwise_scores("aabb", "xxxy")
    assert (precision, recall) == (1 / 3, 1 / 2)
    assert f1 == pytest.approx(0.4)

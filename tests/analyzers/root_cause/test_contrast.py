"""Contrast names what failed requests have in common, and nothing by chance."""

from __future__ import annotations

import random

import pytest

from analyzers.root_cause.contrast import Scope, contrast_groups
from analyzers.stores.base import Window
from tests.analyzers.conftest import Opener, prediction

ALL = {"g": Scope(Window())}


def test_the_version_that_fails_is_named(open_local: Opener) -> None:
    """20 failures on version 2 among 200 requests: share, lift and counts are exact."""
    records = [prediction(n, n, version="2", failed="f" if n < 20 else None) for n in range(40)]
    records += [prediction(n, n, version="1") for n in range(40, 200)]
    contrasts, totals = contrast_groups(open_local(records), {"g": ["f"]}, ALL)
    assert totals == {"g": (20, 180)}
    best = contrasts["g"][0]
    assert (best.field, best.value) == ("ml.model.version", "2")
    assert (best.with_error, best.failed, best.without_error, best.others) == (20, 20, 20, 180)
    assert best.lift == pytest.approx(9.0)
    assert best.excess == pytest.approx(1 - 20 / 180)
    assert best.p <= best.q < 1e-10


def test_a_missing_feature_and_a_segment_are_named(open_local: Opener) -> None:
    """The more telling one comes first; a value only failures have has no finite lift."""
    records = [
        prediction(n, n, failed="f", features={"missing": ["age"]}, segment={"channel": "app"})
        for n in range(20)
    ]
    records += [
        prediction(n, n, segment={"channel": "app" if n % 2 else "web"}) for n in range(20, 120)
    ]
    contrasts, _ = contrast_groups(open_local(records), {"g": ["f"]}, ALL)
    first, second = contrasts["g"][:2]
    assert (first.field, first.value, first.lift) == ("ml.features.missing", "age", None)
    assert (second.field, second.value) == ("ml.segment.channel", "app")
    assert second.lift == pytest.approx(2.0)


def test_chance_is_not_reported(open_local: Opener) -> None:
    """With 30 random features of five values, what goes with nothing stays unnamed."""
    draw = random.Random(1)
    records = [
        prediction(
            n, n, failed="f" if n % 10 == 0 else None,
            features={"category": {f"c{place}": str(draw.randrange(5)) for place in range(30)}},
        )
        for n in range(500)
    ]  # fmt: skip
    contrasts, _ = contrast_groups(open_local(records), {"g": ["f"]}, ALL)
    assert contrasts["g"] == []


def test_too_few_failures_conclude_nothing(open_local: Opener) -> None:
    """Four failures are an anecdote."""
    records = [
        prediction(n, n, version="2" if n < 4 else "1", failed="f" if n < 4 else None)
        for n in range(100)
    ]
    assert contrast_groups(open_local(records), {"g": ["f"]}, ALL)[0] == {"g": []}


def test_a_feature_that_is_a_segment_too_is_named_once(open_local: Opener) -> None:
    """The same fact is not told twice."""
    records = [
        prediction(
            n, n, failed="f" if n < 20 else None,
            features={"category": {"c": "x" if n < 20 else "y"}}, segment={"c": "x" if n < 20 else "y"},
        )
        for n in range(100)
    ]  # fmt: skip
    contrasts, _ = contrast_groups(open_local(records), {"g": ["f"]}, ALL)
    assert [item.field for item in contrasts["g"]] == ["ml.segment.c"]


def test_every_request_failed(open_local: Opener) -> None:
    """Without other requests there is nothing to compare with."""
    records = [prediction(n, n, failed="f") for n in range(20)]
    assert contrast_groups(open_local(records), {"g": ["f"]}, ALL) == ({"g": []}, {"g": (20, 0)})


def test_no_groups_and_no_requests(open_local: Opener) -> None:
    """Nothing asked, nothing answered."""
    store = open_local([])
    assert contrast_groups(store, {}, {}) == ({}, {})
    assert contrast_groups(store, {"g": ["f"]}, ALL) == ({"g": []}, {"g": (0, 0)})

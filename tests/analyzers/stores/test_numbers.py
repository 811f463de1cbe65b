"""What stores say of numbers: exact counts, sums to 1e-9, on both stores alike."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.stores.base import Condition, Store, StoreError, Window
from analyzers.stores.numbers import Histogram, Moments, checked_edges
from tests.analyzers.conftest import START, StoreOpener, prediction, record

ALL = Window()
AGE = "ml.features.number.age"


def with_features(number: int, **features: Any) -> dict[str, Any]:
    """Return a prediction with numeric features."""
    return prediction(number, number, features={"number": features})


def test_bins_hold_their_left_edge_and_the_last_one_both(open_over: StoreOpener) -> None:
    """Values on every edge, between, below, above, and none."""
    values = [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, math.nextafter(3.0, 4.0), 9.0]
    records = [with_features(n, age=v) for n, v in enumerate(values)]
    store = open_over([*records, with_features(100, other=1.0)])
    found = store.histograms("prediction", {AGE: [0, 1, 2, 3]}, ALL)
    assert found == {AGE: Histogram((0, 1, 2, 3), (2, 1, 2), below=1, above=2, missing=1)}
    assert found[AGE].n == len(values)


def test_many_fields_in_one_question(open_over: StoreOpener) -> None:
    """Each over its own edges, also one that no record has."""
    store = open_over([with_features(n, age=n, weight=n / 10) for n in range(10)])
    found = store.histograms(
        "prediction",
        {
            AGE: [0, 5, 10],
            "ml.features.number.weight": [0, 0.25, 0.5],
            "ml.features.number.none": [0, 1],
        },
        Window(until=START + timedelta(seconds=8)),
    )
    assert [h.counts for h in found.values()] == [(5, 3), (3, 3), (0,)]
    assert [h.above for h in found.values()] == [0, 2, 0]
    assert [h.missing for h in found.values()] == [0, 0, 8]


def test_counts_agree_with_numpy(open_over: StoreOpener) -> None:
    """Random values and quantile edges; durations are whole numbers."""
    values = np.random.default_rng(7).normal(0, 1, 500)
    edges = np.quantile(values, np.linspace(0, 1, 11))
    records = [with_features(n, age=float(v)) for n, v in enumerate(values)]
    for n, item in enumerate(records):
        item["event"]["duration"] = n * 1_000_000
    store = open_over(records)
    expected, _ = np.histogram(values, edges)
    asked = {AGE: edges.tolist(), "event.duration": [0, 250_000_000, 499_000_000]}
    found = store.histograms("prediction", asked, ALL)
    assert found[AGE].counts == tuple(expected)
    assert found["event.duration"].counts == (250, 250)


def test_moments(open_over: StoreOpener) -> None:
    """Sums and extremes agree with NumPy to 1e-9; nothing has no mean, one value no variance."""
    values = np.random.default_rng(7).normal(50, 3, 300)
    records = [with_features(n, age=float(v)) for n, v in enumerate(values)]
    store = open_over([*records, with_features(1000, once=2.0)])
    found = store.moments("prediction", [AGE, "ml.features.number.once", "event.duration"], ALL)
    age = found[AGE]
    assert (age.n, age.missing) == (300, 1)
    assert age.sum == pytest.approx(values.sum(), rel=1e-9)
    assert age.mean == pytest.approx(values.mean(), rel=1e-9)
    assert age.variance == pytest.approx(values.var(ddof=1), rel=1e-9)
    assert (age.minimum, age.maximum) == (values.min(), values.max())
    once = found["ml.features.number.once"]
    assert (once.n, once.mean, once.variance) == (1, 2.0, None)
    nothing = found["event.duration"]
    assert nothing == Moments(0, 301, 0.0, 0.0, None, None)
    assert (nothing.mean, nothing.variance) == (None, None)


def test_levels_over_time(open_over: StoreOpener) -> None:
    """Mean and maximum in each bucket, for each host; what has no value is not there."""

    def sample(seconds: float, number: int, host: str, used: float | None) -> dict[str, Any]:
        memory = {} if used is None else {"actual": {"used": {"pct": used}}}
        return record(
            "resource", seconds, number, host=host,
            metricset={"name": "host"}, system={"memory": memory},
        )  # fmt: skip

    store = open_over(
        [
            sample(0, 1, "a", 0.25), sample(7, 2, "a", 0.75), sample(12, 3, "a", 0.5),
            sample(3, 4, "b", 0.125), sample(4, 5, "b", None), sample(14, 6, "c", None),
        ]
    )  # fmt: skip
    found = store.time_levels("resource", "system.memory.actual.used.pct", 10, ALL, by="host.name")
    assert [(level.key, level.n, level.mean, level.maximum) for level in found] == [
        ("a", 2, 0.5, 0.75),
        ("a", 1, 0.5, 0.5),
        ("b", 1, 0.125, 0.125),
    ]
    assert [level.start for level in found] == [START, START + timedelta(seconds=10), START]


def test_missing_counts_and_names(open_over: StoreOpener) -> None:
    """A name counts where it has a value in the window; an empty list is none."""
    store = open_over(
        [
            prediction(0, 0, features={"number": {"a": 1}, "missing": []}),
            prediction(1, 1, features={"number": {"b": 1}, "missing": ["a"]}),
            prediction(9, 9, features={"number": {"late": 1}}),
        ]
    )
    window = Window(until=START + timedelta(seconds=5))
    assert store.names("prediction", "ml.features.number", window) == ["a", "b"]
    fields = ["ml.features.number.a", "ml.features.missing", "ml.model.name", "error.type"]
    assert store.missing_counts("prediction", fields, window) == dict(
        zip(fields, [1, 1, 0, 2], strict=True)
    )
    assert store.missing_counts("prediction", [], window) == {}


def test_a_store_without_records_answers_with_nothing(open_over: StoreOpener) -> None:
    """No stream at all."""
    store = open_over([])
    assert store.histograms("prediction", {AGE: [0, 1]}, ALL) == {
        AGE: Histogram((0, 1), (0,), 0, 0, 0)
    }
    assert store.moments("prediction", [AGE], ALL)[AGE].n == 0
    assert store.missing_counts("prediction", [AGE], ALL) == {AGE: 0}
    assert store.names("prediction", "ml.features.number", ALL) == []
    assert list(store.scan("prediction", [AGE], ALL)) == []


def rows_of(store: Store, fields: list[str], **more: Any) -> list[tuple[Any, ...]]:
    """Return all rows of a scan of predictions, sorted."""
    found = store.scan("prediction", fields, more.pop("window", ALL), **more)
    return sorted((row for page in found for row in page), key=str)


def test_a_scan_gives_columns_as_they_are(open_over: StoreOpener) -> None:
    """Text, numbers, times, lists; a missing value is None; conditions hold."""
    first = prediction(0, 1, features={"number": {"age": 3}, "missing": ["b", "a", "b"]})
    first["event"]["duration"] = 5
    store = open_over([first, prediction(1, 2, version="2")])
    fields = ["ml.model.version", "@timestamp", AGE, "event.duration", "ml.features.missing"]
    assert rows_of(store, fields) == [
        ("1", START, 3.0, 5, ["a", "b"]),
        ("2", START + timedelta(seconds=1), None, None, None),
    ]
    only = [Condition("ml.model.version", "any_of", ("2",))]
    assert rows_of(store, ["ml.prediction.id"], where=only) == [("p2",)]


def test_a_scan_reads_every_record_once(open_over: StoreOpener) -> None:
    """More records than a page, and more columns than a server gives at once."""
    records = [with_features(n, **{f"f{k}": k + n for k in range(120)}) for n in range(40)]
    store = open_over(records)
    fields = [f"ml.features.number.f{k}" for k in range(120)]
    rows = rows_of(store, fields)
    assert sorted(row[0] for row in rows) == list(range(40))
    assert all(row[119] == row[0] + 119 for row in rows)
    many = open_over([prediction(n / 100, n) for n in range(11_000)])
    assert len({row[0] for row in rows_of(many, ["ml.prediction.id"])}) == 11_000


def test_every_store_draws_the_same_sample(open_over: StoreOpener) -> None:
    """By the key that every record carries."""
    records = [prediction(n, n, sampling={"key": n * 100}) for n in range(100)]
    store = open_over(records)
    assert rows_of(store, ["ml.sampling.key"], sample=0.05) == [
        (0,),
        (100,),
        (200,),
        (300,),
        (400,),
    ]
    with pytest.raises(ValueError, match=r"\(0, 1\]"):
        rows_of(store, ["ml.sampling.key"], sample=0.0)


def test_questions_that_a_field_cannot_answer(open_over: StoreOpener) -> None:
    """The sentence names the field."""
    store = open_over([prediction(0, 0)])
    with pytest.raises(StoreError, match=r"ml\.model\.name of prediction records is no number"):
        store.histograms("prediction", {"ml.model.name": [0, 1]}, ALL)
    with pytest.raises(
        StoreError, match=r"ml\.features\.number of prediction records is no number"
    ):
        store.moments("prediction", ["ml.features.number"], ALL)
    with pytest.raises(StoreError, match=r"no field nothing"):
        store.missing_counts("prediction", ["nothing"], ALL)
    with pytest.raises(StoreError, match="holds no names"):
        store.names("prediction", "ml.model.name", ALL)
    with pytest.raises(StoreError, match="cannot be scanned"):
        rows_of(store, ["ml.features.number"])


@pytest.mark.parametrize("edges", [[], [1], [1, 1], [2, 1], [0, math.nan], [0, math.inf]])
def test_edges_that_are_none(edges: list[float]) -> None:
    """Two finite ones at least, rising."""
    with pytest.raises(ValueError, match="edges"):
        checked_edges(edges)


# squares of numbers below 1e-154 are no longer exact: no feature is that small
VALUES = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


@given(st.lists(VALUES, min_size=2, max_size=50))
@settings(deadline=None)
def test_variance_from_sums(values: list[float]) -> None:
    """Never negative, and NumPy's where the sums carry it."""
    squares = math.fsum(v * v for v in values)
    moments = Moments(len(values), 0, math.fsum(values), squares, min(values), max(values))
    assert moments.variance is not None
    assert moments.variance >= 0
    assert moments.variance == pytest.approx(np.var(values, ddof=1), rel=1e-6, abs=1e-9 * squares)

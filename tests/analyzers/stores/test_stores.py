"""Every store answers every question exactly, and all of them alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from analyzers.stores.base import (
    Condition,
    ContrastCount,
    StoreError,
    TimeCount,
    ValueCount,
    Window,
)
from tests.analyzers.conftest import START, StoreOpener, error, prediction, record

ALL = Window()


def _as_sent(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a record without its time of arrival and its namespace, which a cluster's have."""
    assert found is not None
    record = dict(found)
    record["data_stream"] = {**record["data_stream"], "namespace": "default"}
    record["event"] = {k: v for k, v in record["event"].items() if k != "ingested"}
    return record


def at(seconds: float):
    """Return a time so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def test_coverage_counts_kinds_and_times(open_over: StoreOpener) -> None:
    """Each kind with its number, first and last time."""
    store = open_over([prediction(0, 1), prediction(5, 2), error(3, 1)])
    coverage = store.coverage(ALL)
    assert {entry.kind: (entry.count, entry.first, entry.last) for entry in coverage.kinds} == {
        "prediction": (2, at(0), at(5)),
        "error": (1, at(3), at(3)),
    }
    assert (coverage.first, coverage.last) == (at(0), at(5))


def test_windows_hold_their_begin_and_not_their_end(open_over: StoreOpener) -> None:
    """A window is [since, until); what lies after it is counted as the future."""
    store = open_over([prediction(second, second) for second in range(10)])
    coverage = store.coverage(Window(at(2), at(5)))
    assert coverage.count("prediction") == 3
    assert coverage.future == 5


def test_error_patterns(open_over: StoreOpener) -> None:
    """Distinct fingerprints with counts, times and the earliest message."""
    store = open_over(
        [
            error(2, 1, message="row 2 is bad"),
            error(1, 2, message="row 1 is bad"),
            error(3, 3, fingerprint="f2"),
        ]
    )
    first, second = store.error_patterns(ALL)
    assert (first.fingerprint, first.count, first.message) == ("f1", 2, "row 1 is bad")
    assert (first.first_seen, first.last_seen) == (at(1), at(2))
    assert second.fingerprint == "f2"


def test_value_counts(open_over: StoreOpener) -> None:
    """Counts of a field, also of a name in an open field, by another field, limited for each key."""
    store = open_over(
        [
            prediction(n, n, version="1" if n < 3 else "2", segment={"region": f"r{n % 2}"})
            for n in range(5)
        ]
    )
    assert store.value_counts("prediction", "ml.model.version", ALL) == [
        ValueCount("", "1", 3),
        ValueCount("", "2", 2),
    ]
    assert store.value_counts(
        "prediction", "ml.segment.region", ALL, by="ml.model.version", limit=1
    ) == [
        ValueCount("1", "r0", 2),
        ValueCount("2", "r0", 1),
    ]
    conditions = [
        Condition("ml.model.version", "any_of", ("2",)),
        Condition("ml.segment.region", "exists"),
    ]
    assert store.value_counts("prediction", "ml.segment.region", ALL, conditions) == [
        ValueCount("", "r0", 1),
        ValueCount("", "r1", 1),
    ]


def test_time_counts(open_over: StoreOpener) -> None:
    """Buckets begin at multiples of their width since the epoch."""
    store = open_over(
        [prediction(second, number) for number, second in enumerate((0, 4.999, 5, 12))]
    )
    assert store.time_counts("prediction", 5, ALL) == [
        TimeCount("", at(0), 2),
        TimeCount("", at(5), 1),
        TimeCount("", at(10), 1),
    ]


def test_contrast_counts_values_with_and_without_an_error(open_over: StoreOpener) -> None:
    """Plain, open and list fields; the totals are those of all requests."""
    store = open_over(
        [
            prediction(
                0,
                1,
                version="2",
                failed="f1",
                features={"missing": ["age", "sex"]},
                segment={"r": "eu"},
            ),
            prediction(1, 2, version="2", failed="f2", segment={"r": "us"}),
            prediction(2, 3, version="1", features={"missing": ["age"]}, segment={"r": "eu"}),
            prediction(3, 4, version="2", failed="f3"),
        ]
    )
    fields = ["ml.model.version", "ml.segment", "ml.features.missing"]
    answer = store.contrast(fields, {"g": ["f1", "f2"], "h": ["f9"]}, ALL)
    assert answer.totals == {"g": (2, 2), "h": (0, 4)}
    assert set(answer.counts) == {
        ContrastCount("g", "ml.model.version", "2", 2, 1),
        ContrastCount("g", "ml.segment.r", "eu", 1, 1),
        ContrastCount("g", "ml.segment.r", "us", 1, 0),
        ContrastCount("g", "ml.features.missing", "age", 1, 1),
        ContrastCount("g", "ml.features.missing", "sex", 1, 0),
    }


def test_records_come_back_as_they_were(open_over: StoreOpener) -> None:
    """The earliest record, nested as it was written."""
    sent = error(1, 1, chain=[{"type": "ValueError", "frames": [{"line": 3}]}])
    store = open_over([error(2, 2), sent])
    assert _as_sent(store.first_record("error", ALL)) == sent
    assert (
        store.first_record("error", ALL, [Condition("error.fingerprint", "any_of", ("nope",))])
        is None
    )


def test_last_before(open_over: StoreOpener) -> None:
    """The latest record strictly before a moment."""
    store = open_over([prediction(0, 1), prediction(5, 2)])
    assert store.last_before("prediction", at(5)) == at(0)
    assert store.last_before("prediction", at(0)) is None


def test_lifecycle_events_in_order(open_over: StoreOpener) -> None:
    """Deployments with their versions."""
    store = open_over(
        [
            record(
                "lifecycle", seconds, number, event={"action": "model-deployed", "reason": "new"},
                ml={"model": {"name": "m", "version": "2"}, "lifecycle": {"version": {"before": "1", "after": "2"}}},
            )
            for number, seconds in enumerate((5, 1))
        ]
    )  # fmt: skip
    first, second = store.lifecycle_events(ALL)
    assert (first.time, second.time) == (at(1), at(5))
    assert (first.action, first.version, first.previous_version, first.reason) == (
        "model-deployed",
        "2",
        "1",
        "new",
    )


def test_names_and_values_are_never_sql(open_over: StoreOpener) -> None:
    """Quotes in names and values are just characters."""
    odd = """a'b"c;--"""
    store = open_over([prediction(0, 1, version=odd, segment={odd: odd}, failed="f1")])
    assert store.value_counts("prediction", f"ml.segment.{odd}", ALL) == [ValueCount("", odd, 1)]
    where = [Condition("ml.model.version", "any_of", (odd,))]
    assert store.value_counts("prediction", "ml.model.name", ALL, where) == [ValueCount("", "m", 1)]
    assert store.contrast(["ml.segment"], {odd: ["f1"]}, ALL).counts[0].field == f"ml.segment.{odd}"


def test_an_unknown_field_is_named(open_over: StoreOpener) -> None:
    """A typing error does not read as "no such values"."""
    with pytest.raises(StoreError, match=r"no field ml\.modle\.name"):
        open_over([]).value_counts("prediction", "ml.modle.name", ALL)


def test_a_store_without_records_answers_everything_with_nothing(open_over: StoreOpener) -> None:
    """No record is no error."""
    store = open_over([])
    assert store.coverage(ALL).kinds == ()
    assert store.error_patterns(ALL) == []
    assert store.value_counts("prediction", "ml.model.name", ALL) == []
    assert store.time_counts("prediction", 5, ALL, by="ml.model.name") == []
    assert store.contrast(["ml.segment", "host.name"], {"g": ["f"]}, ALL).counts == ()
    assert store.last_before("prediction", START) is None
    assert store.first_record("error", ALL) is None
    assert store.lifecycle_events(ALL) == []


def test_more_values_than_one_page(open_over: StoreOpener) -> None:
    """Answers of any length are whole."""
    store = open_over([prediction(n / 1000, n, version=f"v{n:04d}") for n in range(2500)])
    found = store.value_counts("prediction", "ml.model.version", ALL, limit=5000)
    assert [count.value for count in found] == [f"v{n:04d}" for n in range(2500)]


def test_bounds_between_two_milliseconds(open_over: StoreOpener) -> None:
    """Records hold milliseconds, windows may be finer."""
    store = open_over([prediction(n / 1000, n) for n in range(10)])
    assert store.coverage(Window(at(0.0025), at(0.0055))).count("prediction") == 3

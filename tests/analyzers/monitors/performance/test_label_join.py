"""Labels reach their predictions whatever order, number and time they come in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.monitors.performance.label_join import LabelJoin
from analyzers.monitors.performance.label_sources import outcomes_of_files, outcomes_of_store
from analyzers.monitors.performance.outcomes import Outcomes
from analyzers.monitors.references.tables import TableError
from analyzers.stores.base import Condition, Window
from tests.analyzers.conftest import Record, StoreOpener, prediction, record

Prediction = tuple[str | None, float, str | None]
Label = tuple[str, float, str | None]


def join(predictions: Sequence[Prediction], labels: Sequence[Label]) -> Outcomes:
    """Join predictions (id, time, class) to labels (id, time, class)."""
    with duckdb.connect(":memory:") as connection:
        joined = LabelJoin(connection)
        for table, rows in (("predictions", predictions), ("feedback", labels)):
            if rows:
                ids, times, classes = zip(*rows, strict=True)
                joined.add_rows(
                    table,
                    {
                        "id": np.array(ids, dtype=object),
                        "time": np.array(times, dtype=float),
                        "label": np.array(classes, dtype=object),
                    },
                )
        return joined.outcomes()


def pairs(found: Outcomes) -> list[tuple[str | None, str | None]]:
    """Return predicted and true class of each row."""
    names = [*found.classes, None]
    return [(names[p], names[a]) for p, a in zip(found.predicted, found.actual, strict=True)]


def test_labels_in_any_order() -> None:
    """Each finds its prediction; what has none stays without."""
    found = join([("a", 1, "x"), ("b", 2, "y"), ("c", 3, "x")], [("c", 9, "y"), ("a", 4, "x")])
    assert pairs(found) == [("x", "x"), ("y", None), ("x", "y")]
    assert found.lag[[0, 2]].tolist() == [3, 6]
    assert np.isnan(found.lag[1])


def test_the_latest_label_counts_and_the_first_says_the_lag() -> None:
    """A correction is counted as one, and comes in any order."""
    found = join([("a", 0, "x")], [("a", 9, "y"), ("a", 5, "x"), ("a", 7, "x")])
    assert pairs(found) == [("x", "y")]
    assert found.lag[0] == 5
    assert (found.notes.repeated, found.notes.corrected) == (2, 1)


def test_labels_that_contradict_each_other_do_not_count() -> None:
    """Two classes at one time: neither. Twice the same: no contradiction."""
    found = join(
        [("a", 0, "x"), ("b", 0, "x")],
        [("a", 5, "x"), ("a", 5, "y"), ("b", 5, "y"), ("b", 5, "y")],
    )
    assert sorted(pairs(found), key=str) == [("x", "y"), ("x", None)]
    assert (found.notes.contradictory, found.notes.corrected) == (1, 0)


def test_an_old_contradiction_is_settled_by_a_later_label() -> None:
    """It is a correction then."""
    found = join([("a", 0, "x")], [("a", 5, "x"), ("a", 5, "y"), ("a", 6, "y")])
    assert pairs(found) == [("x", "y")]
    assert (found.notes.contradictory, found.notes.corrected) == (0, 1)


def test_a_prediction_that_is_there_twice_counts_once() -> None:
    """And one without an id is never labelled."""
    found = join([("a", 1, "x"), ("a", 1, "x"), (None, 2, "y")], [("a", 3, "x"), ("z", 3, "x")])
    assert pairs(found) == [("x", "x"), ("y", None)]
    assert found.notes.duplicates == 1
    assert found.notes.without_id == 1
    assert found.notes.unmatched == 1


def test_nothing_to_join() -> None:
    """No predictions, no labels, or neither."""
    assert join([], []).rows == 0
    assert join([], [("a", 1, "x")]).notes.unmatched == 1
    assert not join([("a", 1, "x")], []).is_labelled.any()


EVENTS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.sampled_from("xyz")), max_size=12
)


@settings(max_examples=40, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(events: list[Label], shuffle: random.Random) -> None:
    """The answer is that of the distinct labels in any order: a replay gives the batch's."""
    predictions: list[Prediction] = [(name, 0.0, "x") for name in "abcd"]
    again = [*events, *events[::2]]
    shuffle.shuffle(again)
    once, twice = join(predictions, events), join(predictions, again)
    assert sorted(pairs(once), key=str) == sorted(pairs(twice), key=str)
    assert once.classes == twice.classes
    assert once.notes.corrected == twice.notes.corrected
    assert once.notes.contradictory == twice.notes.contradictory


def feedback(seconds: float, number: int, about: int, **actual: Any) -> Record:
    """Return a label of a prediction."""
    ml = {"model": {"name": "m"}, "prediction": {"id": f"p{about}"}, "actual": actual}
    return record("feedback", seconds, number, ml=ml)


def test_records_of_a_store(open_over: StoreOpener) -> None:
    """Both stores give the same rows, also with labels after the window's end."""
    records = [
        prediction(
            n, n, version=str(n % 2), failed="f" if n == 3 else None,
            segment={"region": "eu" if n < 6 else "us"},
            features={"number": {"age": float(n)}},
        )
        for n in range(10)
    ]  # fmt: skip
    for n, item in enumerate(records):
        item["ml"]["prediction"] |= {"label": str(n % 2), "score": n / 10}
        item["event"]["duration"] = 5_000_000
    records += [feedback(10_000 + n, n, n, label=str(n // 5)) for n in range(9)]
    rated = record(
        "feedback", 20_000, 99, ml={"prediction": {"id": "p9"}, "feedback": {"rating": 4}}
    )
    store = open_over([*records, rated])
    found = outcomes_of_store(store, Window(), segment="region", features=("age",))
    names = [*found.classes, None]
    assert [names[p] for p in found.predicted] == [str(n % 2) for n in range(10)]
    assert [names[a] for a in found.actual] == [*"000001111", None]
    assert found.score.tolist() == pytest.approx([n / 10 for n in range(10)])
    assert found.failed.tolist() == [n == 3 for n in range(10)]
    assert found.duration.tolist() == [0.005] * 10
    assert found.rating[9] == 4
    assert found.features["age"].tolist() == list(range(10))
    assert found.groupings["segment"].names == ("eu", "us")
    assert found.groupings["segment"].places.tolist() == [0] * 6 + [1] * 4
    assert set(found.lag[:9].tolist()) == {10_000.0}
    only = outcomes_of_store(store, Window(), [Condition("ml.model.version", "any_of", ("1",))])
    assert only.rows == 5


def write(path: Path, text: str) -> Path:
    """Write a table."""
    path.write_text(text, encoding="utf-8")
    return path


def test_files(tmp_path: Path) -> None:
    """Whole numbers are classes; times with and without a zone are UTC."""
    said = write(
        tmp_path / "p.csv",
        "prediction_id,timestamp,prediction,score,probability_0,probability_1\n"
        "1,2026-01-01T00:00:00Z,1,0.9,0.1,0.9\n2,2026-01-01T01:00:00,0,0.2,0.8,0.2\n",
    )
    true = write(tmp_path / "f.csv", "id,time,actual\n2,2026-01-02 01:00:00,1\n1,2026-01-01,\n")
    found = outcomes_of_files(said, true)
    assert pairs(found) == [("1", None), ("0", "1")]
    assert found.lag[1] == 86_400
    assert found.probabilities is not None
    assert found.probabilities.tolist() == [[0.1, 0.9], [0.8, 0.2]]


def test_texts_where_numbers_or_times_should_be(tmp_path: Path) -> None:
    """They are missing, and counted; the other rows count."""
    said = write(
        tmp_path / "p.csv", "id,time,prediction,score\n1,soon,1,high\n2,2026-01-01,0,0.2\n"
    )
    found = outcomes_of_files(said, write(tmp_path / "f.csv", "id,actual\n1,1\n2,0\n"))
    assert found.notes.unreadable == 2
    assert sorted(found.score[np.isfinite(found.score)]) == [0.2]
    assert found.is_labelled.all()


def test_one_file_with_both(tmp_path: Path) -> None:
    """A row is its own id; --map names what is called otherwise."""
    path = write(tmp_path / "p.csv", "y,yhat,age\n1.5,1.0,30\n2.5,3.5,40\n")
    found = outcomes_of_files(path, None, {"actual": "y", "prediction": "yhat"}, features=None)
    assert found.is_regression
    assert sorted(zip(found.value, found.actual_value, strict=True)) == [(1.0, 1.5), (3.5, 2.5)]
    assert list(found.features) == ["age"]


def test_few_whole_predictions_of_many_numbers(tmp_path: Path) -> None:
    """Where the truth is a number, so is what was predicted."""
    rows = "".join(f"{n % 3},{n * 1.5}\n" for n in range(40))
    found = outcomes_of_files(write(tmp_path / "p.csv", f"prediction,actual\n{rows}"), None)
    assert found.is_regression
    assert np.isfinite(found.actual_value).all()


@pytest.mark.parametrize(
    ("said", "true", "columns", "sentence"),
    [
        ("id,other\n1,2\n", "id,actual\n1,1\n", {}, "has no column of predictions"),
        ("prediction\n1\n", "id,actual\n1,1\n", {}, "--map id=COLUMN"),
        ("id,prediction\n1,1\n", "id,other\n1,1\n", {}, "--map actual=COLUMN"),
        ("id,prediction\n1,1\n", None, {}, "give --feedback FILE"),
        ("id,prediction\n1,1\n", None, {"colour": "x"}, "'colour' is nothing to map"),
    ],
)
def test_files_that_will_not_do(
    said: str, true: str | None, columns: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    """One sentence that says what to do."""
    predictions = write(tmp_path / "p.csv", said)
    labels = None if true is None else write(tmp_path / "f.csv", true)
    with pytest.raises(TableError, match=sentence):
        outcomes_of_files(predictions, labels, columns)

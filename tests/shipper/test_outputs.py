"""Outputs are read for what they are: labels, scores, values or probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from shipper.outputs import Output, label_text, read_outputs


@pytest.mark.parametrize(
    ("result", "output"),
    [
        ("cat", Output(label="cat")),
        (True, Output(label="true")),
        (np.int64(1), Output(label="1")),
        (np.float32(0.5), Output(value=0.5)),
        (np.array([2.5]), Output(value=2.5)),
        ([[0.2, 0.8]], Output(label="1", score=0.8, probabilities={"0": 0.2, "1": 0.8})),
        ({"label": "a", "score": 0.5}, Output(label="a", score=0.5)),
        (
            {"cat": 0.9, "dog": 0.1},
            Output(label="cat", score=0.1, probabilities={"cat": 0.9, "dog": 0.1}),
        ),
        ({"text": "hello"}, Output(text="hello")),
        (float("nan"), Output()),
        (None, Output()),
        ({"other": "thing"}, Output()),
    ],
)
def test_one_row(result: Any, output: Output) -> None:
    """The output of one row is read by its type."""
    assert read_outputs(result, 1) == [output]


@pytest.mark.parametrize(
    "result",
    [np.array([0, 1]), [0, 1], pd.Series([0, 1]), pl.Series([0, 1]), pd.DataFrame({"y": [0, 1]})],
)
def test_labels_of_a_batch(result: Any) -> None:
    """Whole numbers are labels, one for each row."""
    labels = [output.label for output in read_outputs(result, 2, returns="label")]
    assert labels == ["0", "1"]


def test_probabilities_of_a_batch_take_the_names_of_the_classes() -> None:
    """The score is P(positive) for two classes and P(predicted) for more."""
    two = read_outputs(np.array([[0.7, 0.3], [0.4, 0.6]]), 2, classes=["ham", "spam"])
    assert [(o.label, o.score) for o in two] == [("ham", 0.3), ("spam", 0.6)]
    three = read_outputs([[0.1, 0.7, 0.2]], 1, classes="abc")
    assert (three[0].label, three[0].score) == ("b", 0.7)


def test_columns_of_a_batch() -> None:
    """A mapping of columns is one output a row."""
    found = read_outputs({"label": np.array(["a", "b"]), "score": [0.1, 0.9]}, 2)
    assert found == [Output(label="a", score=0.1), Output(label="b", score=0.9)]


def test_returns_says_what_a_number_is() -> None:
    """Where ``auto`` would guess a value, ``returns`` makes it a score or a label."""
    assert read_outputs(0.5, 1, returns="score") == [Output(score=0.5)]
    assert read_outputs(np.array([1.0, 0.0]), 2, returns="label")[0].label == "1"
    assert read_outputs(3, 1, returns="value") == [Output(value=3.0)]


def test_a_result_that_does_not_match_its_rows_loses_no_prediction() -> None:
    """Three rows with one result are three predictions without an output."""
    assert read_outputs("done", 3) == [Output()] * 3


def test_labels_have_one_form() -> None:
    """1, 1.0 and NumPy's 1 are the same class; so are True and ``true``."""
    assert {label_text(1), label_text(1.0), label_text(np.int8(1))} == {"1"}
    assert {label_text(True), label_text(np.True_)} == {"true"}

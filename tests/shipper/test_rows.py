"""Every kind of input is split into the rows it holds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pydantic
import pytest
import scipy.sparse

from shipper.rows import split_rows


@dataclasses.dataclass
class Flight:
    """A row as a dataclass."""

    carrier: str
    delay: float


class FlightModel(pydantic.BaseModel):
    """A row as a pydantic model."""

    carrier: str
    delay: float


ROW = {"carrier": "UA", "delay": 2.0}


@pytest.mark.parametrize(
    "value", [ROW, Flight("UA", 2.0), FlightModel(carrier="UA", delay=2.0), pd.Series(ROW)]
)
def test_one_row(value: Any) -> None:
    """A mapping, a dataclass, a pydantic model and a Series are one row."""
    assert split_rows(value) == ([ROW], False)


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame([ROW, ROW]),
        pl.DataFrame([ROW, ROW]),
        [ROW, ROW],
        (Flight("UA", 2.0), Flight("UA", 2.0)),
    ],
)
def test_a_batch(value: Any) -> None:
    """Data frames and lists of rows are batches."""
    assert split_rows(value) == ([ROW, ROW], True)


@pytest.mark.parametrize(
    "value", [np.array([[1.0, 2.0], [3.0, 4.0]]), scipy.sparse.csr_matrix([[1.0, 2.0], [3.0, 4.0]])]
)
def test_arrays_take_the_names_given(value: Any) -> None:
    """Columns of an array are named by ``features``."""
    assert split_rows(value, ["a", "b"]) == ([{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}], True)


def test_a_flat_array_is_one_row() -> None:
    """One dimension is one row; columns without a name are numbered."""
    assert split_rows(np.array([1.0, 2.0]), ["a"]) == ([{"a": 1.0, "feature_1": 2.0}], False)
    assert split_rows([1.0, 2.0]) == ([{"feature_0": 1.0, "feature_1": 2.0}], False)


def test_images_are_one_vector_a_row() -> None:
    """More than two dimensions: the first counts the rows."""
    rows, is_batch = split_rows(np.zeros((3, 2, 2)))
    assert is_batch
    assert len(rows) == 3


def test_texts() -> None:
    """A text is one input, a list of texts a batch of them."""
    assert split_rows("hello") == ([{"input": "hello"}], False)
    assert split_rows(["a", "b"]) == ([{"input": "a"}, {"input": "b"}], True)


def test_nothing() -> None:
    """None is a row without inputs, an empty list or frame a batch without rows."""
    assert split_rows(None) == ([{}], False)
    assert split_rows([]) == ([], True)
    assert split_rows(pd.DataFrame({"a": []})) == ([], True)


def test_types_of_columns_are_kept() -> None:
    """A whole number beside a fraction stays whole."""
    rows, _ = split_rows(pd.DataFrame({"i": [1], "f": [0.5], "b": [True], "n": [None]}))
    assert rows == [{"i": 1, "f": 0.5, "b": True, "n": None}]

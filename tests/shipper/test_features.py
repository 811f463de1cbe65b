"""Inputs of any kind find their place in a record."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.features import encode_features
from shipper.redaction import Redactor


def encode(**row: Any) -> dict[str, Any]:
    """Return the features of one row."""
    return encode_features(row, Redactor()).document()


@pytest.mark.parametrize(
    ("value", "place", "stored"),
    [
        (3, "number", 3),
        (2.5, "number", 2.5),
        (np.float32(0.5), "number", 0.5),
        (np.int64(7), "number", 7),
        (np.array(1.5), "number", 1.5),
        (np.array([1.5]), "number", 1.5),
        (decimal.Decimal("2.50"), "number", 2.5),
        (dt.timedelta(minutes=1), "number", 60.0),
        (True, "category", "true"),
        (np.bool_(False), "category", "false"),
        ("red", "category", "red"),
        (2**60 + 1, "category", str(2**60 + 1)),
        (dt.date(2026, 1, 2), "category", "2026-01-02"),
        (pd.Timestamp("2026-01-02"), "category", "2026-01-02T00:00:00"),
        (["a", "b"], "category", '["a","b"]'),
        ({"a": 1}, "category", '{"a":1}'),
        (b"abc", "category", "<3 bytes>"),
    ],
)
def test_each_type_has_its_place(value: Any, place: str, stored: Any) -> None:
    """Numbers, texts, booleans and arrays are stored apart, so that types never clash."""
    assert encode(x=value) == {place: {"x": stored}}


@pytest.mark.parametrize("value", [np.array([2, 3, 6]), [[2], [3, 6]], pd.Series([2.0, 3.0, 6.0])])
def test_vectors_are_kept_with_their_length(value: Any) -> None:
    """Of which drift is measured; a vector too long for a number has none."""
    assert encode(x=value) == {"vector": {"x": [2.0, 3.0, 6.0]}, "number": {"x_norm": 7.0}}
    assert encode(x=[1e308, 1.7e308, 1.7e308]) == {"vector": {"x": [1e308, 1.7e308, 1.7e308]}}


@pytest.mark.parametrize(
    "value",
    [None, float("nan"), np.nan, pd.NA, pd.NaT, np.float64("nan"), [], decimal.Decimal("NaN")],
)
def test_what_is_not_there_is_missing(value: Any) -> None:
    """None, NaN, NA and NaT are named in ``missing``."""
    assert encode(x=value) == {"missing": ["x"]}


@pytest.mark.parametrize(
    "value", [float("inf"), -np.inf, np.array([1.0, np.inf]), decimal.Decimal("Infinity")]
)
def test_what_is_infinite_is_invalid(value: Any) -> None:
    """Infinity has no place in JSON and is named in ``invalid``."""
    assert encode(x=value) == {"invalid": ["x"]}


def test_expected_inputs_that_are_absent_are_missing() -> None:
    """A renamed column shows as a missing one."""
    fields = encode_features({"departure_delay": 3}, Redactor(), expected=["dep_delay"])
    assert fields.missing == ["dep_delay"]


def test_dots_in_names_become_underscores() -> None:
    """A dot would make an object of the name."""
    assert encode(**{"a.b": 1, "": 2}) == {"number": {"a_b": 1, "_": 2}}


def test_secrets_in_inputs_are_redacted() -> None:
    """Inputs are redacted by name and by shape."""
    assert encode(password="x", note="mail a@b.example") == {
        "category": {"password": "[REDACTED]", "note": "mail [REDACTED]"}
    }


class Hostile:
    """A value that looks like an array and is none."""

    def tolist(self) -> Hostile:
        """Return itself, for ever."""
        return self


def test_a_value_that_only_looks_like_an_array_ends() -> None:
    """``tolist`` is asked once."""
    assert "x" in encode(x=Hostile())["category"]


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=20)
            | st.binary(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(st.text(max_size=4), inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=6,
    )
)
def test_any_row_is_encoded(row: dict[str, Any]) -> None:
    """Each input lands in exactly one place, and the result is JSON."""
    fields = encode_features(row, Redactor())
    document = fields.document()
    orjson.dumps({"n": fields.number, "v": fields.vector, "m": fields.missing})
    norms = {f"{name}_norm" for name in fields.vector}
    numbers = [name for name in fields.number if name not in norms]
    names = [*numbers, *fields.category, *fields.vector, *fields.missing, *fields.invalid]
    assert len(set(names)) <= max(len(row), 1)
    assert bool(document) == bool(row)

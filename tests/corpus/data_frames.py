"""Errors of pandas, Polars and DuckDB in a service that prepares features."""

from __future__ import annotations

import io
from typing import Any

import duckdb
import pandas as pd
import polars as pl

from tests.corpus.causes import RootCauses, each

PEOPLE = pd.DataFrame({"age": [31, 42], "city": ["Oslo", "Bergen"]})


def column(name: str) -> Any:
    """Take a column."""
    return PEOPLE[name]


def request_feature(name: str) -> Any:
    """A request asks for a feature."""
    return column(name)


def batch_feature(name: str) -> Any:
    """A batch asks for a feature."""
    return column(name).mean()


def join_customers(key: str) -> Any:
    """Join by a key that one side lacks."""
    return PEOPLE.merge(pd.DataFrame({"id": [1]}), on=key)


def join_texts() -> Any:
    """Join numbers with texts."""
    return PEOPLE.merge(pd.DataFrame({"age": ["31"]}), on="age")


def read_time(text: str) -> Any:
    """Read a time."""
    return pd.to_datetime(text, format="%Y-%m-%d")


def to_numbers(values: list[str]) -> Any:
    """Read numbers."""
    return pd.to_numeric(pd.Series(values))


def whole(values: list[Any]) -> Any:
    """Make whole numbers of values with gaps."""
    return pd.Series(values).astype("int64")


def row_of(place: int) -> Any:
    """Take a row."""
    return PEOPLE.iloc[place]


def frame_of(lengths: tuple[int, int]) -> Any:
    """Build a frame of unequal columns."""
    return pd.DataFrame({"a": range(lengths[0]), "b": range(lengths[1])})


def read_csv(text: str) -> Any:
    """Read what a partner uploads."""
    return pd.read_csv(io.StringIO(text))


def pivot(values: int) -> Any:
    """Pivot with duplicates."""
    frame = pd.DataFrame({"day": [1] * values, "kind": ["a"] * values, "n": range(values)})
    return frame.pivot(index="day", columns="kind", values="n")


def truth(rows: int) -> Any:
    """Ask a series whether it is true."""
    return bool(pd.Series(range(rows)) > 1)


def rename_columns(names: list[str]) -> Any:
    """Give a frame names of another one."""
    frame = PEOPLE.copy()
    frame.columns = pd.Index(names)
    return frame


def polars_column(name: str) -> Any:
    """Take a column that is not there."""
    return pl.DataFrame({"age": [1]}).select(pl.col(name))


def polars_cast(text: str) -> Any:
    """Read numbers strictly."""
    return pl.Series([text]).cast(pl.Int64)


def polars_shapes(height: int) -> Any:
    """Put frames of unequal height side by side."""
    return pl.concat([pl.DataFrame({"a": [1]}), pl.DataFrame({"b": range(height)})],
                     how="horizontal").with_columns(pl.Series("c", range(height + 3)))  # fmt: skip


def query(table: str) -> Any:
    """Ask a table that is not there."""
    return duckdb.connect().execute(f"SELECT * FROM {table}").fetchall()


def query_column(name: str) -> Any:
    """Ask for a column that is not there."""
    return duckdb.connect().execute(f"SELECT {name} FROM (SELECT 1 AS age)").fetchall()


def convert(text: str) -> Any:
    """Convert in SQL."""
    return duckdb.connect().execute(f"SELECT CAST('{text}' AS INTEGER)").fetchall()


ROOT_CAUSES: RootCauses = {
    "the frame lacks a column": [
        *each(request_feature, "income", "zip_code"),
        *each(batch_feature, "income"),
    ],
    "one side lacks the key": each(join_customers, "id", "id"),
    "numbers are joined with texts": each(join_texts, (), ()),
    "a time in another format": each(read_time, "21.11.2026", "11/21/2026"),
    "a number with a comma": each(to_numbers, (["1,5"],), (["12", "3,25"],)),
    "gaps in whole numbers": each(whole, ([1, None],), ([None, 7, 9],)),
    "a row beyond the end": each(row_of, 2, 17),
    "columns of unequal length": each(frame_of, ((2, 3),), ((9, 4),)),
    "a partner's file has ragged lines": each(read_csv, "a,b\n1,2\n1,2,3\n", "a\n1\n2\n3,4\n"),
    "a partner's file is empty": each(read_csv, "", ""),
    "a day is there twice": each(pivot, 2, 4),
    "a series is asked whether it is true": each(truth, 3, 8),
    "names of another frame": each(rename_columns, (["a"],), (["a", "b", "c"],)),
    "Polars lacks a column": each(polars_column, "income", "city"),
    "Polars reads no number": each(polars_cast, "12a", "n/a"),
    "Polars gets another height": each(polars_shapes, 2, 5),
    "a table that is not there": each(query, "customers", "orders_2026"),
    "a column that the table lacks": each(query_column, "income", "city"),
    "SQL reads no number": each(convert, "12a", "n/a"),
}

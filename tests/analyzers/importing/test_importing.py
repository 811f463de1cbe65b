"""Existing files become records: mapped, typed, redacted, and once however often imported."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.importing.importer import ImportResult, import_file
from analyzers.importing.mapping import FieldMapping
from analyzers.importing.reading import ReadError, SourceFormat, detect_format, parse_entry
from analyzers.importing.values import read_time
from analyzers.root_cause.error_report import report_errors
from analyzers.stores.base import Window
from analyzers.stores.local import LocalStore
from shipper.schema.validation import SchemaError

PREDICTIONS = FieldMapping(
    kind="prediction",
    columns={"@timestamp": "time", "ml.prediction.score": "p", "ml.model.version": "v"},
    constants={"ml.model.name": "churn"},
    features=["age", "plan"],
)


def bring(
    tmp_path: Path,
    name: str,
    content: str | bytes,
    mapping: FieldMapping | None = None,
    kind: SourceFormat | None = None,
) -> ImportResult:
    """Import a file with this content into the store in ``tmp_path``."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_file(
        path, tmp_path / "store", mapping or FieldMapping(), kind or detect_format(path)
    )


def stored(tmp_path: Path, kind: str) -> list[dict[str, Any]]:
    """Return the records of a kind."""
    return [
        orjson.loads(line)
        for path in (tmp_path / "store").glob(f"*-ml.{kind}-*/*.ndjson")
        for line in path.read_bytes().splitlines()
    ]


CSV = "time,p,v,age,plan,note\n2026-11-20T10:00:00Z,0.75,2,41,gold,x\n2026-11-20T10:00:01Z,0.5,2,,basic,y\n"


def test_csv_with_a_field_mapping(tmp_path: Path) -> None:
    """Columns become fields and features of the right type; the rest becomes labels."""
    result = bring(tmp_path, "p.csv", CSV, PREDICTIONS)
    assert result.records == {"prediction": 2}
    first, second = stored(tmp_path, "prediction")
    assert first["@timestamp"] == "2026-11-20T10:00:00.000Z"
    assert first["ml"]["prediction"]["score"] == 0.75
    assert first["ml"]["model"] == {"version": "2", "name": "churn"}
    assert first["ml"]["features"] == {"number": {"age": 41}, "category": {"plan": "gold"}}
    assert second["ml"]["features"]["missing"] == ["age"]
    assert first["labels"] == {"note": "x"}


def test_parquet_gives_the_same_as_csv(tmp_path: Path) -> None:
    """Types come from the file, times too."""
    path = tmp_path / "p.parquet"
    select = "SELECT TIMESTAMPTZ '2026-11-20 10:00:00+00' AS time, 0.75 AS p, '2' AS v, 41 AS age"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}, 'gold' AS plan) TO '{path}' (FORMAT parquet)")
    assert import_file(path, tmp_path / "store", PREDICTIONS, detect_format(path)).records == {
        "prediction": 1
    }
    (record,) = stored(tmp_path, "prediction")
    assert record["@timestamp"] == "2026-11-20T10:00:00.000Z"
    assert record["ml"]["features"] == {"number": {"age": 41}, "category": {"plan": "gold"}}


def test_two_kinds_in_one_file_go_to_their_own_streams(tmp_path: Path) -> None:
    """ECS records are told apart row by row, dotted or nested."""
    lines = [
        {"@timestamp": "2026-11-20T10:00:00Z", "message": "hello", "log.level": "info"},
        {"@timestamp": "2026-11-20T10:00:01Z", "message": "oh", "log": {"level": "error"}},
        {
            "@timestamp": "2026-11-20T10:00:02Z",
            "ml": {"model": {"name": "m", "version": "1"}, "prediction": {"score": 0.5}},
        },
        {
            "@timestamp": "2026-11-20T10:00:03Z",
            "ml": {"prediction": {"id": "p"}, "actual": {"label": 1}},
        },
    ]
    result = bring(tmp_path, "x.ndjson", b"\n".join(map(orjson.dumps, lines)))
    assert result.records == {"service": 1, "error": 1, "prediction": 1, "feedback": 1}
    assert stored(tmp_path, "feedback")[0]["ml"]["actual"]["label"] == "1"
    assert stored(tmp_path, "error")[0]["error"]["fingerprint"]


LOG = """2026-11-20 10:00:00,123 INFO app: started
2026-11-20 10:00:01,200 ERROR app: request 12 failed for joe@shop.example
Traceback (most recent call last):
  File "/srv/app/main.py", line 10, in handle
    model.predict(x)
ValueError: Input contains NaN.

2026-11-20 10:00:02,200 [warning] slow
"""


def test_plain_text_logs_keep_their_stack_traces_together(tmp_path: Path) -> None:
    """Time, level, message and trace of each entry; a trace belongs to the line before it."""
    result = bring(tmp_path, "app.log", LOG)
    assert result.records == {"service": 2, "error": 1}
    assert result.notes.without_zone == 3
    (error,) = stored(tmp_path, "error")
    assert error["error"]["type"] == "ValueError"
    assert error["error"]["message"] == "Input contains NaN."
    assert error["error"]["culprit"] == "main:handle"
    assert error["message"] == "app: request 12 failed for [REDACTED]"
    with LocalStore(tmp_path / "store") as store:
        assert (
            report_errors(store, Window()).findings[0].subject == "ValueError: Input contains NaN."
        )


@pytest.mark.parametrize(
    ("entry", "level", "message"),
    [
        ("2026-11-20 10:00:00 ERROR boom", "error", "boom"),
        ("[2026-11-20T10:00:00Z] WARN slow", "warning", "slow"),
        ("2026-11-20 10:00:00,1 - app - CRITICAL - down", "critical", "app down"),
        ("just text", None, "just text"),
    ],
)
def test_entries(entry: str, level: str | None, message: str) -> None:
    """Common layouts of text logs."""
    values = parse_entry(entry)
    assert values.get("log", {}).get("level") == level
    assert values["message"] == message


def test_free_text_of_any_kind_is_redacted(tmp_path: Path) -> None:
    """Comments, generated texts, categories and labels carry no address into the store."""
    mail = "jane@shop.example"
    model = {"model": {"name": "m", "version": "1"}}
    lines: list[dict[str, Any]] = [
        {"ml": {"prediction": {"id": "p"}, "feedback": {"comment": f"ask {mail}"}}},
        {
            "ml": {
                **model,
                "prediction": {"text": f"ask {mail}"},
                "features": {"category": {"who": mail}},
            }
        },
        {"message": f"ask {mail}", "labels": {"who": mail, "password": "hunter22"}},
    ]
    rows = [{"@timestamp": "2026-11-20T10:00:00Z", **line} for line in lines]
    result = bring(tmp_path, "x.ndjson", b"\n".join(map(orjson.dumps, rows)))
    assert result.records == {"feedback": 1, "prediction": 1, "service": 1}
    for path in (tmp_path / "store").glob("*/*.ndjson"):
        assert b"jane@" not in path.read_bytes()
        assert b"hunter22" not in path.read_bytes()
    assert stored(tmp_path, "feedback")[0]["ml"]["prediction"]["id"] == "p"


def test_importing_twice_adds_nothing(tmp_path: Path) -> None:
    """The same content gives the same ids, in the same segment."""
    bring(tmp_path, "p.csv", CSV, PREDICTIONS)
    before = stored(tmp_path, "prediction")
    bring(tmp_path, "renamed.csv", CSV, PREDICTIONS)
    assert stored(tmp_path, "prediction") == before


def test_a_corrected_mapping_replaces_the_first_import(tmp_path: Path) -> None:
    """A wrong kind leaves nothing behind."""
    line = b'{"@timestamp": "2026-11-20T10:00:00Z", "message": "x"}\n'
    bring(tmp_path, "x.ndjson", line, FieldMapping(kind="error"))
    bring(tmp_path, "x.ndjson", line, FieldMapping(kind="service"))
    assert len(stored(tmp_path, "service")) == 1
    assert stored(tmp_path, "error") == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("never,0.5,2,1,gold,x", "@timestamp 'never' is no time"),
        ("2026-11-20T10:00:00Z,high,2,1,gold,x", "ml.prediction.score must be a finite number"),
        ("2026-11-20T10:00:00Z,0.5,,1,gold,x", "ml.model.version is missing"),
        ("2026-11-20T10:00:00Z,0.5,2,1,gold,x,extra", "more cells than columns"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_good_ones_stay(
    tmp_path: Path, row: str, reason: str
) -> None:
    """Counted, with its number and reason, and kept in the folder rejected."""
    result = bring(tmp_path, "p.csv", CSV + row + "\n", PREDICTIONS)
    assert result.records == {"prediction": 2}
    assert result.set_aside == 1
    number, found = result.examples[0]
    assert number == 3
    assert reason in found
    (kept,) = (tmp_path / "store" / "rejected").glob("*.ndjson")
    assert reason in orjson.loads(kept.read_bytes())["reason"]


def test_times_without_zone_and_of_the_future_are_counted(tmp_path: Path) -> None:
    """They are kept, as UTC, and the user is told."""
    rows = "time,p,v\n2026-11-20T10:00:00,0.5,1\n2096-01-01T00:00:00Z,0.5,1\n"
    result = bring(tmp_path, "p.csv", rows, PREDICTIONS)
    assert (result.notes.without_zone, result.notes.in_future) == (1, 1)
    assert stored(tmp_path, "prediction")[0]["@timestamp"] == "2026-11-20T10:00:00.000Z"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1_700_000_000, 1_700_000_000),
        ("1700000000123", 1_700_000_000.123),
        (1_700_000_000_000_000_000, 1_700_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
    ],
)
def test_times_are_read_in_their_usual_forms(value: Any, seconds: float) -> None:
    """ISO 8601, and seconds to nanoseconds since the epoch."""
    assert read_time(value).timestamp() == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["soon", "", "nan", float("inf"), [], {}])
def test_what_is_no_time_is_refused(value: Any) -> None:
    """With a sentence."""
    with pytest.raises(SchemaError, match="is no time"):
        read_time(value)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    """One sentence, and the store is as it was."""
    with pytest.raises(ReadError, match="is no Parquet file"):
        bring(tmp_path, "x.parquet", b"PAR1 and then noise")
    assert not list((tmp_path / "store").glob("**/*.ndjson"))


def test_a_failure_half_way_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    """Records appear all together or not at all."""

    def stop(rows: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "x.log"
    path.write_text("line\n" * 3000)
    with pytest.raises(KeyboardInterrupt):
        import_file(path, tmp_path / "store", FieldMapping(), SourceFormat.TEXT, progress=stop)
    assert not [p for p in (tmp_path / "store").rglob("*") if p.is_file()]


@pytest.mark.parametrize("kind", list(SourceFormat))
def test_noise_is_counted_and_never_a_traceback(tmp_path: Path, kind: SourceFormat) -> None:
    """Random bytes in any format."""
    try:
        bring(
            tmp_path,
            "noise",
            random.Random(1).randbytes(50_000),
            FieldMapping(kind="service"),
            kind,
        )
    except ReadError:
        assert kind is SourceFormat.PARQUET


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=400))
def test_any_bytes_are_imported_as_text(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Whatever a log holds, its lines become records."""
    bring(tmp_path_factory.mktemp("x"), "x.log", content, kind=SourceFormat.TEXT)


def test_dates_of_parquet_are_times(tmp_path: Path) -> None:
    """A DATE is midnight, said to be without zone."""
    assert read_time(dt.date(2026, 1, 2)) == dt.datetime(2026, 1, 2)

"""Bad lines are set aside, counted and explained; good lines beside them are kept."""

from __future__ import annotations

import fcntl
import random
from pathlib import Path

import orjson
import pytest

from analyzers.stores.base import Coverage, Window
from analyzers.stores.local import LocalStore
from tests.analyzers.conftest import error, prediction, write_segment

GOOD = orjson.dumps(prediction(0, 1))
ALSO_GOOD = orjson.dumps(prediction(1, 2))


def read(folder: Path, content: bytes) -> Coverage:
    """Return what a store makes of a segment with this content."""
    path = write_segment(folder, "prediction", [])
    path.write_bytes(content)
    with LocalStore(folder) as store:
        return store.coverage(Window())


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"garbage", "no JSON"),
        (b'"text"', "JSON, but no object"),
        (b"[1, 2]", "JSON, but no object"),
        (b'{"@timestamp": "2026-11-21T04:00:00Z"}', "event.id is missing"),
        (b'{"event": {"id": "x"}}', "@timestamp is missing"),
        (b'{"event": "x", "@timestamp": "2026-11-21T04:00:00Z"}', "event.id is missing"),
        (b'{"event": {"id": "x"}, "@timestamp": "soon"}', "@timestamp 'soon' is no time"),
        (orjson.dumps(error(0, 1)), "it belongs to ml.error, not to ml.prediction"),
        (b'{"a": "\xff\xfe"}', "no UTF-8 text"),
        (b"\x00\x01\x02\x03", "no JSON"),
        (GOOD[:40], "no JSON"),
        (GOOD + ALSO_GOOD, "no JSON"),
    ],
)
def test_a_bad_line_between_good_ones(tmp_path: Path, bad: bytes, reason: str) -> None:
    """The good lines count, the bad one is named with file, line and reason."""
    coverage = read(tmp_path, GOOD + b"\n" + bad + b"\n" + ALSO_GOOD + b"\n")
    assert coverage.count("prediction") == 2
    assert coverage.set_aside_count == 1
    (aside,) = coverage.set_aside
    assert aside.line == 2
    assert aside.reason.startswith(reason)
    kept = orjson.loads((tmp_path / "rejected" / "unreadable-s.ndjson").read_bytes())
    assert kept["reason"] == aside.reason
    assert kept["line"] == 2


def test_reading_twice_sets_aside_once(tmp_path: Path) -> None:
    """The folder of rejected lines does not grow with each report."""
    read(tmp_path, GOOD + b"\nbad\n")
    read(tmp_path, GOOD + b"\nbad\n")
    assert len((tmp_path / "rejected" / "unreadable-s.ndjson").read_bytes().splitlines()) == 1


def test_blank_lines_and_carriage_returns_are_fine(tmp_path: Path) -> None:
    """What another system's line ends leave is no error."""
    coverage = read(tmp_path, b"\n\n" + GOOD + b"\r\n\r\n" + ALSO_GOOD + b"\r\n")
    assert coverage.count("prediction") == 2
    assert coverage.set_aside_count == 0


def test_a_last_line_without_its_end_counts_if_it_is_whole(tmp_path: Path) -> None:
    """A newline that never came costs nothing."""
    assert read(tmp_path, GOOD + b"\n" + ALSO_GOOD).count("prediction") == 2


def test_a_torn_last_line_is_set_aside(tmp_path: Path) -> None:
    """A process that was killed in the middle of a line costs that line."""
    coverage = read(tmp_path, GOOD + b"\n" + ALSO_GOOD[:50])
    assert coverage.count("prediction") == 1
    assert coverage.set_aside[0].reason == "cut off in the middle"


def test_a_torn_line_that_is_still_being_written_is_no_error(tmp_path: Path) -> None:
    """A live service may be in the middle of its line."""
    path = write_segment(tmp_path, "prediction", [])
    path.write_bytes(GOOD + b"\n" + ALSO_GOOD[:50])
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with LocalStore(tmp_path) as store:
            coverage = store.coverage(Window())
    assert coverage.count("prediction") == 1
    assert coverage.set_aside_count == 0


def test_a_line_of_fifty_megabytes_is_set_aside(tmp_path: Path) -> None:
    """It neither stops the report nor costs its neighbours."""
    huge = b'{"event": {"id": "x"}, "message": "' + b"x" * 50_000_000 + b'"}'
    coverage = read(tmp_path, GOOD + b"\n" + huge + b"\n" + ALSO_GOOD + b"\n")
    assert coverage.count("prediction") == 2
    assert coverage.set_aside_count == 1
    assert "over the limit" in coverage.set_aside[0].reason


def test_binary_garbage(tmp_path: Path) -> None:
    """A file of noise yields no record and no traceback."""
    noise = random.Random(0).randbytes(200_000)
    coverage = read(tmp_path, noise)
    assert coverage.count("prediction") == 0
    assert coverage.set_aside_count == len([line for line in noise.split(b"\n") if line.strip()])


def test_a_record_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    """The same ``event.id`` is the same record."""
    coverage = read(tmp_path, GOOD + b"\n" + GOOD + b"\n")
    assert coverage.count("prediction") == 1
    assert coverage.duplicates == 1


def test_unknown_fields_and_wrong_types_cost_only_themselves(tmp_path: Path) -> None:
    """A field of another type is empty, the record stays."""
    record = prediction(0, 1)
    record["ml"]["features"] = {"number": {"x": "text", "y": 2}}
    record["of_tomorrow"] = {"deep": [1]}
    assert read(tmp_path, orjson.dumps(record) + b"\n").count("prediction") == 1


def test_offsets_turn_to_utc(tmp_path: Path) -> None:
    """A time with another zone is the same moment."""
    record = prediction(0, 1)
    record["@timestamp"] = "2026-11-21T06:00:00.000+02:00"
    coverage = read(tmp_path, orjson.dumps(record) + b"\n")
    assert coverage.first is not None
    assert coverage.first.isoformat() == "2026-11-21T04:00:00+00:00"


def test_other_files_in_the_folder_do_not_matter(tmp_path: Path) -> None:
    """Foreign folders and files are left alone."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "x.ndjson").write_text("no record")
    (tmp_path / "README").write_text("hello")
    assert read(tmp_path, GOOD + b"\n").count("prediction") == 1

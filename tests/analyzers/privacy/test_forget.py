"""``elkhound forget`` erases one person's records, and nobody else's."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

import shipper
from analyzers.cli import main
from analyzers.privacy.selection import parse_selection
from analyzers.stores.base import StoreError, Window
from shipper.cursors import Cursor, read_offset
from tests.analyzers.conftest import StoreOpener, prediction, write_segment


def forget(*arguments: str | Path, answer: str = "") -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["forget", *map(str, arguments)], input=answer)


def people(folder: Path, count: int = 10) -> Path:
    """Write predictions for two people in turn."""
    records = [
        {**prediction(n, n, segment={"region": "eu"}), "user": {"id": f"u{n % 2}"}}
        for n in range(count)
    ]
    return write_segment(folder, "prediction", records)


def users(path: Path) -> list[str]:
    """Return whose records a segment holds."""
    return [orjson.loads(line)["user"]["id"] for line in path.read_bytes().splitlines()]


def test_one_persons_records_go(tmp_path: Path) -> None:
    """They are listed first; the other's stay, byte for byte."""
    path = people(tmp_path)
    kept = [line for line in path.read_bytes().splitlines() if b'"u0"' in line]
    listed = forget("--store", tmp_path, "--where", "user.id=u1", "--dry-run")
    assert listed.output == "         5 records in logs-ml.prediction-default\n"
    assert len(users(path)) == 10
    result = forget("--store", tmp_path, "--where", "user.id=u1", "--yes")
    assert "erased 5 records" in result.output
    assert path.read_bytes().splitlines() == kept
    assert "no such records" in forget("--store", tmp_path, "--where", "user.id=u1", "--yes").output


def test_it_asks_first(tmp_path: Path) -> None:
    """And takes no for an answer."""
    path = people(tmp_path)
    result = forget("--store", tmp_path, "--where", "user.id=u1", answer="n\n")
    assert result.exit_code == 1
    assert len(users(path)) == 10


def test_all_conditions_must_hold(tmp_path: Path) -> None:
    """Two fields, one of them open."""
    people(tmp_path)
    where = ("--where", "user.id=u1", "--where", "ml.segment.region=us")
    assert "no such records" in forget("--store", tmp_path, *where, "--yes").output


def test_a_cursor_stays_where_it_was_among_the_lines(tmp_path: Path) -> None:
    """What was delivered is not delivered again, and what was not still is."""
    path = people(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    cursor = Cursor.claim(path)
    assert cursor is not None
    cursor.move(sum(map(len, lines[:5])))
    cursor.release()
    assert forget("--store", tmp_path, "--where", "user.id=u1", "--yes").exit_code == 0
    assert read_offset(path) == sum(map(len, [lines[0], lines[2], lines[4]]))


def test_segments_in_use_are_left_and_counted(tmp_path: Path) -> None:
    """A service that still runs keeps its file."""
    shipper.configure(service="shop", to=f"file:{tmp_path}")
    shipper.get_logger("shop").info("served", **{"user.id": "u1"})
    assert shipper.flush()
    result = forget("--store", tmp_path, "--where", "user.id=u1", "--yes")
    assert "erased 0 records" in result.stdout
    assert "1 are in segments still being written" in result.stderr
    shipper.shutdown()
    assert (
        "erased 1 records" in forget("--store", tmp_path, "--where", "user.id=u1", "--yes").stdout
    )


def test_what_was_set_aside_is_searched_too(tmp_path: Path) -> None:
    """A rejected record is a copy as good as any."""
    folder = tmp_path / "rejected"
    folder.mkdir()
    (folder / "s.ndjson").write_bytes(
        orjson.dumps({"reason": "r", "record": {"user": {"id": "u1"}}}) + b"\n"
        + orjson.dumps({"reason": "r", "line": '{"user":{"id":"u1"}}'}) + b"\n"
        + orjson.dumps({"reason": "r", "line": "garbage u1"}) + b"\n"
    )  # fmt: skip
    result = forget("--store", tmp_path, "--where", "user.id=u1", "--yes", "--format", "json")
    assert json.loads(result.stdout)["erased"] == 2


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("user.id", "must be FIELD=VALUE"),
        ("user.id=", "must be FIELD=VALUE"),
        ("usr.id=1", "no field usr.id"),
    ],
)
def test_wrong_conditions(where: str, sentence: str, tmp_path: Path) -> None:
    """Nothing is erased by a typing error."""
    people(tmp_path)
    result = forget("--store", tmp_path, "--where", where, "--yes")
    assert result.exit_code == 3
    assert sentence in result.stderr


def test_everything_is_not_one_person() -> None:
    """No condition is a mistake."""
    with pytest.raises(StoreError, match="at least one"):
        parse_selection([])


@pytest.mark.elasticsearch
def test_a_cluster_lists_what_it_has(open_cluster: StoreOpener, elasticsearch_url: str) -> None:
    """The tests' node counts, and cannot delete by query: the sentence says so."""
    records = [{**prediction(n, n), "user": {"id": f"u{n % 2}"}} for n in range(10)]
    record = open_cluster(records).first_record("prediction", Window())
    assert record is not None
    namespace = record["data_stream"]["namespace"]
    url = f"{elasticsearch_url}?namespace={namespace}"
    listed = forget("--store", url, "--where", "user.id=u1", "--dry-run")
    assert listed.output == f"         5 records in logs-ml.prediction-{namespace}\n"
    erased = forget("--store", url, "--where", "user.id=u1", "--yes")
    assert erased.exit_code in (0, 3)
    assert "erased 5 records" in erased.output or "cannot delete by query" in erased.stderr

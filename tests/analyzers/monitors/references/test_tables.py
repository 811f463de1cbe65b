"""Files become references, and are compared with them, on the command line."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from analyzers.cli import main
from analyzers.monitors.drift.report import report_drift
from analyzers.monitors.references.reference import ReferenceFileError, read_reference
from analyzers.monitors.references.tables import TableError, read_table, reference_of

CSV = "age,plan,seen,note\n" + "".join(
    f"{20 + n % 50},{'free' if n % 3 else 'gold'},2026-11-{1 + n % 28:02d},{'' if n % 4 else 'x'}\n"
    for n in range(400)
)


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(main, list(arguments))


def write(path: Path, text: str) -> str:
    """Write a file and return its name."""
    path.write_text(text)
    return str(path)


def test_every_kind_of_column(tmp_path: Path) -> None:
    """Numbers, categories with missing values, and times that are left out."""
    table = read_table(Path(write(tmp_path / "a.csv", CSV)))
    assert table.rows == 400
    assert list(table.numbers) == ["age"]
    assert {name: c.counts for name, c in table.categories.items()} == {
        "plan": {"free": 266, "gold": 134},
        "note": {"x": 100},
    }
    assert table.categories["note"].missing == 300
    assert table.skipped == {"seen": "times are not compared"}


def test_free_text_is_compared_by_its_length(tmp_path: Path) -> None:
    """Its values are all different, and say nothing."""
    text = "note\n" + "".join(f"customer {n} wrote {'very ' * (n % 5)}\n" for n in range(3000))
    table = read_table(Path(write(tmp_path / "a.csv", text)))
    assert list(table.numbers) == ["note (length)"]
    assert table.categories == {}


def test_a_reference_survives_its_file(tmp_path: Path) -> None:
    """What is written is what is read, and holds no row."""
    source = write(tmp_path / "a.csv", CSV)
    target = tmp_path / "reference.json"
    made = run(
        "reference", "create", source, "--model", "churn", "--version", "3", "-o", str(target)
    )
    assert made.exit_code == 0, made.output
    assert made.stderr == "3 columns of 400 rows\nwithout seen: times are not compared\n"
    document = orjson.loads(target.read_bytes())
    reference = read_reference(document)
    assert (reference.model, reference.version, reference.rows) == ("churn", "3", 400)
    assert reference.columns == reference_of(read_table(Path(source)), "a.csv").columns
    assert orjson.loads(orjson.dumps(reference.document())) == document


def test_the_same_file_has_not_drifted_and_another_has(tmp_path: Path) -> None:
    """The exit code follows where it is asked to; a reference and its file say the same."""
    source = write(tmp_path / "a.csv", CSV)
    target = str(tmp_path / "reference.json")
    run("reference", "create", source, "-o", target)
    same = run("drift", "--reference", target, "--current", source, "--fail-on-drift")
    assert same.exit_code == 0, same.output
    assert "No drift in 3 columns" in same.stdout
    moved = CSV.replace("gold", "platinum").replace("note", "comment", 1)
    other = write(tmp_path / "b.csv", moved)
    found = run(
        "drift", "--reference", target, "--current", other, "--format", "json", "--fail-on-drift"
    )
    assert found.exit_code == 1
    report = orjson.loads(found.stdout)
    assert report["drifted"] == ["plan"]
    assert (report["missing_columns"], report["new_columns"]) == (["note"], ["comment"])
    assert report["columns"][0]["new"] == [["platinum", 134]]
    direct = run("drift", "--reference", source, "--current", other, "--format", "json")
    assert orjson.loads(direct.stdout)["columns"] == report["columns"]
    page = run("drift", "--reference", target, "--current", other, "--format", "md").stdout
    assert "plan has new categories: platinum (134)" in page
    shown = run("drift", "--reference", target, "--current", other).stdout
    assert "DRIFT" in shown


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.txt", "x", "must end in .csv"),
        ("a.parquet", "no parquet", "cannot be read"),
        ("a.json", "{}", "it is no reference: `elkhound reference create FILE` makes one"),
        ("a.json", "{", "cannot be used"),
        ("a.json", '{"kind": "reference", "format": 99}', "its format is 99, and this reads 1"),
        ("a.json", '{"kind": "reference", "format": 1, "rows": 1}', "it is damaged"),
    ],
)
def test_bad_files_are_one_sentence(name: str, text: str, sentence: str, tmp_path: Path) -> None:
    """With exit code 2 and no traceback."""
    good = write(tmp_path / "good.csv", CSV)
    bad = write(tmp_path / name, text)
    found = run("drift", "--reference", bad, "--current", good)
    assert found.exit_code == 2, found.output
    assert sentence in found.stderr


def test_an_empty_table(tmp_path: Path) -> None:
    """A header and no row: nothing to judge, and that is said."""
    good = write(tmp_path / "good.csv", CSV)
    empty = write(tmp_path / "empty.csv", "age,plan,seen,note\n")
    found = run("drift", "--reference", good, "--current", empty, "--format", "json")
    assert found.exit_code == 0, found.output
    assert {column["reason"] for column in orjson.loads(found.stdout)["columns"]} <= {
        "it has no rows",
        "it was a number and is a category now",
    }


def test_too_many_columns(tmp_path: Path) -> None:
    """Said, not tried."""
    wide = write(tmp_path / "wide.csv", ",".join(f"c{n}" for n in range(5001)) + "\n")
    with pytest.raises(TableError, match="5,001 columns are more than the 5,000"):
        read_table(Path(wide))


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x)))
def test_anything_but_a_reference_is_refused(document: object) -> None:
    """Clearly."""
    with pytest.raises(ReferenceFileError):
        read_reference(document)


def test_a_column_without_any_value_is_missing_and_of_no_other_kind(tmp_path: Path) -> None:
    """CSV readers take it for a text."""
    full, empty = tmp_path / "a.csv", tmp_path / "b.csv"
    full.write_text("a,b\n" + "".join(f"{n},x\n" for n in range(100)))
    empty.write_text("a,b\n" + ",x\n" * 100)
    report = report_drift(reference_of(read_table(full), "a"), read_table(empty), "b")
    (found,) = report.drifted
    assert (found.column, found.kind, found.missing) == ("a", "number", 1.0)

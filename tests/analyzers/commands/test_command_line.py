"""The command line: exit codes, sentences instead of tracebacks, every format."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from analyzers.cli import main
from analyzers.commands.options import write_text
from shipper.segments import segment_paths
from tests.analyzers.conftest import START, Record, error, prediction, write_segment


def run(*arguments: str, **environment: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, list(arguments), env=environment)


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with one group of ten errors among a hundred requests."""
    predictions: list[Record] = [
        prediction(n, n, version="2" if n >= 90 else "1", failed="f1" if n >= 90 else None)
        for n in range(100)
    ]
    write_segment(tmp_path / "data", "prediction", predictions)
    write_segment(tmp_path / "data", "error", [error(n, n, version="2") for n in range(90, 100)])
    return str(tmp_path / "data")


@pytest.mark.parametrize(
    ("name", "clue"),
    [
        ("terminal", "goes with"),
        ("md", "# Error report"),
        ("html", "<!doctype html>"),
        ("json", '"findings"'),
        ("ndjson", '{"kind":"error-group"'),
    ],
)
def test_every_format_goes_to_standard_output_and_to_a_file(
    store: str, tmp_path: Path, name: str, clue: str
) -> None:
    """``--output`` writes what would have been printed."""
    printed = run("errors", "--store", store, "--format", name)
    written = run("errors", "--store", store, "--format", name, "--output", str(tmp_path / "out"))
    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert clue in printed.output
    assert clue in (tmp_path / "out").read_text()


def test_the_store_may_come_from_the_environment(store: str) -> None:
    """``ELKHOUND_STORE`` stands in for ``--store``, also as a URL."""
    found = run("errors", "--format", "json", ELKHOUND_STORE=f"file:{store}")
    assert orjson.loads(found.output)["failed"] == 10


def test_options_narrow_the_report(store: str) -> None:
    """Window, model and version."""

    def findings(*options: str) -> int:
        output = run("errors", "--store", store, "--format", "json", *options).output
        return sum(finding["n"] for finding in orjson.loads(output)["findings"])

    assert findings("--version", "2") == 10
    assert findings("--version", "1") == 0
    assert findings("--model", "other") == 0
    assert findings("--since", "2026-11-21T04:01:35Z", "--until", "2026-11-21T04:01:37+00:00") == 2
    assert findings("--since", "1s") == 0


def test_fail_on_turns_findings_into_an_exit_code(store: str) -> None:
    """1 where a group is at least as severe, 0 otherwise."""
    assert run("errors", "--store", store, "--fail-on", "critical").exit_code == 1
    assert run("errors", "--store", store, "--fail-on", "info", "--version", "1").exit_code == 0


def test_no_errors_is_said(tmp_path: Path) -> None:
    """A healthy service gets one sentence and exit code 0."""
    write_segment(tmp_path, "prediction", [prediction(0, 1)])
    found = run("errors", "--store", str(tmp_path))
    assert found.exit_code == 0
    assert "No errors among 1 request" in found.output


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    """No record is no error, and is told apart from health."""
    found = run("errors", "--store", str(tmp_path))
    assert found.exit_code == 0
    assert "No records" in found.output


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["errors", "--store", "nowhere"], 3, "no folder nowhere"),
        (["errors", "--store", "http://127.0.0.1:1"], 3, "nothing listens there"),
        (["errors", "--store", "https://nowhere.invalid"], 3, "the name is not known here"),
        (["import", __file__, "--store", "https://es:9200"], 2, "import into a folder"),
        (["errors", "--since", "yesterday"], 2, "is no time"),
        (["errors", "--since", "9999999999999w"], 2, "is no time"),
        (["errors", "--since", "1h", "--until", "2h"], 2, "--since must lie before --until"),
        (["errors", "--format", "pdf"], 2, "'pdf' is not one of"),
        (["errors", "group", "nowhere.log"], 2, "does not exist"),
        (["import", "nowhere.log"], 2, "does not exist"),
        (["barks"], 2, "No such command"),
    ],
)
def test_mistakes_get_one_sentence_and_their_exit_code(
    arguments: list[str], code: int, sentence: str
) -> None:
    """2 for input and usage, 3 for the store; never a traceback."""
    found = run(*arguments)
    assert found.exit_code == code
    assert sentence in found.output
    assert "Traceback" not in found.output


def test_an_output_that_cannot_be_written_is_named(store: str, tmp_path: Path) -> None:
    """The path and the system's reason; nothing half-written stays."""
    found = run(
        "errors", "--store", store, "--output", str(tmp_path / "no" / "such" / "folder.txt")
    )
    assert found.exit_code == 2
    assert "cannot be written: No such file or directory" in found.output


def test_set_aside_lines_are_reported(store: str) -> None:
    """The report says how many lines were unreadable, and where the first is."""
    (path,) = segment_paths(Path(store) / "logs-ml.error-default")
    path.write_bytes(path.read_bytes() + b"garbage\n")
    found = run("errors", "--store", store)
    assert found.exit_code == 0
    assert "1 line could not be read and was set aside" in found.output


def test_group_labels_every_line_of_a_text_log_in_order(tmp_path: Path) -> None:
    """Group and template for each line, equal for lines of one kind."""
    log = tmp_path / "a.log"
    log.write_bytes(b"took 3 ms\nstopped\ntook 9 ms\n\xff\xfe\n")
    labels = [
        orjson.loads(line)
        for line in run("errors", "group", str(log), "--format", "ndjson").stdout.splitlines()
    ]
    assert [label["line"] for label in labels] == [1, 2, 3, 4]
    assert labels[0]["template"] == labels[2]["template"] == "took <*> ms"
    assert labels[0]["group"] == labels[2]["group"] != labels[1]["group"]
    assert labels[0]["parameters"] == ["number"]


def test_group_reads_csv_by_column(tmp_path: Path) -> None:
    """``--field`` names the column; a wrong one is told with the right ones."""
    file = tmp_path / "a.csv"
    file.write_text('content,other\n"took 3 ms, twice",x\ntook 9 ms,y\n')
    found = run("errors", "group", str(file), "--field", "content", "--format", "json")
    assert [label["template"] for label in orjson.loads(found.stdout)] == [
        "took <*> ms, twice",
        "took <*> ms",
    ]
    wrong = run("errors", "group", str(file), "--field", "text")
    assert wrong.exit_code == 2
    assert "give --field, one of content, other" in wrong.output


def test_group_labels_error_records_by_their_stack_traces(store: str) -> None:
    """``event.id`` is echoed, and the group is the one the report names."""
    (path,) = segment_paths(Path(store) / "logs-ml.error-default")
    lines = run("errors", "group", str(path), "--format", "ndjson").stdout.splitlines()
    labels = [orjson.loads(line) for line in lines]
    report = orjson.loads(run("errors", "--store", store, "--format", "json").output)
    assert [label["event.id"] for label in labels] == [f"error-{n}" for n in range(90, 100)]
    assert len({label["group"] for label in labels}) == 1
    assert report["findings"][0]["n"] == 10


def test_group_keeps_the_place_of_lines_it_cannot_read(tmp_path: Path) -> None:
    """A bad line is labelled with its reason, and the others are grouped."""
    file = tmp_path / "a.ndjson"
    file.write_text('{"message": "took 3 ms"}\nnot json\n{"other": 1}\n')
    found = run("errors", "group", str(file), "--format", "ndjson")
    labels = [orjson.loads(line) for line in found.stdout.splitlines()]
    assert [label["group"] is None for label in labels] == [False, True, True]
    assert labels[1]["reason"].startswith("no JSON")
    assert "2 of 3 lines have no group" in found.stderr


def test_import_then_report(tmp_path: Path) -> None:
    """The way of somebody who has files and no service yet."""
    file = tmp_path / "p.csv"
    file.write_text("time,p\n2026-11-20T10:00:00Z,0.5\nnever,0.5\n")
    arguments = [
        "import",
        str(file),
        "--store",
        str(tmp_path / "s"),
        "--kind",
        "prediction",
        "--map",
        "@timestamp=time",
    ]
    arguments += [
        "--map",
        "ml.prediction.score=p",
        "--set",
        "ml.model.name=m",
        "--set",
        "ml.model.version=1",
    ]
    found = run(*arguments, "--format", "json")
    assert orjson.loads(found.stdout)["records"] == {"prediction": 1}
    assert orjson.loads(found.stdout)["set_aside"] == 1
    assert "No errors among 1 request" in run("errors", "--store", str(tmp_path / "s")).output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--map", "nonsense"], "must be FIELD=VALUE"),
        (["--kind", "prediction"], "makes a record"),
        (
            ["--kind", "prediction", "--set", "ml.nope=1"],
            "ml.nope is no field of prediction records",
        ),
    ],
)
def test_a_mapping_that_fits_no_row_is_an_error(
    tmp_path: Path, options: list[str], sentence: str
) -> None:
    """Exit code 2 with the first reason."""
    file = tmp_path / "p.csv"
    file.write_text("a\n1\n")
    found = run("import", str(file), "--store", str(tmp_path / "s"), *options)
    assert found.exit_code == 2
    assert sentence in found.output


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such pipe")
def test_a_closed_pipe_ends_quietly(store: str) -> None:
    """``elkhound errors | head -1`` shows no traceback."""
    command = f"{sys.executable} -c 'from analyzers.cli import main; main()' errors --store {store} | head -1"
    found = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in found.stderr
    assert "1 error group" in found.stdout


def test_a_read_only_store_can_be_read(store: str, tmp_path: Path) -> None:
    """Bad lines cannot be copied aside there, and are reported all the same."""
    (path,) = segment_paths(Path(store) / "logs-ml.error-default")
    path.write_bytes(path.read_bytes() + b"garbage\n")
    (Path(store) / "rejected").write_text("in the way of the folder")
    found = run("errors", "--store", store)
    assert found.exit_code == 0
    assert "set aside" in found.output


def test_an_import_into_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The path is named, and nothing was imported."""
    (tmp_path / "file").write_text("x")
    log = tmp_path / "a.log"
    log.write_text("hello\n")
    found = run("import", str(log), "--store", str(tmp_path / "file" / "store"))
    assert found.exit_code == 2
    assert "nothing was imported" in found.output


def test_the_start_of_the_window_is_named(store: str) -> None:
    """Times in the report are those of the records."""
    assert START.strftime("%Y-%m-%d %H:%M:%S") in run("errors", "--store", store).output


def test_help_needs_no_analyzer_package() -> None:
    """The base install can show every command."""
    code = (
        "import sys\n"
        "for name in ('duckdb', 'numpy', 'scipy', 'sklearn', 'rich', 'jinja2', 'elasticsearch'): sys.modules[name] = None\n"
        "from analyzers.cli import main\n"
        "main(sys.argv[1:])"
    )
    for arguments in (["--help"], ["errors", "--help"], ["import", "--help"]):
        subprocess.run(
            [sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL
        )
    found = subprocess.run(
        [sys.executable, "-c", code, "errors", "--store", os.curdir],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode in (2, 3)
    assert "pip install 'elkhound[analyzers]'" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_device_or_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """``--output /dev/null`` must not make a file of it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_text("all of it", pipe)
    reader.join(10)
    assert read == ["all of it"]
    assert pipe.is_fifo()

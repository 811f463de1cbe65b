"""``elkhound ship`` delivers what services left behind, and goes on where it stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import shipper
from analyzers.cli import main
from shipper.outbox import MAXIMUM_CLAIMED
from shipper.segments import Segment
from tests.faults.service import ROOT, Service
from tests.receivers.beats import BeatsServer
from tests.receivers.http import HttpServer


def ship(*arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["ship", *map(str, arguments)])


def fill(folder: Path, count: int, first: int = 0) -> None:
    """Let a service write into a folder and end."""
    shipper.configure(service="shop", to=f"file:{folder}")
    for number in range(first, first + count):
        shipper.get_logger("shop").info("request served", number=number)
    shipper.shutdown()


def segments(folder: Path) -> list[Path]:
    """Return the segments of a folder."""
    return sorted(folder.glob("*/*.ndjson"))


def test_a_local_store_is_delivered_and_kept(tmp_path: Path) -> None:
    """Shipping does not take the local store away; a second run has nothing to do."""
    fill(tmp_path, 100)
    with BeatsServer() as server:
        first = ship(tmp_path, "--to", server.url)
        assert first.exit_code == 0, first.output
        assert "delivered 100 records" in first.output
        assert "delivered 0 records" in ship(tmp_path, "--to", server.url).output
        fill(tmp_path, 10, first=100)
        assert "delivered 10 records" in ship(tmp_path, "--to", server.url).output
        assert sorted(server.index.numbers()) == list(range(110))
    assert len(segments(tmp_path)) == 2


def test_many_folders_are_emptied_with_remove(tmp_path: Path) -> None:
    """The spools of several services, in one run."""
    for number, name in enumerate(("a", "b", "c")):
        fill(tmp_path / name, 20, first=100 * number)
    with HttpServer() as server:
        result = ship(
            *(tmp_path / name for name in "abc"), "--to", server.url, "--remove", "--format", "json"
        )
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["delivered"] == 60
        assert len(server.index.documents) == 60
    assert not [path for name in "abc" for path in segments(tmp_path / name)]


def test_an_unreachable_destination_is_exit_code_3(tmp_path: Path) -> None:
    """With what is left, and why; nothing is lost."""
    fill(tmp_path, 5)
    result = ship(
        tmp_path, "--to", "beats://127.0.0.1:1", "--give-up-after", "0.3", "--format", "json"
    )
    assert result.exit_code == 3
    assert "nothing listens" in result.stderr
    assert json.loads(result.stdout)["complete"] is False
    with BeatsServer() as server:
        assert ship(tmp_path, "--to", server.url).exit_code == 0
        assert server.index.numbers() == list(range(5))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere", "--to", "beats://host"], "does not exist"),
        ([".", "--to", "gopher://host"], "is of no known kind"),
        ([".", "--to", "beats://user:pass@host"], "no place for a password"),
        (["."], "Missing option '--to'"),
    ],
)
def test_wrong_arguments(arguments: list[str], sentence: str) -> None:
    """One sentence, exit code 2."""
    result = ship(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_bad_lines_are_set_aside(tmp_path: Path) -> None:
    """With the reason, beside the streams."""
    segment = Segment(tmp_path / "logs-ml.service-default", "aa", 1)
    segment.write(b'garbage\n{"event":{"id":"a"},"data_stream":{"dataset":"x"}}\n{"torn":')
    segment.close()
    with BeatsServer() as server:
        result = ship(tmp_path, "--to", server.url)
        assert result.exit_code == 0, result.output
        assert "2 set aside" in result.output
        assert list(server.index.documents) == ["a"]
    lines = [
        json.loads(line)
        for path in (tmp_path / "rejected").glob("*")
        for line in path.read_bytes().splitlines()
    ]
    assert {line["reason"][:12] for line in lines} == {"the line is "}


def test_an_agent_follows_living_processes_and_ends_with_a_signal(tmp_path: Path) -> None:
    """A service writes files only; the agent beside it delivers them while they grow."""
    with BeatsServer() as server:
        agent = subprocess.Popen(
            [sys.executable, "-m", "analyzers", "ship", str(tmp_path), "--to", server.url, "--follow", "--remove"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        services = [
            Service(f"file:{tmp_path}", tmp_path, count=300, rate=600, first=1000 * n).start()
            for n in range(3)
        ]
        expected = {1000 * n + k for n in range(3) for k in range(300)}
        found: Any = server.index.await_numbers(900, 30)
        for service in services:
            service.end()
        agent.send_signal(signal.SIGTERM)
        said, _ = agent.communicate(timeout=30)
        assert set(found) == expected
        assert "delivered 900 records" in said
        assert agent.returncode == 0


def test_the_agent_takes_over_from_a_killed_service(tmp_path: Path) -> None:
    """What a dead process had not delivered is the agent's."""
    with BeatsServer() as server:
        server.kill()
        service = Service(server.url, tmp_path, rate=2000, sync_every=50).start()
        service.await_logged(500)
        service.signal(signal.SIGKILL)
        server.start()
        assert ship(tmp_path, "--to", server.url, "--remove").exit_code == 0
        assert set(range(service.synced + 1)) <= set(server.index.numbers())
    assert not segments(tmp_path)


def test_it_needs_no_analyzer(tmp_path: Path) -> None:
    """``ship`` and ``doctor`` belong to the base install."""
    for command in ("ship", "doctor"):
        code = (
            "import sys\n"
            "for name in ('duckdb', 'numpy', 'scipy', 'sklearn', 'rich', 'elasticsearch', 'jinja2'):\n"
            "    sys.modules[name] = None\n"
            "from analyzers.cli import main\n"
            f"sys.argv = ['elkhound', '{command}', *sys.argv[1:]]\n"
            "main()"
        )
        folder = [str(tmp_path)] if command == "ship" else []
        found = subprocess.run(
            [sys.executable, "-c", code, *folder, "--to", f"file:{tmp_path}/to"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr


def test_setting_a_line_aside_removes_nothing_of_the_spool(tmp_path: Path) -> None:
    """However old or large it is: an agent delivers, and tidies nothing up."""
    for number in range(MAXIMUM_CLAIMED + 5):
        segment = Segment(tmp_path / "logs-ml.service-default", "aa", number)
        segment.write(b"garbage\n" if number == 0 else b'{"event":{"id":"%d"}}\n' % number)
        segment.close()
        os.utime(segment.path, (1, 1))
    result = ship(tmp_path, "--to", "beats://127.0.0.1:1", "--give-up-after", "0.5")
    assert result.exit_code == 3
    assert "1 set aside" in result.output
    assert len(list((tmp_path / "logs-ml.service-default").glob("*.ndjson"))) == MAXIMUM_CLAIMED + 5

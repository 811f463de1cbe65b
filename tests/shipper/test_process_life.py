"""Records survive the ways in which a process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

BEGIN = """
import os, sys, threading, shipper
shipper.configure(service="s", to="file:" + sys.argv[1])
log = shipper.get_logger()
for number in range(200):
    log.info("line", number=number)
"""


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", BEGIN + code, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read(folder: Path, kind: str) -> list[dict[str, object]]:
    """Return the records of a kind."""
    paths = sorted(folder.glob(f"logs-ml.{kind}-default/*.ndjson"))
    return [orjson.loads(line) for path in paths for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("ending", ["", "sys.exit(3)", "raise SystemExit", "1 / 0"])
def test_an_ending_process_writes_what_waits(tmp_path: Path, ending: str) -> None:
    """End of the script, ``sys.exit`` and an uncaught exception lose nothing."""
    run(ending, tmp_path)
    assert len(read(tmp_path, "service")) == 200


def test_an_uncaught_exception_is_recorded_and_still_shown(tmp_path: Path) -> None:
    """The exception that ends a process is its most important record."""
    finished = run("1 / 0", tmp_path)
    (record,) = read(tmp_path, "error")
    assert record["error"]["type"] == "ZeroDivisionError"  # type: ignore[index]
    assert record["error"]["handled"] is False  # type: ignore[index]
    assert "ZeroDivisionError" in finished.stderr


def test_an_exception_that_ends_a_thread_is_recorded(tmp_path: Path) -> None:
    """So is that of a thread."""
    run("t = threading.Thread(target=lambda: [][1]); t.start(); t.join()", tmp_path)
    assert [r["error"]["type"] for r in read(tmp_path, "error")] == ["IndexError"]  # type: ignore[index]


def test_errors_are_on_disk_at_once(tmp_path: Path) -> None:
    """An error written just before the process is killed is there."""
    run("log.error('last words'); import time; time.sleep(0.5); os.kill(os.getpid(), 9)", tmp_path)
    assert [record["message"] for record in read(tmp_path, "error")] == ["last words"]


@pytest.mark.skipif(sys.platform == "win32", reason="this system cannot fork")
def test_forked_workers_ship_their_own_records(tmp_path: Path) -> None:
    """Prefork servers: each worker's records once, with its own process id."""
    code = """
for worker in range(3):
    if os.fork() == 0:
        log.info("worker")
        shipper.shutdown()
        os._exit(0)
for worker in range(3):
    os.wait()
"""
    run(code, tmp_path)
    found = read(tmp_path, "service")
    workers = [record for record in found if record["message"] == "worker"]
    assert len(found) == 203
    assert len({record["process"]["pid"] for record in workers}) == 3  # type: ignore[index]


def test_importing_the_shipper_loads_nothing_heavy() -> None:
    """NumPy, DuckDB, Elasticsearch and psutil stay out of a service that does not use them."""
    code = "import sys, shipper; print([m for m in ('numpy','duckdb','elasticsearch','psutil','analyzers','sklearn') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

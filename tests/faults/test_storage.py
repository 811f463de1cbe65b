"""Disks that fill up, folders that reach their bounds, power cuts and clocks that jump."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

import shipper
from shipper import state
from tests.faults.service import Service
from tests.faults.tally import LONG, Matrix, Row
from tests.receivers.beats import BeatsServer
from tests.receivers.index import wait_for


def row(what: str, sent: int, server: Any, dropped: int = 0, note: str = "") -> Row:
    """Compare what was sent with what is in the index."""
    numbers = server.index.numbers()
    return Row(
        what,
        sent,
        len(set(numbers)),
        len(numbers) - len(set(numbers)),
        server.index.resent,
        dropped,
        note,
    )


@contextmanager
def configured(to: str, spool: Path, **options: Any) -> Iterator[Any]:
    """A shipper in this process."""
    shipper.configure(service="faulty", to=to, spool=spool, **options)
    try:
        yield shipper.get_logger("faults")
    finally:
        shipper.shutdown()


@contextmanager
def full_disk(folder: Path) -> Iterator[Callable[[], None]]:
    """Fill the disk that a folder is on; gives what makes room again.

    A tmpfs of 1 MB with 300 kB free, where the system lets us mount one; elsewhere a quota under
    which no file of this process can grow.
    """
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ballast = folder / "ballast"
    if mounted:
        ballast.write_bytes(b"x" * 700_000)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))

    def make_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        ballast.unlink(missing_ok=True)

    try:
        yield make_room
    finally:
        make_room()
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk(tmp_path: Path, matrix: Matrix) -> None:
    """Records wait in memory while the disk is full, and are written and delivered in the end."""
    count = 5000 if LONG else 2000
    with BeatsServer() as server, full_disk(tmp_path / "disk") as make_room:
        server.kill()
        with configured(server.url, tmp_path / "disk" / "spool") as log:
            for number in range(count):
                log.info("request served", number=number)
            assert not shipper.flush(1.0)
            counts = shipper.statistics()
            assert counts.write_errors > 0
            assert "No space left" in counts.last_error or "too large" in counts.last_error
            make_room()
            server.start()
            # the disk is smaller than the records: they leave as they are delivered
            assert wait_for(lambda: shipper.flush(2, delivered=True), bool, 60)
            dropped = shipper.statistics().dropped
            what = "the disk is full for a while"
            matrix.add(row(what, count, server, dropped, "what did not fit waited in memory"))


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        (shipper.DropOldest(), "DropOldest"),
        (shipper.Block(0.002), "Block(2 ms)"),
        (shipper.DropBelow("warning"), "DropBelow(warning)"),
    ],
)
def test_the_spool_reaches_its_bound(
    policy: Any, what: str, tmp_path: Path, matrix: Matrix
) -> None:
    """No receiver for too long: the folder stays within its bound, and what is lost is counted."""
    limits = shipper.SpoolLimits(disk_bytes=400_000, memory_bytes=100_000, flush_seconds=0.01)
    count = 2000
    largest = 0
    with BeatsServer() as server:
        server.kill()
        with configured(server.url, tmp_path, limits=limits, when_full=policy) as log:
            for number in range(count):
                level = log.warning if number % 10 == 0 else log.info
                level("request served", number=number)
                if number % 100 == 0:
                    shipper.flush(0.2)
                    largest = max(largest, folder_size(tmp_path))
            server.start()
            assert wait_for(lambda: shipper.flush(2, delivered=True), bool, 30)
            counts = shipper.statistics()
        largest = max(largest, folder_size(tmp_path))
        assert largest <= 400_000
        numbers = server.index.numbers()
        if isinstance(policy, shipper.DropOldest):
            assert numbers[-1] == count - 1
        elif isinstance(policy, shipper.Block):
            assert numbers[0] == 0
        else:
            assert counts.sampled > 0
            important = [number for number in numbers if number % 10 == 0]
            assert len(important) > len(numbers) / 5
        lost = counts.dropped + counts.sampled
        assert 0 < lost < count
        told = sum(
            document["ml"]["shipper"]["dropped"] + document["ml"]["shipper"]["sampled"]
            for document in server.index.documents.values()
            if document.get("metricset", {}).get("name") == "shipper"
        )
        assert told == lost
        # counts of the shipper's own records are among what was dropped
        own = lost - (count - len(numbers))
        matrix.add(
            row(
                f"no receiver until the spool is full, {what}",
                count,
                server,
                lost - own,
                f"folder at most {largest / 1000:.0f} kB of 400 kB; the loss is in the index as a record",
            )
        )


def folder_size(folder: Path) -> int:
    """Return the bytes of all segments."""
    total = 0
    for path in folder.glob("*/*.ndjson"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def test_sampled_records_say_what_they_stand_for(tmp_path: Path) -> None:
    """``Sample``: the weights add up to what was logged, errors are all there."""
    limits = shipper.SpoolLimits(disk_bytes=5_000_000, memory_bytes=4_000_000)
    with BeatsServer() as server:
        server.kill()
        with configured(
            server.url, tmp_path, limits=limits, when_full=shipper.Sample(0.1, below="error")
        ) as log:
            for number in range(8_000):
                log.info("request served", number=number)
                if number % 200 == 0:
                    log.error("request failed")
                    shipper.flush()
            counts = shipper.statistics()
            assert counts.dropped == 0
            assert counts.sampled > 2000
            server.start()
            assert wait_for(lambda: shipper.flush(2, delivered=True), bool, 30)
        logs = [log for log in server.index.service_logs() if "numeric_labels" in log]
        weight = sum(1 / log["ml"]["sampling"]["rate"] for log in logs)
        assert weight == pytest.approx(8_000, rel=0.1)
        assert {log["ml"]["sampling"]["rate"] for log in logs} == {1.0, 0.1}
        errors = [
            d for d in server.index.documents.values() if d["data_stream"]["dataset"] == "ml.error"
        ]
        assert len(errors) == 40


def test_a_power_cut(tmp_path: Path, matrix: Matrix) -> None:
    """Segments end at any byte, cursors are gone or old: what is on disk arrives."""
    rounds = 100 if LONG else 15
    chance = random.Random(11)
    sent = delivered = duplicates = resent = 0
    for round_number in range(rounds):
        spool = tmp_path / str(round_number)
        with BeatsServer() as server:
            server.kill()
            with configured(server.url, spool) as log:
                for number in range(100):
                    log.info("request served", number=number)
                assert shipper.flush()
            (path,) = spool.glob("logs-*/*.ndjson")
            size = chance.randrange(path.stat().st_size + 1)
            os.truncate(path, size)
            whole = path.read_bytes().count(b"\n")
            damage = chance.choice([b"", b"x", b"%020d\n" % chance.randrange(10**6)])
            path.with_suffix(".cursor").write_bytes(damage)
            if damage[:1] == b"0":  # one that could be right would be believed
                path.with_suffix(".cursor").unlink()
            server.start()
            with configured(server.url, spool) as log:
                log.info("started again")
                assert shipper.flush(30, delivered=True)
                server.index.await_numbers(whole, 10)
            numbers = server.index.numbers()
            sent += whole
            delivered += len(set(numbers))
            duplicates += len(numbers) - len(set(numbers))
            resent += server.index.resent
    matrix.add(
        Row(
            f"power cut at any byte, {rounds} rounds",
            sent,
            delivered,
            duplicates,
            resent,
            0,
            "sent: whole lines on disk",
        )
    )


CLOCK = """
real, shift = time.time_ns, [0]
time.time_ns = lambda: real() + shift[0]
real_time = time.time
time.time = lambda: real_time() + shift[0] / 1e9
import threading
def jump():
    for hours in (5, -48, 0, 24 * 365, -24 * 365 * 20):
        time.sleep(0.15)
        shift[0] = hours * 3600 * 10**9
threading.Thread(target=jump, daemon=True).start()
"""


def test_clock_jumps(tmp_path: Path, matrix: Matrix) -> None:
    """The wall clock leaps by hours and years: nothing is lost, expired or delayed."""
    with BeatsServer() as server:
        service = Service(server.url, tmp_path, count=1000, rate=1000, prepare=CLOCK).start()
        taken = service.end()
        numbers = server.index.numbers()
        assert numbers == sorted(numbers)
        assert taken < 20
        years = {log["@timestamp"][:4] for log in server.index.service_logs()}
        assert len(years) > 1
        matrix.add(
            row(
                "the clock jumps by hours and years",
                1000,
                server,
                note=f"records of the years {', '.join(sorted(years))}, in order",
            )
        )


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The service runs on; the reason is in the statistics."""
    blocked = tmp_path / "spool"
    blocked.write_text("a file where the folder should be")
    with BeatsServer() as server, configured(server.url, blocked) as log:
        log.info("request served", number=1)
        assert not shipper.flush(0.5)
        assert shipper.statistics().write_errors > 0
        blocked.unlink()
        assert shipper.flush(10, delivered=True)
        assert server.index.numbers() == [1]


def test_errors_written_through(tmp_path: Path) -> None:
    """With ``sync_errors`` the record is on disk when the log call returns."""
    with BeatsServer() as server:
        server.kill()
        with configured(server.url, tmp_path, sync_errors=True) as log:
            log.error("last words")
            (path,) = tmp_path.glob("logs-ml.error-*/*.ndjson")
            assert orjson.loads(path.read_bytes())["message"] == "last words"


def test_a_damaged_store_of_others_is_survived(tmp_path: Path) -> None:
    """Folders, binary files and unreadable names in the spool harm nobody."""
    (tmp_path / "logs-ml.service-default").mkdir()
    (tmp_path / "logs-ml.service-default" / "a.ndjson").write_bytes(os.urandom(50_000))
    (tmp_path / "logs-ml.service-default" / "b.ndjson").mkdir()
    (tmp_path / "stray.txt").write_text("x")
    with BeatsServer() as server, configured(server.url, tmp_path) as log:
        log.info("request served", number=1)
        server.index.await_numbers(1, 10)
        time.sleep(0.2)
        assert server.index.numbers() == [1]
        assert state.statistics().last_error == "" or sys.platform == "win32"

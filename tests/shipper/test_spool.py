"""The spool keeps every line it took, and says what it did not take."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shipper.policies import Block
from shipper.segments import is_being_written, segment_paths
from shipper.spool import Spool, SpoolLimits

STREAM = "logs-ml.service-default"


def lines_in(directory: Path, stream: str = STREAM) -> list[bytes]:
    """Return all lines of a stream."""
    return [
        line
        for path in segment_paths(directory / stream)
        for line in path.read_bytes().splitlines()
    ]


def line(number: int) -> bytes:
    """Return a line of JSON."""
    return b'{"n":%d}\n' % number


def test_lines_are_written_in_order(tmp_path: Path) -> None:
    """What one thread appends comes out in its order, in one segment."""
    spool = Spool(tmp_path)
    for number in range(1000):
        assert spool.append(STREAM, line(number))
    assert spool.close()
    assert lines_in(tmp_path) == [line(number).strip() for number in range(1000)]
    assert spool.statistics().written == 1000


def test_nothing_is_made_before_the_first_line(tmp_path: Path) -> None:
    """An idle service leaves no folder, no file and no thread."""
    spool = Spool(tmp_path / "spool")
    assert spool.close()
    assert not (tmp_path / "spool").exists()


def test_a_line_reaches_the_disk_without_being_asked(tmp_path: Path) -> None:
    """The thread writes by itself within its interval."""
    spool = Spool(tmp_path)
    spool.append(STREAM, line(1))
    deadline = time.monotonic() + 10
    while not lines_in(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert lines_in(tmp_path) == [line(1).strip()]
    spool.close()


def test_segments_rotate_by_size_and_keep_every_line(tmp_path: Path) -> None:
    """Beyond its size a segment is finished and the next begun."""
    spool = Spool(tmp_path, SpoolLimits(segment_bytes=100))
    for number in range(50):
        spool.append(STREAM, line(number))
        spool.flush()
    spool.close()
    assert len(segment_paths(tmp_path / STREAM)) > 3
    assert lines_in(tmp_path) == [line(number).strip() for number in range(50)]


def test_segments_rotate_by_age(tmp_path: Path) -> None:
    """An old segment is finished although it is small."""
    spool = Spool(tmp_path, SpoolLimits(segment_seconds=0.05))
    for number in range(3):
        spool.append(STREAM, line(number))
        spool.flush()
        time.sleep(0.06)
    spool.close()
    assert len(segment_paths(tmp_path / STREAM)) == 3


def test_the_oldest_finished_segments_go_when_a_stream_is_too_large(tmp_path: Path) -> None:
    """A stream stays within its bound; the segment being written stays."""
    spool = Spool(tmp_path, SpoolLimits(segment_bytes=100, disk_bytes=400))
    for number in range(100):
        spool.append(STREAM, line(number))
        spool.flush()
    spool.close()
    assert sum(path.stat().st_size for path in segment_paths(tmp_path / STREAM)) <= 600
    assert lines_in(tmp_path)[-1] == line(99).strip()


def test_a_segment_is_locked_while_it_is_written(tmp_path: Path) -> None:
    """Readers can tell a live segment from a finished one."""
    spool = Spool(tmp_path)
    spool.append(STREAM, line(1))
    spool.flush()
    (segment,) = segment_paths(tmp_path / STREAM)
    assert is_being_written(segment)
    spool.close()
    assert not is_being_written(segment)


def test_a_removed_segment_is_replaced(tmp_path: Path) -> None:
    """Somebody who tidies up under a running service costs what was there, and no more."""
    spool = Spool(tmp_path)
    spool.append(STREAM, line(1))
    spool.flush()
    for path in segment_paths(tmp_path / STREAM):
        path.unlink()
    spool.append(STREAM, line(2))
    spool.close()
    assert lines_in(tmp_path) == [line(2).strip()]


def test_full_memory_drops_the_oldest_and_counts(tmp_path: Path) -> None:
    """When lines cannot be written, memory stays bounded and each line dropped is counted."""
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    spool = Spool(blocked, SpoolLimits(memory_bytes=1000, flush_seconds=0.01))
    for number in range(1000):
        spool.append(STREAM, line(number))
    assert not spool.flush(0.5)
    statistics = spool.statistics()
    assert statistics.memory_bytes <= 1000
    assert statistics.dropped + statistics.waiting == 1000
    assert statistics.write_errors > 0
    blocked.unlink()
    assert spool.close()
    kept = lines_in(blocked)
    assert len(kept) == 1000 - statistics.dropped
    assert kept == [line(number).strip() for number in range(statistics.dropped, 1000)]


def test_full_memory_lets_the_caller_wait_no_longer_than_stated(tmp_path: Path) -> None:
    """``Block``: each call waits its time, then drops its own line and counts it."""
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    spool = Spool(
        blocked, SpoolLimits(memory_bytes=100, flush_seconds=0.01), Block(wait_seconds=0.1)
    )
    taken = sum(spool.append(STREAM, line(number)) for number in range(10))
    assert taken == 10
    begun = time.monotonic()
    while spool.append(STREAM, line(10)):
        begun = time.monotonic()
    assert 0.08 < time.monotonic() - begun < 2.0
    assert spool.statistics().dropped == 1
    assert not spool.flush(0.3)
    said = spool.statistics().last_error
    assert "FileExistsError" in said or "NotADirectory" in said


def test_lines_wait_for_a_disk_that_recovers(tmp_path: Path) -> None:
    """What the disk refused is written, in order, once it takes it again."""
    blocked = tmp_path / "spool"
    blocked.write_text("in the way")
    spool = Spool(blocked, SpoolLimits(flush_seconds=0.01))
    for number in range(20):
        spool.append(STREAM, line(number))
    assert not spool.flush(0.3)
    blocked.unlink()
    assert spool.flush(10)
    spool.close()
    assert lines_in(blocked) == [line(number).strip() for number in range(20)]


FULL_DISK = """
import resource, sys, time
from pathlib import Path
from shipper.spool import Spool, SpoolLimits

resource.setrlimit(resource.RLIMIT_FSIZE, (1005, resource.RLIM_INFINITY))  # ends inside a line
spool = Spool(Path(sys.argv[1]), SpoolLimits(flush_seconds=0.01))
for number in range(200):
    spool.append("logs-ml.service-default", b'{"n":%d}\\n' % number)
assert not spool.flush(0.5), "the disk took more than it should"
assert spool.statistics().write_errors > 0
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert spool.flush(10), spool.statistics()
spool.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limit on file sizes")
def test_a_disk_that_fills_up_inside_a_line_loses_nothing(tmp_path: Path) -> None:
    """A line cut by a full disk is continued where it stopped, once there is room."""
    subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], check=True, timeout=60)
    assert lines_in(tmp_path) == [line(number).strip() for number in range(200)]


def test_threads_by_the_hundred(tmp_path: Path) -> None:
    """A hundred threads lose nothing and mix no lines."""
    spool = Spool(tmp_path)

    def work(thread: int) -> None:
        for number in range(100):
            spool.append(STREAM, line(thread * 100 + number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spool.close()
    assert sorted(lines_in(tmp_path)) == sorted(line(number).strip() for number in range(10_000))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_writes_its_own_segment(tmp_path: Path) -> None:
    """Lines waiting at a fork are written once, and child and parent share no segment."""
    spool = Spool(tmp_path, SpoolLimits(flush_seconds=0.5))
    spool.append(STREAM, line(1))
    child = os.fork()
    if child == 0:
        spool.append(STREAM, line(2))
        os._exit(0 if spool.close() else 1)
    _, status = os.waitpid(child, 0)
    spool.append(STREAM, line(3))
    assert spool.close()
    assert status == 0
    assert sorted(lines_in(tmp_path)) == [line(number).strip() for number in (1, 2, 3)]
    assert len(segment_paths(tmp_path / STREAM)) == 2


def test_after_close_lines_are_counted_as_dropped(tmp_path: Path) -> None:
    """A late line is not lost silently."""
    spool = Spool(tmp_path)
    spool.append(STREAM, line(1))
    spool.close()
    assert not spool.append(STREAM, line(2))
    assert spool.statistics().dropped == 1

"""The outbox hands out every line once, in order, and forgets nothing that is not settled."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.cursors import Cursor, count_undelivered, cursor_path, read_offset
from shipper.outbox import Outbox
from shipper.segments import Segment
from shipper.source import Entry

STREAM = "logs-ml.service-default"


def line(number: int, text: str = "") -> bytes:
    """Return a record with its place in the process's order."""
    return b'{"event":{"sequence":%d},"text":"%s"}\n' % (number, text.encode())


def segment(
    directory: Path, lines: list[bytes], stream: str = STREAM, nonce: str = "aa", sequence: int = 1
) -> Path:
    """Write a finished segment."""
    made = Segment(directory / stream, nonce, sequence)
    made.write(b"".join(lines))
    made.close()
    return made.path


class Kept:
    """Lines that were set aside."""

    def __init__(self) -> None:
        self.lines: list[tuple[bytes, str]] = []

    def __call__(self, line: bytes, reason: str) -> None:
        self.lines.append((line, reason))


def outbox(directory: Path, kept: Kept | None = None, keep: bool = False) -> Outbox:
    """Open a folder's outbox."""
    opened = Outbox(directory, kept or Kept(), keep=keep)
    opened.discover()
    return opened


def settle(entries: list[Entry]) -> None:
    """Acknowledge entries."""
    for entry in entries:
        entry.settled = True


def drain(box: Outbox, count: int = 100) -> list[bytes]:
    """Deliver everything."""
    found: list[bytes] = []
    while batch := box.next_batch(count, 10**9):
        found += [entry.line + b"\n" for entry in batch]
        settle(batch)
        box.commit()
    return found


def test_a_delivered_segment_is_removed_with_its_cursor(tmp_path: Path) -> None:
    """Nothing is left of it."""
    path = segment(tmp_path, [line(1), line(2)])
    assert drain(outbox(tmp_path)) == [line(1), line(2)]
    assert not path.exists()
    assert not cursor_path(path).exists()


def test_a_kept_segment_is_not_delivered_again(tmp_path: Path) -> None:
    """Its cursor says that all of it was acknowledged."""
    path = segment(tmp_path, [line(1), line(2)])
    box = outbox(tmp_path, keep=True)
    assert len(drain(box)) == 2
    box.close()
    assert path.exists()
    assert drain(outbox(tmp_path, keep=True)) == []


def test_the_cursor_moves_over_what_is_settled_and_no_further(tmp_path: Path) -> None:
    """A gap holds it back; after a restart the lines behind it come again."""
    path = segment(tmp_path, [line(number) for number in range(4)])
    box = outbox(tmp_path)
    first, second, third, fourth = box.next_batch(10, 10**9)
    settle([first, third])
    box.commit()
    assert read_offset(path) == first.end
    settle([second])
    box.commit()
    assert read_offset(path) == third.end
    box.close()
    assert drain(outbox(tmp_path)) == [line(3)]
    assert fourth.line == line(3).strip()


def test_lines_of_one_process_come_in_its_order(tmp_path: Path) -> None:
    """Whatever streams and segments they are spread over."""
    segment(tmp_path, [line(0), line(3)], "logs-ml.service-default", sequence=1)
    segment(tmp_path, [line(1), line(5)], "logs-ml.error-default", sequence=2)
    segment(tmp_path, [line(4), line(6)], "logs-ml.service-default", sequence=3)
    segment(tmp_path, [line(2)], "metrics-ml.resource-default", sequence=4)
    assert drain(outbox(tmp_path), count=3) == [line(number) for number in range(7)]


def test_batches_are_bounded_by_count_and_by_bytes(tmp_path: Path) -> None:
    """A line longer than the bound comes alone."""
    segment(tmp_path, [line(0), line(1), line(2, "x" * 500), line(3)])
    box = outbox(tmp_path)
    sizes = []
    while batch := box.next_batch(2, 100):
        sizes.append(len(batch))
        settle(batch)
    assert sizes == [2, 1, 1]


def test_no_process_waits_for_another_for_ever(tmp_path: Path) -> None:
    """Turns are taken, batch by batch."""
    for nonce in ("aa", "bb", "cc"):
        segment(tmp_path, [line(number, nonce) for number in range(6)], nonce=nonce)
    box = outbox(tmp_path)
    first = [box.next_batch(2, 10**9)[0].line for _ in range(3)]
    assert {text[-4:-2] for text in first} == {b"aa", b"bb", b"cc"}


def test_a_claimed_segment_is_nobody_elses(tmp_path: Path) -> None:
    """Two deliveries over one folder share the work and never a segment."""
    segment(tmp_path, [line(1)])
    first = outbox(tmp_path)
    second = outbox(tmp_path)
    assert second.next_batch(10, 10**9) == []
    assert len(first.next_batch(10, 10**9)) == 1
    first.close()
    assert second.discover() == 1
    assert len(second.next_batch(10, 10**9)) == 1


def test_a_live_segment_is_delivered_as_it_grows(tmp_path: Path) -> None:
    """A line without its newline waits for it."""
    made = Segment(tmp_path / STREAM, "aa", 1)
    made.write(line(1) + line(2)[:10])
    box = outbox(tmp_path)
    batch = box.next_batch(10, 10**9)
    assert [entry.line for entry in batch] == [line(1).strip()]
    settle(batch)
    box.commit()
    made.write(line(2)[10:])
    assert drain(box) == [line(2)]
    assert made.path.exists()
    made.close()
    box.discover()
    assert drain(box) == []
    assert not made.path.exists()


def test_bad_lines_are_set_aside_and_the_good_ones_come(tmp_path: Path) -> None:
    """Garbage, an array, a torn end."""
    kept = Kept()
    segment(tmp_path, [line(1), b"garbage\n", b"[1]\n", b"\n", line(2), line(3)[:12]])
    assert drain(outbox(tmp_path, kept)) == [line(1), line(2)]
    assert [text for text, _ in kept.lines] == [b"garbage", b"[1]", line(3)[:12]]
    assert "torn" in kept.lines[-1][1]


def test_an_endless_line_is_set_aside_with_bounded_memory(tmp_path: Path) -> None:
    """A file that is no log at all."""
    kept = Kept()
    segment(tmp_path, [line(1), b"x" * (40 * 1024 * 1024), b"\n", line(2)])
    assert drain(outbox(tmp_path, kept)) == [line(1), line(2)]
    assert len(kept.lines) == 1
    assert "longer than" in kept.lines[0][1]


@pytest.mark.parametrize(
    "damage", [b"", b"garbage", b"-0000000000000000005\n", b"9" * 20, b"00000000000000000003"]
)
def test_a_damaged_cursor_costs_a_second_delivery_and_no_record(
    tmp_path: Path, damage: bytes
) -> None:
    """Whatever it says that cannot be right."""
    path = segment(tmp_path, [line(1), line(2)])
    cursor_path(path).write_bytes(damage)
    found = drain(outbox(tmp_path))
    assert found in ([line(1), line(2)], []) if damage == b"9" * 20 else found == [line(1), line(2)]


def test_a_segment_that_was_removed_is_let_go(tmp_path: Path) -> None:
    """Somebody made room."""
    path = segment(tmp_path, [line(1), line(2)])
    box = outbox(tmp_path)
    box.next_batch(1, 10)
    path.unlink()
    box.commit()
    assert box.next_batch(10, 10**9) == []
    assert not cursor_path(path).exists()


def test_undelivered_lines_are_counted(tmp_path: Path) -> None:
    """For what is given up."""
    path = segment(tmp_path, [line(number) for number in range(5)])
    cursor = Cursor.claim(path)
    assert cursor is not None
    cursor.move(len(line(0)) * 2)
    cursor.release()
    assert count_undelivered(path) == 3
    box = outbox(tmp_path)
    assert box.undelivered_bytes() == 3 * len(line(0))
    assert box.give_up(path) == 3
    assert not path.exists()


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 400), cursor=st.integers(0, 400), data=st.data())
def test_a_power_cut_at_any_byte(
    tmp_path_factory: pytest.TempPathFactory, cut: int, cursor: int, data: st.DataObject
) -> None:
    """Whatever byte the file ends at and wherever the cursor was, every whole line still comes."""
    folder = tmp_path_factory.mktemp("cut")
    lines = [line(number, "x" * data.draw(st.integers(0, 20))) for number in range(8)]
    path = segment(folder, lines)
    ends = [0]
    for one in lines:
        ends.append(ends[-1] + len(one))
    acknowledged = max(end for end in ends if end <= cursor)
    cursor_path(path).write_bytes(b"%020d\n" % acknowledged)
    os.truncate(path, min(cut, ends[-1]))
    expected = [one for one, end in zip(lines, ends[1:], strict=True) if acknowledged < end <= cut]
    found = drain(outbox(folder))
    assert [one for one in found if one in expected] == expected
    assert all(one in lines for one in found)

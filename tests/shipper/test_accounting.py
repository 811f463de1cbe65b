"""What became of the records is counted, told, and shipped."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

import shipper
from shipper import accounting
from shipper.accounting import LOSS_REPORT_SECONDS, REPORT_SECONDS, Reporter, Statistics
from shipper.pipeline import importance
from tests.receivers.http import HttpServer
from tests.receivers.index import wait_for


class Clock:
    """A monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The reporter's clock."""
    made = Clock()
    monkeypatch.setattr(accounting, "time", made)
    return made


def shipped(reporter: Reporter, counts: Statistics, is_last: bool = False) -> dict[str, Any] | None:
    """Return the counts of the record that is due, if one is."""
    record = reporter.record(lambda: counts, is_last)
    return None if record is None else dict(record.document()["ml"]["shipper"])


def test_the_growth_of_the_counts_is_shipped_every_minute(clock: Clock) -> None:
    """Sums over records are totals."""
    reporter = Reporter()
    assert shipped(reporter, Statistics(accepted=5)) is None
    clock.now += REPORT_SECONDS
    first = shipped(reporter, Statistics(accepted=5, delivered=3, memory_bytes=7))
    clock.now += REPORT_SECONDS
    second = shipped(reporter, Statistics(accepted=9, delivered=9))
    assert first is not None
    assert second is not None
    assert (first["accepted"], first["delivered"], first["memory"]) == (5, 3, {"bytes": 7})
    assert (second["accepted"], second["delivered"]) == (4, 6)


def test_a_loss_is_told_within_seconds_and_once(clock: Clock) -> None:
    """Nobody should have to wait a minute for that."""
    reporter = Reporter()
    clock.now += LOSS_REPORT_SECONDS
    first = shipped(reporter, Statistics(dropped=3))
    assert first is not None
    assert first["dropped"] == 3
    clock.now += LOSS_REPORT_SECONDS
    assert shipped(reporter, Statistics(dropped=3)) is None


def test_at_the_end_only_what_was_lost_is_told(clock: Clock) -> None:
    """A short script without losses ships nothing of its own."""
    assert shipped(Reporter(), Statistics(accepted=5), is_last=True) is None
    assert shipped(Reporter(), Statistics(accepted=5, rejected=1), is_last=True) is not None


def test_levels_matter_to_policies() -> None:
    """Errors and failures most, ground truth more than traffic."""
    assert importance({"log": {"level": "critical"}}, "error") == logging.CRITICAL
    assert importance({"event": {"outcome": "failure"}}, "prediction") == logging.ERROR
    assert importance({"event": {"outcome": "success"}}, "prediction") == logging.INFO
    assert importance({"event": {}}, "feedback") == logging.WARNING
    assert importance({"event": {}}, "resource") == logging.INFO


def test_what_delivery_itself_logs_is_not_delivered(tmp_path: Path) -> None:
    """Otherwise each batch would make a record, and each record a batch, for ever."""
    root = logging.getLogger()
    handler, level = shipper.LogHandler(), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with HttpServer() as server:
            shipper.configure(service="shop", to=server.url, spool=tmp_path, level="debug")
            logging.getLogger("shop").info("request served")
            assert shipper.flush(10, delivered=True)
            requests = server.requests
            assert not wait_for(lambda: server.requests > requests, bool, 0.8)
            assert [d["log"]["logger"] for d in server.index.service_logs()] == ["shop"]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        shipper.shutdown()


def test_troubles_are_said_on_standard_error_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A folder that cannot be made, and a receiver that is not there."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    shipper.configure(service="shop", to="beats://127.0.0.1:1", spool=blocked)
    for _ in range(3):
        shipper.get_logger("shop").info("request served")
        shipper.flush(0.4)
    blocked.unlink()
    assert shipper.flush(5)
    wait_for(shipper.statistics, lambda counts: counts.delivery_failures > 1, 10)
    shipper.shutdown()
    said = capfd.readouterr().err.splitlines()
    assert len([line for line in said if "records wait in memory" in line]) == 1
    assert len([line for line in said if "nothing listens at beats://127.0.0.1:1" in line]) == 1

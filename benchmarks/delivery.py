"""Shipping, side by side: what a log call costs, how fast events arrive, what waiting ones weigh.

Run it with ``python -m benchmarks.delivery [--write FOLDER]``. Each contestant logs from a process
of its own to a receiver in another process: Elastic's go-lumber for Beats, Go's HTTP and TCP
servers for the others. It needs a Go toolchain.

"Tuned" means batches of 1,000 in place of 10 and 50. With its defaults python-logstash-async does
not get on with go-lumber, which numbers the events of each window from 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.plot import Bar, bars
from benchmarks.timing import machine
from tests.receivers.go_lumber import counting

LONGEST_SECONDS = 60.0
WAITING_EVENTS = 100_000


@dataclass(frozen=True)
class Contestant:
    """Who logs, and where to.

    Attributes:
        name: What to call it.
        worker: Its name in ``delivery_worker``.
        receiver: Kind of the receiver; none for a file.
        count: Events; fewer for the slow ones.
    """

    name: str
    worker: str
    receiver: str | None
    count: int


CONTESTANTS = (
    Contestant("structlog + orjson to a file", "structlog", None, 100_000),
    Contestant("ecs-logging to a file", "ecs-logging", None, 30_000),
    Contestant("Elkhound to a local store", "elkhound-file", None, 100_000),
    Contestant("Elkhound over Beats", "elkhound", "beats", 100_000),
    Contestant("Elkhound over HTTP", "elkhound", "http", 100_000),
    Contestant("Elkhound over TCP", "elkhound", "tcp", 100_000),
    Contestant("python-logstash-async, memory, TCP", "logstash-async", "tcp", 20_000),
    Contestant("the same with its ECS formatter", "logstash-async-ecs", "tcp", 20_000),
    Contestant("the same, tuned", "logstash-async-tuned", "tcp", 50_000),
    Contestant("python-logstash-async, tuned, Beats", "logstash-async-tuned", "beats", 50_000),
    Contestant("python-logstash-async, memory, HTTP", "logstash-async", "http", 20_000),
    Contestant("python-logstash-async, sqlite, tuned", "logstash-async-sqlite", "tcp", 5_000),
)
WAITING = ("elkhound", "logstash-async")


class Counter:
    """Follows the counts that a receiver prints."""

    def __init__(self, printed: IO[str]) -> None:
        self.count = 0
        self._printed = printed
        threading.Thread(target=self._read, daemon=True).start()

    def await_count(self, count: int, deadline: float) -> int:
        """Wait for so many events, or until the deadline."""
        while self.count < count and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.count

    def _read(self) -> None:
        for line in self._printed:
            self.count = int(line)


def run(contestant: Contestant) -> dict[str, Any]:
    """Let one contestant log, and return what was measured."""
    if contestant.receiver is None:
        measured = log_from(contestant.worker, "", contestant.count)
        return {**measured, "rate": measured["count"] / measured["seconds"]}
    with counting(contestant.receiver) as (url, printed):
        counter = Counter(printed)
        process = start(contestant.worker, url, contestant.count)
        assert process.stdout is not None
        assert process.stdout.readline() == "begin\n"
        begun = time.monotonic()
        arrived = counter.await_count(contestant.count, begun + LONGEST_SECONDS)
        taken = time.monotonic() - begun
        assert process.stdin is not None
        process.stdin.close()
        measured = json.loads(process.stdout.readline())
        process.kill()
        process.wait()
        return {**measured, "rate": arrived / taken}


def log_from(worker: str, url: str, count: int) -> dict[str, Any]:
    """Let a worker log to nowhere in particular."""
    process = start(worker, url, count)
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.readline()
    process.stdin.close()
    measured: dict[str, Any] = json.loads(process.stdout.readline())
    process.kill()
    process.wait()
    return measured


def start(worker: str, url: str, count: int) -> subprocess.Popen[str]:
    """Start a worker."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.delivery_worker", worker, url, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def main() -> None:
    """Print the tables, and write them where that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", type=Path)
    folder: Path | None = parser.parse_args().write
    lines = [
        f"Shipping events of 13 fields ({machine()}); receivers in Go on the same cores.\n",
        "| | call mean, µs | p50 | p99 | events/s, first call to last receipt |",
        "|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    rates: list[Bar] = []
    costs: list[Bar] = []
    for contestant in CONTESTANTS:
        found = run(contestant)
        line = (
            f"| {contestant.name} | {found['mean']:.1f} | {found['p50']:.1f} | "
            f"{found['p99']:.1f} | {found['rate']:,.0f} |"
        )
        lines.append(line)
        print(line, flush=True)
        rates.append(Bar(contestant.name, found["rate"], f"{found['rate']:,.0f}"))
        costs.append(Bar(contestant.name, found["p50"], f"{found['p50']:.0f} µs"))
    more = [f"\n| {WAITING_EVENTS:,} events waiting, receiver away | memory, MB |", "|---|---|"]
    for worker in WAITING:
        grown = log_from(worker, "beats://127.0.0.1:1", WAITING_EVENTS)["grown"]
        more.append(f"| {worker} | {grown / 1e6:+.1f} |")
    lines += more
    print("\n".join(more))
    if folder is not None:
        (folder / "delivery.md").write_text(
            "\n".join(lines) + "\n\n![events per second](delivery.svg)\n"
        )
        (folder / "delivery.svg").write_text(
            bars({"events per second, end to end": rates, "one log call, median": costs})
        )


if __name__ == "__main__":
    main()

"""A service in a process of its own, which the fault tests mistreat.

Run as ``python -m tests.faults.service '{"to": ..., "spool": ..., ...}'``. It writes ``logged N`` and
``synced N`` lines to standard output: everything up to a synced number was promised to arrive.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Service:
    """Starts the service and reads what it says.

    Attributes:
        to: Destinations.
        spool: Folder of its spool.
        count: Log calls to make; without end when 0.
        rate: Log calls per second.
        first: Number of the first log call.
        sync_every: Log calls between two sync points; no sync points when 0.
        prepare: Python to run before the first log call.
        ending: Python to run after the last one.
        configure: Other arguments of ``shipper.configure``.
    """

    to: str | list[str]
    spool: Path
    count: int = 0
    rate: float = 1000.0
    first: int = 0
    sync_every: int = 0
    prepare: str = ""
    ending: str = ""
    configure: dict[str, Any] = field(default_factory=dict)
    logged: int = field(default=-1, init=False)
    synced: int = field(default=-1, init=False)
    said: dict[str, str] = field(default_factory=dict, init=False)

    def start(self) -> Service:
        """Start the process."""
        given = {
            name: str(value) if isinstance(value, Path) else value
            for name, value in self.__dict__.items()
            if name not in ("logged", "synced", "said")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.service", json.dumps(given)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def await_logged(self, number: int, seconds: float = 30.0) -> None:
        """Wait until a log call was made."""
        deadline = time.monotonic() + seconds
        while self.logged < number and time.monotonic() < deadline:
            time.sleep(0.005)
        assert self.logged >= number, (self.logged, self.process.poll())

    def await_word(self, word: str, seconds: float = 30.0) -> str:
        """Wait until the service has said a word, and return what followed it."""
        deadline = time.monotonic() + seconds
        while word not in self.said and time.monotonic() < deadline:
            time.sleep(0.005)
        return self.said[word]

    def end(self, seconds: float = 60.0) -> float:
        """Wait for the end of the process and return how long that took."""
        begun = time.monotonic()
        self.process.wait(seconds)
        self._reader.join(5)
        return time.monotonic() - begun

    def signal(self, number: signal.Signals) -> float:
        """Send a signal, and wait for the end."""
        self.process.send_signal(number)
        return self.end()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word in ("logged", "synced"):
                setattr(self, word, int(rest))
            else:
                self.said[word] = rest


def main() -> None:
    """Log numbers at the rate asked for."""
    given = json.loads(sys.argv[1])
    import shipper

    # a job in the background inherits that SIGINT is ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names: dict[str, Any] = {"shipper": shipper, "os": os, "sys": sys, "time": time}
    options = {
        name: eval(value, names)
        if isinstance(value, str) and value.startswith("shipper.")
        else value
        for name, value in given["configure"].items()
    }
    is_folder = isinstance(given["to"], str) and given["to"].startswith("file:")
    shipper.configure(
        service="faulty", to=given["to"], spool=None if is_folder else given["spool"], **options
    )
    log = shipper.get_logger("faults")
    names["log"] = log
    out = os.fdopen(1, "w", 1, closefd=False)
    exec(given["prepare"], names)
    pause = 1.0 / given["rate"] if given["rate"] else 0.0
    number = given["first"]
    begun = time.perf_counter()
    while not given["count"] or number < given["first"] + given["count"]:
        log.info("request served", number=number, text="some text that a service logs")
        out.write(f"logged {number}\n")
        number += 1
        if given["sync_every"] and number % given["sync_every"] == 0 and shipper.flush(30):
            out.write(f"synced {number - 1}\n")
        behind = begun + (number - given["first"]) * pause - time.perf_counter()
        if behind > 0:
            time.sleep(behind)
    exec(given["ending"], names)


if __name__ == "__main__":
    main()

"""How long it takes to begin: ``elkhound --help``, and ``import shipper`` beside structlog alone.

Run it with ``python -m benchmarks.startup``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.timing import machine

ROUNDS = 11


def median_seconds(command: list[str]) -> float:
    """Return the median time of a command over some rounds, after one to warm up."""
    times = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


def main() -> None:
    """Print the table."""
    rows = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import structlog": [sys.executable, "-c", "import structlog"],
        "import shipper": [sys.executable, "-c", "import shipper"],
        "elkhound --help": [
            sys.executable,
            "-c",
            "from analyzers.cli import main; main(['--help'])",
        ],
    }
    print(f"Start-up, median of {ROUNDS} ({machine()})\n\n| command | s |\n|---|---|")
    for name, command in rows.items():
        print(f"| {name} | {median_seconds(command):.3f} |")


if __name__ == "__main__":
    main()

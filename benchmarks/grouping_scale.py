"""Grouping errors by the million from the local store: time and memory.

Run it with ``python -m benchmarks.grouping_scale [RECORDS]`` (10 million when omitted; 4 GB of
disk). The reading and grouping run in a process of their own, whose largest memory is shown.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

from analyzers.errors.groups import group_patterns
from analyzers.stores.base import Window
from analyzers.stores.local import LocalStore
from benchmarks.timing import machine
from shipper.schema import schema
from tests.analyzers.conftest import error

RECORDS = 10_000_000
MESSAGES = 20_000
SEGMENT = 1_000_000
WORDS = ("alpha", "beta", "gamma", "delta", "sigma", "kappa", "omega", "theta", "zeta", "iota")


def messages() -> list[tuple[str, str]]:
    """Return distinct fingerprints and messages."""
    draw = random.Random(3)
    return [
        (
            f"{number:016x}",
            f"worker {draw.choice(WORDS)}{number} failed to {draw.choice(('read', 'write'))} "
            f"object {draw.choice(WORDS)}-{draw.choice(WORDS)} in {draw.choice(WORDS)}",
        )
        for number in range(MESSAGES)
    ]


def write(folder: Path, records: int) -> None:
    """Write error records into segments."""
    heads = []
    for place, (fingerprint, text) in enumerate(messages()):
        record = error(place, 0, fingerprint, message=text, template=text)
        record["event"]["id"] = "IDENTITY"
        heads.append(orjson.dumps(record).split(b"IDENTITY"))
    stream = folder / schema("error").stream()
    stream.mkdir(parents=True)
    for begin in range(0, records, SEGMENT):
        with (stream / f"{begin}.ndjson").open("wb") as file:
            for number in range(begin, min(begin + SEGMENT, records)):
                before, after = heads[number % MESSAGES]
                file.write(b"%b%d%b\n" % (before, number, after))


def measure(folder: Path) -> None:
    """Group the records of a folder and print time, groups and memory."""
    begun = time.perf_counter()
    with LocalStore(folder) as store:
        groups = group_patterns(store.error_patterns(Window()))
    seconds = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    count = sum(group.count for group in groups)
    print(f"| {count:,} | {MESSAGES:,} | {len(groups):,} | {seconds:.1f} | {memory:,.0f} |")


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["measure"]:
        measure(Path(sys.argv[2]))
        return
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    print(f"Grouping from the local store ({machine()})\n")
    print(
        "| records | distinct messages | groups | s | largest memory, MB |\n|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), records)
        sys.stdout.flush()
        command = [sys.executable, "-m", "benchmarks.grouping_scale", "measure", name]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()

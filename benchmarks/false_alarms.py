"""How often stable data alarm: 20 columns, no drift, 1,000 runs of each size.

Run it with ``python -m benchmarks.false_alarms [RUNS]``. The bar is two runs in a hundred; the
last column is the upper end of the 95 % interval of what was seen.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from analyzers.monitors.drift.comparing import Counts, compare
from analyzers.monitors.references.columns import count_numbers, profile_categories, profile_numbers
from analyzers.monitors.references.profiles import ColumnProfile
from analyzers.statistics.intervals import proportion
from benchmarks.timing import machine

SIZES = (100, 500, 5_000, 100_000)
COLUMNS = 20


def main() -> None:
    """Print a row for each size."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print(f"False alarms of drift ({machine()}), {COLUMNS} columns, {runs:,} runs\n")
    print("| rows, both sides | runs with an alarm | share | at most | seconds |")
    print("|---|---|---|---|---|")
    for size in SIZES:
        draw = np.random.default_rng(size)
        begin = time.perf_counter()
        alarms = sum(is_alarmed(draw, size) for _ in range(runs))
        seen = proportion(alarms, runs)
        seconds = time.perf_counter() - begin
        print(
            f"| {size:,} | {alarms} | {seen.value:.2%} | {seen.high:.2%} | {seconds:.0f} |",
            flush=True,
        )


def is_alarmed(draw: np.random.Generator, size: int) -> bool:
    """Return whether anything alarms in one run: half of the columns normal, others not."""
    profiles: dict[str, ColumnProfile] = {}
    counts: dict[str, Counts] = {}
    for place in range(COLUMNS):
        name = f"x{place}"
        if place % 4 == 3:
            known, now = (
                dict(zip("abcdef", draw.multinomial(size, SHARES).tolist(), strict=True))
                for _ in range(2)
            )
            profiles[name], counts[name] = profile_categories(known, 0), profile_categories(now, 0)
            continue
        values = draw.lognormal(size=(2, size)) if place % 4 == 2 else draw.normal(size=(2, size))
        profile = profile_numbers(values[0])
        assert profile is not None
        profiles[name] = profile
        counts[name] = count_numbers(values[1], profile.edges)
    return any(column.is_drifted for column in compare(profiles, counts))


SHARES = (0.5, 0.25, 0.15, 0.06, 0.03, 0.01)


if __name__ == "__main__":
    main()

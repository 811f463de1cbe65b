"""Time many calls one by one, and say where that was."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


def time_calls(call: Callable[[], object], calls: int = 20_000) -> NDArray[np.float64]:
    """Return the time of each call in microseconds, after a short warm-up."""
    for _ in range(500):
        call()
    times = np.empty(calls)
    for place in range(calls):
        begin = time.perf_counter_ns()
        call()
        times[place] = time.perf_counter_ns() - begin
    return times / 1000


def describe(name: str, times: NDArray[np.float64]) -> str:
    """Return mean and percentiles as a row of a table."""
    p50, p99 = np.percentile(times, (50, 99))
    return f"| {name} | {times.mean():.1f} | {p50:.1f} | {p99:.1f} |"


def machine() -> str:
    """Return what the numbers were measured on."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"

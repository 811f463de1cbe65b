"""Drift of many columns, beside Evidently, NannyML and alibi-detect on the same arrays.

Run it with ``python -m benchmarks.drift [FOLDER]``. Each anchor is installed into an environment of
its own under FOLDER (``.anchors`` here) once; what cannot be installed or fails is left out, with
the reason. Every measurement is a fresh process: time of computing, of the whole process, and its
largest memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.timing import machine

SIZES = ((100_000, 20), (1_000_000, 5))
RUNS = 2

_HEAD = """
import json, resource, sys, time
import numpy as np
reference, current = np.load(sys.argv[1]), np.load(sys.argv[2])
names = [f"x{place}" for place in range(reference.shape[1])]
"""
_TAIL = """
print(json.dumps({"seconds": time.perf_counter() - begin,
                  "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""

OURS = """
from analyzers.monitors.references.columns import count_numbers, profile_numbers
from analyzers.monitors.drift.comparing import compare
begin = time.perf_counter()
profiles = {name: profile_numbers(reference[:, place]) for place, name in enumerate(names)}
counts = {name: count_numbers(current[:, place], profiles[name].edges)
          for place, name in enumerate(names)}
assert len(compare(profiles, counts)) == len(names)
"""

ANCHORS = {
    "evidently": (
        "Evidently DataDrift",
        """
import pandas as pd
from evidently import Report, Dataset, DataDefinition
from evidently.presets import DataDriftPreset
definition = DataDefinition(numerical_columns=names)
a = Dataset.from_pandas(pd.DataFrame(reference, columns=names), data_definition=definition)
b = Dataset.from_pandas(pd.DataFrame(current, columns=names), data_definition=definition)
begin = time.perf_counter()
Report([DataDriftPreset()]).run(b, a).dict()
""",
    ),
    "nannyml": (
        "NannyML KS, W1, JS",
        """
import pandas as pd
import nannyml
a, b = (pd.DataFrame(x, columns=names) for x in (reference, current))
begin = time.perf_counter()
calculator = nannyml.UnivariateDriftCalculator(
    column_names=names, chunk_number=1,
    continuous_methods=["kolmogorov_smirnov", "wasserstein", "jensen_shannon"])
calculator.fit(a).calculate(b).to_df()
""",
    ),
    "alibi-detect": (
        "alibi-detect TabularDrift (KS alone)",
        """
from alibi_detect.cd import TabularDrift
begin = time.perf_counter()
TabularDrift(reference, p_val=0.01).predict(current)
""",
    ),
}


NEEDED = {"evidently": ("pandas<3",), "nannyml": ("pandas<3", "statsmodels", "scikit-learn<1.7")}
"""What they fail without: a plain install takes versions that they cannot import."""


def main() -> None:
    """Print a row for each size and tool."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else ".anchors")
    print(f"Drift ({machine()}), best of {RUNS}\n")
    print("| rows, both sides | columns | tool | computing, s | process, s | largest memory, MB |")
    print("|---|---|---|---|---|---|")
    draw = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for rows, columns in SIZES:
            files = [Path(folder) / name for name in ("reference.npy", "current.npy")]
            for file, shift in zip(files, (0.0, 0.05), strict=True):
                np.save(file, draw.normal(shift, 1, size=(rows, columns)))
            tools = {"Elkhound, all measures": (sys.executable, OURS)}
            for package, (name, code) in ANCHORS.items():
                python = environment(home, package)
                if python is not None:
                    tools[name] = (python, code)
            for name, (python, code) in tools.items():
                numbers = _measure(python, code, files)
                print(f"| {rows:,} | {columns} | {name} | {numbers} |", flush=True)


def _measure(python: str, code: str, files: Sequence[Path]) -> str:
    """Return the best of some runs as cells of the table."""
    best: tuple[float, float, float] | None = None
    for _ in range(RUNS):
        begin = time.perf_counter()
        done = subprocess.run(
            [python, "-c", _HEAD + code + _TAIL, *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        whole = time.perf_counter() - begin
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
            return f"fails: {reason[:80].replace('|', '/')} | | "
        found = json.loads(done.stdout.strip().splitlines()[-1])
        run = (found["seconds"], whole, found["memory"] / 1e6)
        best = run if best is None else min(best, run)
    return "-" if best is None else f"{best[0]:.2f} | {best[1]:.1f} | {best[2]:,.0f}"


def environment(home: Path, package: str) -> str | None:
    """Return the Python of an anchor's environment; None where it cannot be installed."""
    wanted = [package, *NEEDED.get(package, ())]
    python = home / package / "bin" / "python"
    if python.is_file():
        return str(python)
    subprocess.run([sys.executable, "-m", "venv", str(home / package)], check=True)
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", *wanted],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"{package} cannot be installed: {done.stderr.strip()[-200:]}", file=sys.stderr)
        return None
    return str(python)


if __name__ == "__main__":
    main()

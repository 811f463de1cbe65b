"""Performance with a million late labels, and without labels beside NannyML.

Run it with ``python -m benchmarks.performance [FOLDER]``; NannyML is installed into an environment
of its own under FOLDER (``.anchors`` here) once, as in ``benchmarks.drift``. Each measurement of
time is a fresh process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analyzers.monitors.performance.estimation import estimate
from analyzers.monitors.performance.measures import measure
from analyzers.monitors.performance.outcome_profiles import profile_outcomes
from analyzers.monitors.performance.outcomes import Outcomes
from benchmarks.drift import environment
from benchmarks.timing import machine

Floats = NDArray[np.float64]

ROWS = 1_000_000
RUNS = 2
CHUNK = 50_000
SHIFTS = (0.0, 0.0, 0.3, 0.3, 0.6, 0.6, -0.4, -0.4, 1.0, 1.0)
"""Shift of the inputs in each chunk."""

MEASURES = ("roc_auc", "accuracy", "f1")

OURS = """
import json, resource, sys, time
from pathlib import Path
begin = time.perf_counter()
from analyzers.monitors.performance.label_sources import outcomes_of_files
from analyzers.monitors.performance.measures import measure
begun = time.perf_counter()
outcomes = outcomes_of_files(Path(sys.argv[1]), Path(sys.argv[2]))
found = measure(outcomes, 1)
assert found.labelled == found.rows
print(json.dumps({"seconds": time.perf_counter() - begun, "auc": found.value("roc_auc"),
                  "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""

PANDAS = """
import json, resource, sys, time
import duckdb, pandas as pd
from sklearn import metrics as m
begun = time.perf_counter()
p, f = (duckdb.sql(f"SELECT * FROM read_parquet('{path}')").df() for path in sys.argv[1:3])
j = p.merge(f, on="prediction_id", how="left")
a, y, s = j["actual"], j["prediction"], j["score"]
m.accuracy_score(a, y); m.confusion_matrix(a, y)
for average in ("binary", "macro", "weighted"):
    m.precision_score(a, y, average=average); m.recall_score(a, y, average=average)
    m.f1_score(a, y, average=average)
auc = m.roc_auc_score(a, s)
m.average_precision_score(a, s); m.log_loss(a, s); m.brier_score_loss(a, s)
print(json.dumps({"seconds": time.perf_counter() - begun, "auc": auc,
                  "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""

NANNYML = """
import json, sys, time
import numpy as np, pandas as pd, nannyml
def frame(path, has_label):
    score, label = np.load(path)
    out = pd.DataFrame({"p": score, "y": (score >= .5).astype(int)})
    if has_label:
        out["true"] = label.astype(int)
    return out
estimator = nannyml.CBPE(problem_type="classification_binary", y_pred_proba="p", y_pred="y",
    y_true="true", metrics=["roc_auc", "accuracy", "f1"], chunk_size=int(sys.argv[3]))
begin = time.perf_counter()
estimator.fit(frame(sys.argv[1], True))
found = estimator.estimate(frame(sys.argv[2], False)).to_df()
found = found[found[("chunk", "period")] == "analysis"]
print(json.dumps({"seconds": time.perf_counter() - begin,
    **{name: list(found[(name, "value")]) for name in ("roc_auc", "accuracy", "f1")}}))
"""


def main() -> None:
    """Print both tables."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else ".anchors")
    with tempfile.TemporaryDirectory() as folder:
        late_labels(Path(folder))
        without_labels(Path(folder), home)


def late_labels(folder: Path) -> None:
    """Join a million predictions to a million labels in another order, and measure."""
    said, true = folder / "predictions.parquet", folder / "feedback.parquet"
    with duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(
            f"""COPY (SELECT md5(i::VARCHAR) AS prediction_id, s AS score,
                    TIMESTAMP '2026-01-01' + i * INTERVAL 10 SECOND AS timestamp,
                    (s >= 0.5)::INTEGER AS prediction
                FROM (SELECT i, random() AS s FROM range({ROWS}) t(i))) TO '{said}'"""
        )
        connection.execute(
            f"""COPY (SELECT prediction_id, timestamp + INTERVAL 3 DAY AS timestamp,
                    (random() < score)::INTEGER AS actual FROM '{said}' ORDER BY random())
                TO '{true}'"""
        )
    print(f"{ROWS:,} predictions joined to as many labels ({machine()}), best of {RUNS}\n")
    print("| tool | joining and measuring, s | process, s | largest memory, MB |")
    print("|---|---|---|---|")
    areas = []
    for name, code in (
        ("Elkhound, all measures with intervals", OURS),
        ("pandas and scikit-learn, the same measures, no intervals", PANDAS),
    ):
        best = min(_run(sys.executable, code, said, true) for _ in range(RUNS))
        seconds, whole, found = best
        areas.append(found["auc"])
        print(f"| {name} | {seconds:.2f} | {whole:.1f} | {found['memory'] / 1e6:,.0f} |")
    print(f"\nDifference of the ROC AUC: {abs(areas[0] - areas[1]):.1e}\n")


def without_labels(folder: Path, home: Path) -> None:
    """Estimate chunks whose inputs are shifted, and compare with what they turned out to be."""
    draw = np.random.default_rng(0)
    reference = _rows(4 * CHUNK, 0.0, draw)
    chunks = [_rows(CHUNK, shift, draw) for shift in SHIFTS]
    files = [folder / "reference.npy", folder / "chunks.npy"]
    np.save(files[0], reference)
    np.save(files[1], np.concatenate(chunks, axis=1))
    begin = time.perf_counter()
    profile = profile_outcomes(_outcomes(reference), 1)
    assert profile is not None
    said = [estimate(_outcomes(chunk), 1, profile) for chunk in chunks]
    seconds = time.perf_counter() - begin
    true = [measure(_outcomes(chunk), 1) for chunk in chunks]
    ours = {name: [one.value(name) or 0.0 for one in said] for name in MEASURES}
    rows: list[tuple[str, float, dict[str, Any]]] = [("Elkhound", seconds, ours)]
    python = environment(home, "nannyml")
    if python is not None:
        spent, _, found = _run(python, NANNYML, *files, str(CHUNK))
        rows.append(("NannyML CBPE", spent, found))
    print(
        f"{len(SHIFTS)} chunks of {CHUNK:,} without labels: mean absolute error of the estimate\n"
    )
    print(f"| tool | {' | '.join(MEASURES)} | seconds |")
    print("|---|" + "---|" * (len(MEASURES) + 1))
    for name, spent, values in rows:
        errors = [
            np.mean([abs(v - (t.value(m) or 0.0)) for v, t in zip(values[m], true, strict=True)])
            for m in MEASURES
        ]
        print(f"| {name} | {' | '.join(f'{error:.5f}' for error in errors)} | {spent:.1f} |")


def _rows(n: int, shift: float, draw: np.random.Generator) -> Floats:
    """Return scores that are too sure of themselves, and what came true, shape (2, n)."""
    inputs = draw.normal(shift, 1.5, n)
    return np.stack([expit(1.7 * inputs - 0.4), draw.random(n) < expit(inputs)])


def _outcomes(rows: Floats) -> Outcomes:
    n = rows.shape[1]
    missing = np.full(n, np.nan)
    return Outcomes(
        time=np.arange(n, dtype=float), classes=("0", "1"),
        predicted=(rows[0] >= 0.5).astype(np.int64), actual=rows[1].astype(np.int64),
        score=rows[0], value=missing, actual_value=missing, lag=missing, rating=missing,
        duration=missing, failed=np.zeros(n, dtype=bool),
    )  # fmt: skip


def _run(python: str, code: str, *arguments: object) -> tuple[float, float, dict[str, Any]]:
    begin = time.perf_counter()
    done = subprocess.run(
        [python, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr.strip()[-500:])
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return found["seconds"], time.perf_counter() - begin, found


if __name__ == "__main__":
    main()

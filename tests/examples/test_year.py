"""The year of flights: late labels, drift by season, and the same answer in any order."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from sklearn import metrics

from analyzers.monitors.performance.label_join import LabelJoin
from analyzers.monitors.performance.outcomes import Outcomes, positive_place
from analyzers.monitors.performance.report import Asked, report_performance
from examples.flight_delay.year import WINDOW_SECONDS, judge, load_year, play


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a year in which one flight in 40 was played."""
    folder = tmp_path_factory.mktemp("flights") / "year"
    play(load_year(share=40), folder)
    return folder


def test_the_year(folder: Path) -> None:
    """Every flight is there, labels are as truly late as they were, and the seasons show."""
    flights = load_year(share=40)
    rest = flights[flights["departure"] >= "2013-02-01"]
    year = judge(folder)
    assert year.flights == len(rest)
    overall = year.performance.overall.performance
    assert overall.labelled == int(rest["late"].notna().sum())
    lag = (rest["landing"] - rest["departure"])[rest["late"].notna()].dt.total_seconds()
    assert overall.lag_median == pytest.approx(float(lag.median()), abs=60)
    assert len(year.performance.windows) == 12
    assert all(0.9 < one.performance.coverage < 1 for one in year.performance.windows)
    assert all(one.estimation is not None for one in year.performance.windows)
    summer = year.performance.drift[6]
    temperature = next(one for one in summer.columns if one.column == "temp")
    assert temperature.is_drifted
    assert (temperature.wasserstein or 0) > 2


def joined(rows: np.ndarray, again: np.ndarray) -> Outcomes:
    """Join the flights of some rows to the landings of some, in those orders."""
    flights = load_year(share=8)
    ids = np.array([f"flight-{place}" for place in range(len(flights))], dtype=object)
    said = flights["distance"].to_numpy() * 7919 % 1000 / 1000
    late = flights["late"].map({1.0: "true", 0.0: "false"}).to_numpy(dtype=object)
    late[flights["late"].isna().to_numpy()] = None
    departed, landed = (
        flights[name].dt.as_unit("s").astype("int64").to_numpy(dtype=float)
        for name in ("departure", "landing")
    )
    with duckdb.connect(":memory:") as connection:
        join = LabelJoin(connection)
        label = np.where(said >= 0.5, "true", "false").astype(object)
        for place in np.array_split(rows, 7):
            join.add_rows(
                "predictions",
                {
                    "id": ids[place],
                    "time": departed[place],
                    "label": label[place],
                    "score": said[place],
                },
            )
        for place in np.array_split(again, 11):
            join.add_rows(
                "feedback", {"id": ids[place], "time": landed[place], "label": late[place]}
            )
        return join.outcomes()


def test_a_replay_out_of_order_with_duplicates_gives_the_batch_answer() -> None:
    """Exactly: every measure of every window, to the last digit."""
    n = len(load_year(share=8))
    draw = np.random.default_rng(1)
    batch = joined(np.arange(n), np.arange(n))
    predictions = draw.permutation(np.concatenate([np.arange(n), draw.integers(0, n, n // 3)]))
    landings = draw.permutation(np.concatenate([np.arange(n), draw.integers(0, n, n // 2)]))
    replayed = joined(predictions, landings)
    assert replayed.notes.duplicates == n // 3
    reports = [
        report_performance(one, Asked(WINDOW_SECONDS, estimates=True), "p", "f").document()
        for one in (batch, replayed)
    ]
    for report in reports:
        del report["notes"]
    assert reports[0] == reports[1]
    known = batch.actual >= 0
    positive = positive_place(batch, "true")
    assert positive == 1
    theirs = metrics.roc_auc_score(batch.actual[known], batch.score[known])
    overall = reports[0]["overall"]["performance"]["measures"]
    assert next(m["value"] for m in overall if m["name"] == "roc_auc") == pytest.approx(theirs)

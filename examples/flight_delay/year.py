"""A year of flights from New York: predicted at departure, judged when they have landed.

A model that learned from January predicts every flight from February on at its scheduled
departure. Whether a flight was late is known when it lands, hours later and in another order; of
flights that were cancelled or diverted it never is. All goes through the shipper, with the times of
2013, into a folder; the monitors read that.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import shipper
from analyzers.monitors.performance.label_sources import outcomes_of_store
from analyzers.monitors.performance.outcome_profiles import profile_outcomes
from analyzers.monitors.performance.outcomes import positive_place
from analyzers.monitors.performance.report import Asked, report_performance, with_drift
from analyzers.monitors.performance.slices import PerformanceReport
from analyzers.monitors.references.records import reference_with_segments
from analyzers.monitors.references.reference import Reference
from analyzers.reports.performance_html import render_performance_html
from analyzers.reports.performance_terminal import render_performance
from analyzers.stores.base import Window
from analyzers.stores.opening import open_store
from examples.flight_delay.data import LATE_MINUTES, data_folder

NAME = "flight-delay-planned"
CATEGORIES = ["carrier", "origin", "dest"]
NUMBERS = ["hour", "weekday", "distance", "temp", "wind_speed", "visib", "pressure", "humid"]
TRAINED_UNTIL = datetime(2013, 2, 1, tzinfo=UTC)
REFERENCE = Window(TRAINED_UNTIL, datetime(2013, 3, 1, tzinfo=UTC))
WINDOW_SECONDS = 28 * 86_400
THRESHOLD = 0.5
SHARE = 4
"""One flight in so many is played."""


@dataclass(frozen=True, slots=True)
class Year:
    """What the monitors say of the year.

    Attributes:
        flights: Flights that were played.
        reference: The reference: February, which the model had not seen.
        performance: How good the predictions were.
    """

    flights: int
    reference: Reference
    performance: PerformanceReport


def load_year(share: int = SHARE) -> pd.DataFrame:
    """Return a part of the flights of 2013 with weather, times and whether they came late.

    Args:
        share: One flight in so many.
    """
    folder = data_folder()
    flights = pd.read_csv(folder / "flights.csv.zip").iloc[::share]
    weather = pd.read_csv(folder / "weather.csv").drop_duplicates(["origin", "time_hour"])
    kept = weather[["origin", "time_hour", "temp", "wind_speed", "visib", "pressure", "humid"]]
    joined = flights.merge(kept, on=["origin", "time_hour"], how="left")
    hours = pd.to_datetime(joined["time_hour"], utc=True)
    joined["departure"] = hours + pd.to_timedelta(joined["minute"], unit="m")
    joined["weekday"] = joined["departure"].dt.day_of_week
    # arr_delay is against the planned landing; air time and delay tell when it really was
    flown = joined["air_time"].fillna(0) + joined["dep_delay"].fillna(0) + 30
    joined["landing"] = joined["departure"] + pd.to_timedelta(flown, unit="m")
    joined["late"] = np.where(
        joined["arr_delay"].isna(), np.nan, joined["arr_delay"] > LATE_MINUTES
    )
    return joined.sort_values("departure", kind="stable").reset_index(drop=True)


def play(flights: pd.DataFrame, folder: Path) -> int:
    """Predict all flights after January and send what becomes true, through the shipper.

    Args:
        flights: The year, in order of departure.
        folder: Folder for the records; emptied first.

    Returns:
        The number of flights.
    """
    shutil.rmtree(folder, ignore_errors=True)
    learned = flights[flights["departure"] < TRAINED_UNTIL].dropna(subset=["late"])
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CATEGORIES),
        ("passthrough", NUMBERS),
    )
    model = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=60, random_state=0))
    model.fit(learned, learned["late"].astype(bool))
    rest = flights[flights["departure"] >= TRAINED_UNTIL]
    scores = model.predict_proba(rest)[:, 1]
    shipper.configure(service="flights", to=f"file:{folder}", handle_sigterm=False)
    logger = shipper.get_logger("flights")
    try:
        _send(logger, rest, scores)
    finally:
        shipper.shutdown()
    return len(rest)


def _send(logger: shipper.Logger, flights: pd.DataFrame, scores: NDArray[np.float64]) -> None:
    """Log each prediction and each landing, in the order in which they happened."""
    rows: list[dict[str, Any]] = flights[[*CATEGORIES, *NUMBERS]].to_dict("records")
    late = flights["late"].tolist()
    departures = [moment.to_pydatetime() for moment in flights["departure"]]
    landings = [moment.to_pydatetime() for moment in flights["landing"]]
    events = [(moment, 0, place) for place, moment in enumerate(departures)]
    events += [(landings[place], 1, place) for place, known in enumerate(late) if known == known]
    for moment, is_landing, place in sorted(events):
        if is_landing:
            logger.feedback(f"flight-{place}", label=bool(late[place]), time=moment)
            continue
        score = float(scores[place])
        logger.prediction(
            model=NAME,
            version="1.0.0",
            id=f"flight-{place}",
            features=rows[place],
            label=score >= THRESHOLD,
            score=score,
            segments={"origin": rows[place]["origin"]},
            time=moment,
        )


def judge(folder: Path) -> Year:
    """Return what the monitors say of the records in a folder.

    Args:
        folder: Folder that ``play`` wrote.
    """
    store = open_store(str(folder))
    try:
        outcomes = outcomes_of_store(store, Window(), segment="origin")
        known = outcomes_of_store(store, REFERENCE)
        profile = profile_outcomes(known, positive_place(known, "true"))
        reference = replace(
            reference_with_segments(store, REFERENCE, (), segment=None),
            outcomes=profile, model=NAME, source="February 2013",
        )  # fmt: skip
        asked = Asked(WINDOW_SECONDS, estimates=True, profile=profile, reference="February 2013")
        performance = report_performance(outcomes, asked, store.location, store.location)
        performance = with_drift(performance, store, (), reference)
    finally:
        store.close()
    return Year(outcomes.rows, reference, performance)


def main() -> None:
    """Play the year and show what the monitors say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("demo/year"), help="where to write")
    arguments = parser.parse_args()
    console = Console()
    folder: Path = arguments.folder
    with console.status("Flying through 2013 ..."):
        played = play(load_year(), folder)
        year = judge(folder)
    console.print(
        f"{played:,} flights of 2013 predicted at departure, judged when they had landed\n"
    )
    render_performance(year.performance, console)
    page = folder.with_name("year.html")
    page.write_text(render_performance_html(year.performance), encoding="utf-8")
    console.print(f"\nThe same with plots, and drift by season: {page}")


if __name__ == "__main__":
    main()

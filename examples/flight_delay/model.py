"""Two versions of the model. The second has a bug that its tests did not find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import shipper
from examples.flight_delay.data import CATEGORIES, FEATURES, NUMBERS

NAME = "flight-delay"


class DelayModel:
    """Version 1: a logistic regression."""

    version = "1.0.0"
    regularisation = 1.0

    def __init__(self, flights: pd.DataFrame) -> None:
        encode = make_column_transformer(
            (OneHotEncoder(handle_unknown="error"), CATEGORIES), (StandardScaler(), NUMBERS)
        )
        self.pipeline = make_pipeline(
            encode, LogisticRegression(C=self.regularisation, max_iter=500)
        )
        self.pipeline.fit(flights[FEATURES], flights["late"])
        # this is all a service author adds to a model
        self.predict = shipper.observe(
            model=NAME, version=self.version, features=FEATURES, segments=("partner", "origin")
        )(self._predict)

    def _predict(self, flight: Mapping[str, Any]) -> dict[str, Any]:
        score = self.score(flight)
        return {"label": score >= 0.5, "score": score}

    def score(self, flight: Mapping[str, Any]) -> float:
        """Return the probability that a flight arrives late."""
        frame = pd.DataFrame([flight])
        return float(self.pipeline.predict_proba(frame)[0, 1])


class CalibratedDelayModel(DelayModel):
    """Version 2: corrects the score by the hour of departure.

    The table begins at the first hour of the day with flights, 5, but is read from 0: from 17:00
    on NumPy has no entry left and raises.
    """

    version = "2.0.0"
    regularisation = 0.1

    def __init__(self, flights: pd.DataFrame) -> None:
        super().__init__(flights)
        seen = np.bincount(flights["hour"], minlength=22)[5:22]
        late = np.bincount(flights["hour"], weights=flights["late"], minlength=22)[5:22]
        self.correction = (late + 1) / (seen + 2) / flights["late"].mean()

    def score(self, flight: Mapping[str, Any]) -> float:
        """Return the corrected probability."""
        return min(1.0, super().score(flight) * float(self.correction[int(flight["hour"])]))

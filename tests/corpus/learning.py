"""Errors of NumPy and scikit-learn in a service that scores."""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.corpus.causes import RootCauses, each

DRAW = np.random.default_rng(0)
ROWS = DRAW.normal(size=(40, 4))
LABELS = (ROWS[:, 0] > 0).astype(int)
MODEL = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS)
FOREST = RandomForestClassifier(n_estimators=3, random_state=0).fit(ROWS, LABELS)
CARRIERS = OneHotEncoder(handle_unknown="error").fit([["AA"], ["BB"]])
PLANS = OrdinalEncoder().fit([["free"], ["gold"]])


def score(rows: Any) -> Any:
    """Score rows: where most requests end."""
    return MODEL.predict_proba(np.asarray(rows, dtype=float))


def score_one(row: Any) -> Any:
    """One request."""
    return score([row])


def score_batch(rows: Any) -> Any:
    """A batch of requests."""
    return score(list(rows))


def vote(rows: Any) -> Any:
    """Ask the forest."""
    return FOREST.predict(np.asarray(rows, dtype=float))


def encode_carrier(value: str) -> Any:
    """Encode a carrier."""
    return CARRIERS.transform([[value]])


def encode_plan(value: str) -> Any:
    """Encode a plan."""
    return PLANS.transform([[value]])


def untrained() -> Any:
    """A model that nobody trained."""
    return LogisticRegression().predict(ROWS)


def retrain(labels: Any) -> Any:
    """Train on new labels."""
    return LogisticRegression().fit(ROWS[: len(labels)], labels)


def retrain_rows(rows: int, labels: int) -> Any:
    """Train on rows and labels that came separately."""
    return LogisticRegression().fit(ROWS[:rows], LABELS[:labels])


def invert(size: int) -> Any:
    """Invert a covariance."""
    return np.linalg.inv(np.ones((size, size)))


def whiten(size: int) -> Any:
    """Decompose a covariance that is none."""
    return np.linalg.cholesky(-np.eye(size))


def stack(widths: tuple[int, ...]) -> Any:
    """Stack blocks of features."""
    return np.vstack([np.zeros((2, width)) for width in widths])


def weigh(rows: int, columns: int) -> Any:
    """Multiply by weights."""
    return np.zeros((rows, columns)) @ np.zeros((columns + 1, 1))


def add_bias(rows: int) -> Any:
    """Add one bias for each row of another batch."""
    return np.zeros((rows, 3)) + np.zeros((rows + 1, 3))


def embed(place: int) -> Any:
    """Look an embedding up."""
    return np.zeros((17, 8))[place]


def to_grid(values: int) -> Any:
    """Shape an image."""
    return np.zeros(values).reshape(28, 28)


def parse_amount(text: str) -> Any:
    """Read a number that is none."""
    return np.asarray([text], dtype=float)


def folds(splits: int) -> Any:
    """Validate with too few rows of a class."""
    return list(StratifiedKFold(splits).split(ROWS[:4], [0, 0, 0, 1]))


def prepare(columns: list[str]) -> Any:
    """Choose columns that do not exist."""
    import pandas as pd

    chosen = ColumnTransformer([("kept", "passthrough", columns)])
    return chosen.fit(pd.DataFrame({"age": [1.0]}))


def average(rows: int) -> Any:
    """Average with weights that add up to nothing."""
    return np.average(np.ones(rows), weights=np.zeros(rows))


def load_model(path: str) -> Any:
    """Load a model from disk."""
    return joblib.load(path)


def load_at_start() -> Any:
    """When the service begins."""
    return load_model("/models/churn/2026.11.2/model.joblib")


def reload_nightly() -> Any:
    """When a schedule says so."""
    return load_model("/models/churn/2026.11.3/model.joblib")


def penalise(name: str) -> Any:
    """Train with a setting that does not exist."""
    return LogisticRegression(solver=name).fit(ROWS, LABELS)


def grow(depth: int) -> Any:
    """Train with a setting out of its range."""
    return RandomForestClassifier(max_depth=depth).fit(ROWS, LABELS)


NAN = float("nan")
INFINITE = float("inf")

ROOT_CAUSES: RootCauses = {
    "a feature is missing": [
        *each(score_one, ([1, NAN, 3, 4],), ([NAN, 2, 3, 4],)),
        *each(score_batch, ([[1, 2, 3, NAN], [1, 2, 3, 4]],)),
    ],
    "a feature is infinite": each(score_one, ([1, INFINITE, 3, 4],), ([-INFINITE, 2, 3, 4],)),
    "the client sends too few features": [
        *each(score_one, ([1, 2, 3],), ([1, 2],)),
        *each(score_batch, ([[1, 2, 3], [1, 2, 3]],)),
    ],
    "the forest gets a vector": each(vote, ([1, 2, 3, 4],), ([1, 2, 3],)),
    "a carrier that the model never saw": each(encode_carrier, "G4", "ZZ", "9E"),
    "a plan that the model never saw": each(encode_plan, "silver", "platinum"),
    "the model is not trained": each(untrained, (), ()),
    "only one class in the new labels": each(retrain, ([1] * 10,), ([0] * 12,)),
    "rows and labels do not match": each(retrain_rows, (10, 9), (30, 12)),
    "labels are continuous": each(retrain, ([0.1, 0.2, 0.3, 0.5],), ([1.5, 2.5, 0.5, 9.1],)),
    "the covariance is singular": each(invert, 2, 5),
    "the covariance is not positive definite": each(whiten, 3, 4),
    "blocks of different width": each(stack, ((3, 4),), ((5, 2),)),
    "weights of another model": each(weigh, (2, 3), (7, 5)),
    "batches of different length": each(add_bias, 4, 9),
    "an embedding outside its table": each(embed, 17, 23, 400),
    "an image of another size": each(to_grid, 783, 1024),
    "an amount that is no number": each(parse_amount, "12,50 EUR", "n/a", "unknown"),
    "too few rows for the folds": each(folds, 5, 8),
    "a column that does not exist": each(prepare, (["income"],), (["salary"],)),
    "weights add up to nothing": each(average, 3, 9),
    "the model file is not there": [load_at_start, reload_nightly],
    "a solver that does not exist": each(penalise, "newton", "adam"),
    "a depth out of range": each(grow, 0, -3),
}

"""Predictions whose truth is known, drawn with a seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from analyzers.monitors.performance.outcomes import Outcomes

Floats = NDArray[np.float64]
DAY = 86_400.0


def rows(n: int, **columns: object) -> Outcomes:
    """Return rows of which nothing is known but what is given, one a minute."""
    missing = np.full(n, np.nan)
    unknown = np.full(n, -1)
    empty = Outcomes(
        time=np.arange(n, dtype=np.float64) * 60, classes=(), predicted=unknown, actual=unknown, score=missing,
        value=missing, actual_value=missing, lag=missing, rating=missing, duration=missing,
        failed=np.zeros(n, dtype=bool),
    )  # fmt: skip
    return replace(empty, **columns)  # type: ignore[arg-type]


def binary(n: int, draw: np.random.Generator, shift: float = 0.0, concept: float = 0.0) -> Outcomes:
    """Return scores that are too sure of themselves, and what came true.

    Args:
        n: Number of rows.
        draw: Source of chance.
        shift: Shift of the inputs: the model knows.
        concept: Shift of what follows from them: the model does not know.
    """
    inputs = draw.normal(shift, 1.5, n)
    came_true = draw.random(n) < expit(inputs + concept)
    score = expit(1.7 * inputs - 0.4)
    return rows(
        n,
        classes=("no", "yes"),
        predicted=(score >= 0.5).astype(np.int64),
        actual=came_true.astype(np.int64),
        score=score,
    )


def numbers(n: int, draw: np.random.Generator, spread: float = 1.0) -> Outcomes:
    """Return predicted numbers whose error grows with an input, and the true ones."""
    inputs = np.abs(draw.normal(0, spread, n))
    value = draw.normal(10, 3, n)
    error = draw.normal(0, 1, n) * (0.5 + inputs)
    return rows(n, value=value, actual_value=value + error, features={"x": inputs})


def over_days(parts: list[Outcomes]) -> Outcomes:
    """Return rows of several days, a part for each."""
    first = parts[0]
    held = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("predicted", "actual", "score", "value", "actual_value", "lag", "rating",
                     "duration", "failed")
    }  # fmt: skip
    time = np.concatenate(
        [day * DAY + np.linspace(0, DAY - 1, part.rows) for day, part in enumerate(parts)]
    )
    features = {
        name: np.concatenate([part.features[name] for part in parts]) for name in first.features
    }
    return replace(first, time=time, features=features, **held)  # type: ignore[arg-type]

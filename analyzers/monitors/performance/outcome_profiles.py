"""What a reference says of outcomes: how good the model was, and how to tell without labels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from analyzers.findings import plain
from analyzers.monitors.performance.loss_models import (
    PREDICTION,
    LossModel,
    fit_loss,
    read_loss_model,
)
from analyzers.monitors.performance.measures import (
    Loss,
    Task,
    loss_of,
    losses,
    task_of,
    with_classes,
)
from analyzers.monitors.performance.outcomes import Floats, Outcomes
from analyzers.monitors.references.columns import profile_categories, profile_numbers
from analyzers.monitors.references.profiles import ColumnProfile, column_document, read_column
from analyzers.statistics.isotonic import Steps, rising_steps

ALL = ""
"""Stands for all classes where one set of steps is for all of them."""

MINIMUM_STEPS = 200
"""Rows of a predicted class below which its scores are calibrated with those of all others."""


@dataclass(frozen=True, slots=True)
class OutcomeProfile:
    """How good predictions were in the reference.

    Attributes:
        task: `binary`, `multiclass` or `regression`.
        loss: What predictions cost.
        positive: The positive class, or None.
        actual: How what became true was distributed, or None.
        steps: How often scores came true: of the positive class, or of each predicted class.
        loss_models: What absolute and squared error to expect, by name.
    """

    task: Task
    loss: Loss
    positive: str | None = None
    actual: ColumnProfile | None = None
    steps: Mapping[str, Steps] = field(default_factory=dict)
    loss_models: Mapping[str, LossModel] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the profile as plain values, ready for JSON."""
        return {
            "task": self.task,
            "positive": self.positive,
            "loss": plain(asdict(self.loss)),
            "actual": None if self.actual is None else column_document(self.actual),
            "steps": {name: plain(asdict(one)) for name, one in self.steps.items()},
            "loss_models": {name: one.document() for name, one in self.loss_models.items()},
        }


def read_outcome_profile(document: Mapping[str, Any]) -> OutcomeProfile:
    """Return a profile from plain values.

    Raises:
        KeyError, TypeError, ValueError: If they are none.
    """
    if document["task"] not in ("binary", "multiclass", "regression"):
        raise ValueError(f"{document['task']!r} is no task")
    loss = document["loss"]
    actual = document.get("actual")
    return OutcomeProfile(
        task=document["task"],
        loss=Loss(int(loss["n"]), _number(loss["mean"]), _number(loss["variance"])),
        positive=document.get("positive"),
        actual=None if actual is None else read_column(actual),
        steps={name: _read_steps(one) for name, one in document.get("steps", {}).items()},
        loss_models={
            name: read_loss_model(one) for name, one in document.get("loss_models", {}).items()
        },
    )


def profile_outcomes(outcomes: Outcomes, positive: int | None) -> OutcomeProfile | None:
    """Return the profile of labelled predictions; None without any.

    Args:
        outcomes: The rows; those without a label are left out.
        positive: Place of the positive class, or None.
    """
    outcomes = with_classes(outcomes, positive)
    task = task_of(outcomes, positive)
    judged, lost = losses(outcomes)
    if task is None or not judged.any():
        return None
    known = outcomes.select(judged)
    name = outcomes.classes[positive] if positive is not None else None
    return OutcomeProfile(
        task=task,
        loss=loss_of(lost, task),
        positive=name,
        actual=actual_profile(known),
        steps=_steps(known, positive) if task != "regression" else {},
        loss_models=_loss_models(known, lost) if task == "regression" else {},
    )


def actual_profile(outcomes: Outcomes) -> ColumnProfile | None:
    """Return how what became true is distributed; None without labels."""
    if outcomes.is_regression:
        return profile_numbers(outcomes.actual_value[np.isfinite(outcomes.actual_value)])
    places = outcomes.actual[outcomes.actual >= 0]
    if not places.size:
        return None
    counts = Counter({outcomes.classes[p]: int(n) for p, n in enumerate(np.bincount(places)) if n})
    return profile_categories(counts, 0)


def loss_inputs(outcomes: Outcomes) -> dict[str, Floats]:
    """Return what the expected loss follows from: numeric inputs and the prediction."""
    return {**outcomes.features, PREDICTION: outcomes.value}


def _steps(known: Outcomes, positive: int | None) -> dict[str, Steps]:
    if positive is not None:
        found = rising_steps(known.score, known.actual == positive)
        return {} if found is None else {ALL: found}
    made: dict[str, Steps] = {}
    is_right = known.actual == known.predicted
    together = rising_steps(known.score, is_right)
    if together is not None:
        made[ALL] = together
    for place, name in enumerate(known.classes):
        rows = (known.predicted == place) & np.isfinite(known.score)
        if int(rows.sum()) >= MINIMUM_STEPS:
            own = rising_steps(known.score[rows], is_right[rows])
            if own is not None:
                made[name] = own
    return made


def _loss_models(known: Outcomes, lost: Floats) -> dict[str, LossModel]:
    inputs = loss_inputs(known)
    fitted = {"absolute": fit_loss(inputs, lost), "squared": fit_loss(inputs, lost**2)}
    return {name: one for name, one in fitted.items() if one is not None}


def _read_steps(document: Mapping[str, Any]) -> Steps:
    steps = Steps(
        edges=tuple(map(float, document["edges"])),
        n=tuple(map(int, document["n"])),
        successes=tuple(map(int, document["successes"])),
        lowest=float(document["lowest"]),
        highest=float(document["highest"]),
    )
    if not len(steps.n) == len(steps.successes) == len(steps.edges) + 1 or min(steps.n) < 1:
        raise ValueError("each step needs its rows and successes, and an edge to the next")
    return steps


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)

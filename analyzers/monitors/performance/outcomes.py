"""What a model said and what became true, row by row, as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

POSITIVE_NAMES = ("1", "true", "yes", "positive")
"""Classes that are taken for the positive one of two, in this order."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which group each row is in, such as the version of its model.

    Attributes:
        names: The groups.
        places: Place of each row's group among them, -1 for none, shape (n,).
    """

    names: tuple[str, ...]
    places: Places


@dataclass(frozen=True, slots=True)
class JoinNotes:
    """What joining found besides pairs.

    Attributes:
        duplicates: Predictions that were there more than once, and count once.
        without_id: Predictions without an id, which no label can reach.
        repeated: Labels after the first one of a prediction.
        corrected: Predictions whose label changed; the latest one counts.
        contradictory: Predictions with several labels of the same time; none of them counts.
        unmatched: Labels of predictions that are not among these.
        unreadable: Values of a file that are no numbers or times where they should be.
    """

    duplicates: int = 0
    without_id: int = 0
    repeated: int = 0
    corrected: int = 0
    contradictory: int = 0
    unmatched: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Predictions with their labels, in order of time.

    Attributes:
        time: Seconds since the epoch, NaN where unknown, shape (n,).
        classes: The classes, by name.
        predicted: Place of the predicted class, -1 for none, shape (n,).
        actual: Place of the true class, -1 for none, shape (n,).
        score: Probability of the positive class or, with several, of the predicted one.
        value: Predicted number.
        actual_value: True number.
        lag: Seconds from a prediction to its first label.
        rating: Rating by a person.
        duration: Seconds that the prediction took.
        failed: Whether there was an error in place of a prediction.
        probabilities: Probability of each class, shape (n, k), or None.
        features: Numeric inputs by name.
        groupings: Groups of rows, such as versions, by what they are of.
        notes: What joining found besides.
    """

    time: Floats
    classes: tuple[str, ...]
    predicted: Places
    actual: Places
    score: Floats
    value: Floats
    actual_value: Floats
    lag: Floats
    rating: Floats
    duration: Floats
    failed: Flags
    probabilities: Floats | None = None
    features: Mapping[str, Floats] = field(default_factory=dict)
    groupings: Mapping[str, Grouping] = field(default_factory=dict)
    notes: JoinNotes = field(default_factory=JoinNotes)

    @property
    def rows(self) -> int:
        """Number of predictions."""
        return self.time.size

    @property
    def is_labelled(self) -> Flags:
        """Whether it is known what became true, by row."""
        return (self.actual >= 0) | np.isfinite(self.actual_value)

    @property
    def is_regression(self) -> bool:
        """Whether numbers were predicted, not classes."""
        return bool(np.isfinite(self.value).any()) and not (self.predicted >= 0).any()

    def select(self, rows: Flags) -> Outcomes:
        """Return some of the rows; the notes are those of all."""
        chosen: dict[str, object] = {}
        for item in dataclasses.fields(self):
            held = getattr(self, item.name)
            if isinstance(held, np.ndarray):
                chosen[item.name] = held[rows]
        return dataclasses.replace(
            self,
            **chosen,  # type: ignore[arg-type]
            features={name: held[rows] for name, held in self.features.items()},
            groupings={
                name: Grouping(one.names, one.places[rows]) for name, one in self.groupings.items()
            },
        )


def positive_place(outcomes: Outcomes, wanted: str | None) -> int | None:
    """Return the place of the positive class; None where there are not just two classes.

    Without a wish it is the class with a usual name (`1`, `true`, `yes`, `positive`), or that
    which was predicted at the higher scores.

    Args:
        outcomes: The rows.
        wanted: Name of the class, or None.

    Raises:
        ValueError: If there is no class of that name.
    """
    classes = outcomes.classes
    if wanted is not None:
        if wanted not in classes:
            raise ValueError(
                f"no class is called {wanted!r}: there are {', '.join(classes[:20]) or 'none'}"
            )
        return classes.index(wanted) if len(classes) <= 2 else None
    if len(classes) > 2 or not classes:
        return None
    for name in POSITIVE_NAMES:
        found = [place for place, one in enumerate(classes) if one.lower() == name]
        if found:
            return found[0]
    if len(classes) == 1:
        return None
    usable = np.isfinite(outcomes.score)
    means = [
        float(outcomes.score[usable & (outcomes.predicted == place)].mean())
        if (usable & (outcomes.predicted == place)).any()
        else 0.5
        for place in (0, 1)
    ]
    return int(means[1] >= means[0])

"""How large an error to expect for some inputs: boosted trees, small enough for a reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analyzers.monitors.performance.outcomes import Floats

TREES = 40
DEPTH = 3
LEARNING_RATE = 0.1
SMALLEST_LEAF = 20
MOST_ROWS = 20_000
"""Rows, drawn with a seed, that a model learns from."""

MINIMUM_ROWS = 200

PREDICTION = "prediction"
"""Name of the prediction itself among the inputs."""

_LARGEST = 1e30
"""Inputs beyond it count as this large: trees compare numbers of single precision."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree, as parallel lists over its nodes; the first is the root.

    Attributes:
        feature: Place of the input that a node looks at, -1 for a leaf.
        threshold: Rows up to it go left.
        left: Node on the left.
        right: Node on the right.
        value: What a leaf adds.
    """

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]

    def add(self, inputs: Floats) -> Floats:
        """Return what the tree adds for each row."""
        feature, threshold = np.array(self.feature), np.array(self.threshold)
        left, right = np.array(self.left), np.array(self.right)
        node = np.zeros(len(inputs), dtype=int)
        for _ in range(DEPTH):
            at = feature[node]
            rows = np.flatnonzero(at >= 0)
            if not rows.size:
                break
            here = node[rows]
            goes_left = inputs[rows, at[rows]] <= threshold[here]
            node[rows] = np.where(goes_left, left[here], right[here])
        return np.asarray(np.array(self.value)[node])


@dataclass(frozen=True, slots=True)
class LossModel:
    """What error to expect, by the inputs.

    Attributes:
        inputs: Names of the inputs, in order.
        medians: What stands for a missing one.
        start: Expected loss before any tree.
        trees: The trees.
        n: Rows it was learned from.
        deviation: Standard deviation of the loss around what is expected, on rows it had not seen.
    """

    inputs: tuple[str, ...]
    medians: tuple[float, ...]
    start: float
    trees: tuple[Tree, ...]
    n: int
    deviation: float

    def expected(self, columns: Mapping[str, Floats]) -> Floats:
        """Return the loss to expect of each row, never below zero."""
        inputs = _inputs(columns, self.inputs, self.medians)
        found: Floats = np.full(len(inputs), self.start)
        for tree in self.trees:
            found += tree.add(inputs)
        return np.asarray(np.maximum(0.0, found))

    def document(self) -> dict[str, Any]:
        """Return the model as plain values, ready for JSON."""
        return {
            "inputs": list(self.inputs),
            "medians": list(self.medians),
            "start": self.start,
            "n": self.n,
            "deviation": self.deviation,
            "trees": [
                {
                    "feature": list(tree.feature),
                    "threshold": list(tree.threshold),
                    "left": list(tree.left),
                    "right": list(tree.right),
                    "value": list(tree.value),
                }
                for tree in self.trees
            ],
        }


def read_loss_model(document: Mapping[str, Any]) -> LossModel:
    """Return a model from plain values.

    Raises:
        KeyError, TypeError, ValueError: If they are none.
    """
    trees = []
    for one in document["trees"]:
        tree = Tree(
            tuple(int(x) for x in one["feature"]),
            tuple(float(x) for x in one["threshold"]),
            tuple(int(x) for x in one["left"]),
            tuple(int(x) for x in one["right"]),
            tuple(float(x) for x in one["value"]),
        )
        nodes = len(tree.value)
        sides = (*tree.left, *tree.right)
        if any(not -1 <= side < nodes for side in sides) or len(tree.feature) != nodes:
            raise ValueError("a tree names a node that it has not")
        trees.append(tree)
    return LossModel(
        inputs=tuple(map(str, document["inputs"])),
        medians=tuple(map(float, document["medians"])),
        start=float(document["start"]),
        trees=tuple(trees),
        n=int(document["n"]),
        deviation=float(document["deviation"]),
    )


def fit_loss(columns: Mapping[str, Floats], losses: Floats, seed: int = 0) -> LossModel | None:
    """Learn what error to expect.

    Args:
        columns: The inputs, the prediction among them, each of shape (n,).
        losses: What each row cost, shape (n,).
        seed: Seed of the draw of rows and of the trees.

    Returns:
        The model; None with fewer rows than ``MINIMUM_ROWS``.

    Source:
        Direct loss estimation as NannyML describes it; J. Friedman, Stochastic Gradient Boosting,
        Computational Statistics and Data Analysis 38 (2002).
    """
    if losses.size < MINIMUM_ROWS:
        return None
    names = tuple(columns)
    medians = tuple(_median(columns[name]) for name in names)
    inputs = _inputs(columns, names, medians)
    draw = np.random.default_rng(seed)
    rows = draw.permutation(losses.size)[:MOST_ROWS]
    inputs, kept = inputs[rows], losses[rows]
    half = kept.size // 2
    residuals = []
    for learned, unseen in (
        (slice(0, half), slice(half, None)),
        (slice(half, None), slice(0, half)),
    ):
        model = _fitted(names, medians, inputs[learned], kept[learned], seed)
        expected = model.expected(dict(zip(names, inputs[unseen].T, strict=True)))
        residuals.append(kept[unseen] - expected)
    deviation = float(np.concatenate(residuals).std(ddof=1))
    return _fitted(names, medians, inputs, kept, seed, deviation)


def _fitted(
    names: tuple[str, ...],
    medians: tuple[float, ...],
    inputs: Floats,
    losses: Floats,
    seed: int,
    deviation: float = math.nan,
) -> LossModel:
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=LEARNING_RATE,
        min_samples_leaf=SMALLEST_LEAF,
        subsample=0.5,
        random_state=seed,
    ).fit(inputs, losses)
    trees = []
    for (estimator,) in model.estimators_:
        held = estimator.tree_
        is_leaf = held.children_left < 0
        trees.append(
            Tree(
                feature=tuple(int(x) for x in np.where(is_leaf, -1, held.feature)),
                threshold=tuple(float(x) for x in np.where(is_leaf, 0.0, held.threshold)),
                left=tuple(int(x) for x in held.children_left),
                right=tuple(int(x) for x in held.children_right),
                value=tuple(
                    float(x) * LEARNING_RATE for x in np.where(is_leaf, held.value[:, 0, 0], 0.0)
                ),
            )
        )
    return LossModel(names, medians, float(losses.mean()), tuple(trees), losses.size, deviation)


def _inputs(
    columns: Mapping[str, Floats], names: Sequence[str], medians: Sequence[float]
) -> Floats:
    """Return the inputs as a matrix, shape (n, k); a column that is not there is missing."""
    rows = len(next(iter(columns.values()))) if columns else 0
    held = [
        np.where(np.isnan(columns[name]), median, columns[name])
        if name in columns
        else np.full(rows, median)
        for name, median in zip(names, medians, strict=True)
    ]
    stacked = np.column_stack(held) if held else np.empty((rows, 0))
    return np.asarray(np.clip(stacked, -_LARGEST, _LARGEST), dtype=np.float32).astype(float)


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else 0.0

"""Scores as probabilities, by rising steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Steps:
    """How often something came true, by score.

    Attributes:
        edges: Scores between steps, rising, shape (k - 1,).
        n: Rows of each step, shape (k,).
        successes: Those of them for which it came true, shape (k,).
        lowest: Smallest score that was seen.
        highest: Largest score.
    """

    edges: tuple[float, ...]
    n: tuple[int, ...]
    successes: tuple[int, ...]
    lowest: float
    highest: float

    def places(self, scores: ArrayLike) -> NDArray[np.int64]:
        """Return the step of each score, shape (n,); scores beyond the ends are in the last one."""
        return np.searchsorted(np.array(self.edges), np.asarray(scores, dtype=float), side="left")

    def probabilities(self) -> Floats:
        """Return the share of each step for which it came true, shape (k,)."""
        return np.asarray(np.array(self.successes, dtype=float) / np.array(self.n))


def rising_steps(scores: ArrayLike, outcomes: ArrayLike) -> Steps | None:
    """Fit a probability that never falls as the score rises.

    Args:
        scores: Scores, shape (n,); rows without a finite one are left out.
        outcomes: Whether it came true, shape (n,).

    Returns:
        The steps; None without rows.

    Raises:
        ValueError: If the shapes differ.

    Source:
        M. Ayer et al., An Empirical Distribution Function for Sampling with Incomplete Information,
        Annals of Mathematical Statistics 26 (1955); for classifiers B. Zadrozny, C. Elkan,
        Transforming Classifier Scores into Accurate Multiclass Probability Estimates, KDD 2002.
    """
    from sklearn.isotonic import IsotonicRegression

    x = np.atleast_1d(np.asarray(scores, dtype=float))
    y = np.atleast_1d(np.asarray(outcomes, dtype=float))
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError("each score needs an outcome")
    usable = np.isfinite(x)
    x, y = x[usable], y[usable]
    if not x.size:
        return None
    values, place, n = np.unique(x, return_inverse=True, return_counts=True)
    successes = np.bincount(place, weights=y)
    fitted = IsotonicRegression().fit_transform(values, successes / n, sample_weight=n)
    starts = np.append(0, np.flatnonzero(np.diff(fitted) > 1e-12) + 1)
    middles = (values[starts[1:] - 1] + values[starts[1:]]) / 2
    return Steps(
        edges=tuple(map(float, middles)),
        n=tuple(map(int, np.add.reduceat(n, starts))),
        successes=tuple(map(int, np.round(np.add.reduceat(successes, starts)))),
        lowest=float(values[0]),
        highest=float(values[-1]),
    )

"""Vectors and embeddings, summed up as two numbers a row that drift is measured on.

The norm says how long a vector is, the cosine how far it points from where those of the reference
pointed on average: embeddings of other texts or images point elsewhere. Shifts that leave both as
they were are not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mean_direction(vectors: Floats) -> tuple[float, ...]:
    """Return the mean of the directions of vectors; zeros where there are none.

    Args:
        vectors: The vectors, shape (n, width); rows with NaN, infinity or of length zero are left
            out.
    """
    lengths = norms(vectors)
    usable = np.isfinite(lengths) & (lengths > 0)
    if not usable.any():
        return tuple(0.0 for _ in range(vectors.shape[1]))
    mean = (vectors[usable] / lengths[usable, None]).mean(axis=0)
    return tuple(float(value) for value in mean)


def norms(vectors: Floats) -> Floats:
    """Return the Euclidean length of each vector, shape (n,); NaN where it is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.sqrt((vectors**2).sum(axis=1))
    return np.where(np.isfinite(found), found, np.nan)


def cosines(vectors: Floats, mean: Sequence[float]) -> Floats:
    """Return the cosine of the angle between each vector and a direction, shape (n,).

    NaN where a vector, or the direction, has no length.
    """
    direction = np.array(mean)
    lengths = norms(vectors) * np.linalg.norm(direction)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(lengths > 0, vectors @ direction / lengths, np.nan))


def _norm_of(vectors: Floats, _: Sequence[float]) -> Floats:
    return norms(vectors)


VECTORS: Mapping[str, Callable[[Floats, Sequence[float]], Floats]] = {
    " (norm)": _norm_of,
    " (cosine)": cosines,
}
"""What a column of vectors is summed up as, by what stands behind its name."""

"""How numeric columns go together: principal components, small enough for a reference.

Each column alone may look as it did while they no longer fit each other, such as a price that is
now in another currency for some of the rows. The components of the reference then fail to rebuild
the rows: their mean error rises.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzers.statistics.means import mean_increase

Floats = NDArray[np.float64]

EXPLAINED = 0.65
"""Share of the variance that components are kept for, as NannyML keeps it."""

MINIMUM_ROWS = 100
ROWS_PER_COLUMN = 20
"""With fewer, components would learn the noise of their rows."""

MAXIMUM_P = 0.01
MINIMUM_CHANGE = 0.05
"""Change of the mean error, as a share of the reference's, that somebody minds."""

CLIP = 10.0
"""Robust standard deviations at which values are clipped, as everywhere."""

_NORMAL_IQR = 1.3489795


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of the reference.

    Attributes:
        columns: The numeric columns, in order.
        medians: Their medians, which also stand for missing values.
        scales: Their robust standard deviations.
        axes: The components, each a list over the columns.
        n: Rows that the error was measured on.
        error: Mean error of rebuilding a row: root of the mean square over the columns.
        variance: Variance of that error over rows.
    """

    columns: tuple[str, ...]
    medians: tuple[float, ...]
    scales: tuple[float, ...]
    axes: tuple[tuple[float, ...], ...]
    n: int
    error: float
    variance: float

    def document(self) -> dict[str, Any]:
        """Return the components as plain values, ready for JSON."""
        return {
            "columns": list(self.columns),
            "medians": list(self.medians),
            "scales": list(self.scales),
            "axes": [list(axis) for axis in self.axes],
            "n": self.n,
            "error": self.error,
            "variance": self.variance,
        }

    def errors(self, columns: Mapping[str, Floats]) -> Floats:
        """Return the error of rebuilding each row, shape (n,).

        Args:
            columns: The columns, each of shape (n,); one that is not there counts as missing.
        """
        standard = _standard(columns, self.columns, self.medians, self.scales)
        axes = np.array(self.axes)
        rebuilt = standard @ axes.T @ axes
        return np.asarray(np.sqrt(((standard - rebuilt) ** 2).mean(axis=1)))


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """How well the reference's components rebuild rows.

    Attributes:
        n: Rows looked at.
        error: Mean error now, or None with too few rows.
        reference_error: Mean error in the reference.
        p: Two-sided p-value of Welch's test of the mean error, or None.
        is_drifted: Whether the change is both sure and large.
        reason: Why it is not judged, or None.
    """

    n: int
    error: float | None
    reference_error: float
    p: float | None
    is_drifted: bool
    reason: str | None = None


def read_components(document: Mapping[str, Any]) -> Components:
    """Return components from plain values.

    Raises:
        KeyError, TypeError, ValueError: If they are none.
    """
    found = Components(
        columns=tuple(map(str, document["columns"])),
        medians=tuple(map(float, document["medians"])),
        scales=tuple(map(float, document["scales"])),
        axes=tuple(tuple(map(float, axis)) for axis in document["axes"]),
        n=int(document["n"]),
        error=float(document["error"]),
        variance=float(document["variance"]),
    )
    width = len(found.columns)
    lengths = {len(found.medians), len(found.scales), *map(len, found.axes)}
    if lengths != {width} or not found.axes:
        raise ValueError("components need a number for each column")
    return found


def fit_components(columns: Mapping[str, Floats]) -> Components | None:
    """Learn the components of rows; a half of them, on which the error is not measured.

    Args:
        columns: Numeric columns, each of shape (n,); NaN is missing.

    Returns:
        The components; None with fewer than three columns that vary, or too few rows for them.

    Source:
        K. Pearson, On Lines and Planes of Closest Fit to Systems of Points in Space, Philosophical
        Magazine 2 (1901); as a test of drift in NannyML's documentation.
    """
    shapes = {name: _shape(values) for name, values in columns.items()}
    names = tuple(name for name, shape in shapes.items() if shape is not None)
    rows = len(columns[names[0]]) if names else 0
    if len(names) < 3 or rows < max(MINIMUM_ROWS, ROWS_PER_COLUMN * len(names)):
        return None
    medians, scales = zip(*(shape for shape in shapes.values() if shape is not None), strict=True)
    standard = _standard(columns, names, medians, scales)
    learned, unseen = standard[::2], standard[1::2]
    _, spread, axes = np.linalg.svd(learned - learned.mean(axis=0), full_matrices=False)
    explained = np.cumsum(spread**2) / (spread**2).sum()
    kept = min(len(names) - 1, int(np.searchsorted(explained, EXPLAINED)) + 1)
    made = Components(
        names, tuple(medians), tuple(scales), tuple(map(tuple, axes[:kept].tolist())), 0, 0.0, 0.0
    )
    held_out = {name: unseen[:, k] * scales[k] + medians[k] for k, name in enumerate(names)}
    errors = made.errors(held_out)
    return Components(
        names, made.medians, made.scales, made.axes,
        errors.size, float(errors.mean()), float(errors.var(ddof=1)),
    )  # fmt: skip


def reconstruct(known: Components, columns: Mapping[str, Floats]) -> Reconstruction:
    """Compare how well components rebuild rows with how well they did.

    Args:
        known: The reference's components.
        columns: Numeric columns now, each of shape (n,).
    """
    n = len(next(iter(columns.values()))) if columns else 0
    if n < MINIMUM_ROWS:
        reason = f"fewer than {MINIMUM_ROWS} rows"
        return Reconstruction(n, None, known.error, None, is_drifted=False, reason=reason)
    errors = known.errors(columns)
    mean, variance = float(errors.mean()), float(errors.var(ddof=1))
    one_sided = [
        mean_increase(mean, variance, n, known.error, known.variance, known.n),
        mean_increase(known.error, known.variance, known.n, mean, variance, n),
    ]
    p = min(1.0, 2 * min(one_sided))
    is_large = abs(mean - known.error) >= MINIMUM_CHANGE * known.error
    return Reconstruction(n, mean, known.error, p, is_drifted=is_large and p <= MAXIMUM_P)


def _shape(values: Floats) -> tuple[float, float] | None:
    """Return median and robust standard deviation; None for a column that does not vary."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    lower, median, upper = np.percentile(finite, [25, 50, 75])
    scale = (upper - lower) / _NORMAL_IQR or float(finite.std())
    if not math.isfinite(scale) or scale <= 0:
        return None
    return float(median), float(scale)


def _standard(
    columns: Mapping[str, Floats],
    names: tuple[str, ...],
    medians: tuple[float, ...],
    scales: tuple[float, ...],
) -> Floats:
    rows = len(next(iter(columns.values())))
    held = []
    for name, median, scale in zip(names, medians, scales, strict=True):
        values = columns.get(name, np.full(rows, median))
        filled = np.where(np.isfinite(values), values, median)
        held.append(np.clip((filled - median) / scale, -CLIP, CLIP))
    return np.column_stack(held)

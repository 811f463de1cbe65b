"""Concept drift: what follows from the inputs changes, so that the model errs more than it did.

Watched on the losses of labelled predictions in order of time, by two detectors: ADWIN, which sees
changes either way, and the test of Page and Hinkley, which sees what gets worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from analyzers.monitors.performance.measures import losses
from analyzers.monitors.performance.outcomes import Floats, Outcomes
from analyzers.statistics.sequential import adaptive_windowing, page_hinkley

MOST_STEPS = 100_000
"""Steps of a stream; of a longer one some losses that follow each other are one step."""

FEWEST_STEPS = 200
MOST_DEPENDENCE = 0.1
"""Correlation of each step with the next one from which twice as many losses are one step."""

PARTS = 20
"""Parts of the stream in which that is measured."""

SMALLEST_CHANGE = 0.02
"""Change of the mean loss, as a share of its largest, below which nobody minds."""


@dataclass(frozen=True, slots=True)
class LossChange:
    """A change of the mean loss.

    Attributes:
        detector: `ADWIN` or `Page-Hinkley`.
        since: When it seems to have begun.
        found: Time of the prediction at which it was found.
        before: Mean loss before: the share of wrong classes, or the mean absolute error.
        after: Mean loss since.
    """

    detector: str
    since: datetime
    found: datetime
    before: float
    after: float

    @property
    def is_worse(self) -> bool:
        """Whether the model errs more than before."""
        return self.after > self.before


def loss_changes(outcomes: Outcomes) -> list[LossChange]:
    """Return the changes of the mean loss, in order; none where times are unknown.

    Args:
        outcomes: Labelled predictions and others, in order of time.
    """
    judged, lost = losses(outcomes)
    time = outcomes.time[judged]
    timed = np.isfinite(time)
    time, lost = time[timed], lost[timed]
    if not lost.size:
        return []
    most = float(np.percentile(lost, 99)) or 1.0 if outcomes.is_regression else 1.0
    # beyond the 99th percentile errors of a regression count as equal
    steps, first, last = _steps(np.minimum(lost, most), time)
    # detectors want values from 0 to 1; means of many losses fill a part of that
    low, high = (0.0, most) if len(steps) == len(lost) else np.percentile(steps, [1, 99])
    scale = float(high - low) or 1.0
    standard = np.clip((steps - low) / scale, 0.0, 1.0)
    found = [
        LossChange(
            name, _moment(first[one.since]), _moment(last[one.found]),
            low + one.before * scale, low + one.after * scale,
        )
        for name, changes in (
            ("ADWIN", adaptive_windowing(standard, every=1 if len(steps) < 2000 else 8)),
            ("Page-Hinkley", page_hinkley(standard)),
        )
        for one in changes
        if abs(one.after - one.before) * scale >= SMALLEST_CHANGE * most
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.since, one.detector))


def _steps(values: Floats, time: Floats) -> tuple[Floats, Floats, Floats]:
    """Return means of losses that follow each other, with the times of their ends.

    So many are one step that steps are nearly independent, as the detectors take them to be: a
    stormy day makes many flights late, and is no change of what makes flights late.

    Source:
        Batch means: A. Law, W. Kelton, Simulation Modeling and Analysis, 3rd ed., section 9.5.3.
    """
    together = -(-values.size // MOST_STEPS)
    while True:
        starts = np.arange(0, values.size, together)
        counts = np.diff(np.append(starts, values.size))
        means = np.add.reduceat(values, starts) / counts
        if means.size < 2 * FEWEST_STEPS or _dependence(means) <= MOST_DEPENDENCE:
            return means, time[starts], time[starts + counts - 1]
        together *= 2


def _dependence(steps: Floats) -> float:
    """Return the correlation of each step with the next, within parts: a change is in few."""
    width = steps.size // PARTS
    parts = steps[: width * PARTS].reshape(PARTS, width)
    parts = parts - parts.mean(axis=1, keepdims=True)
    total = float((parts**2).sum())
    return float((parts[:, :-1] * parts[:, 1:]).sum()) / total if total > 0 else 0.0


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)

"""Concept drift: what follows from the inputs changes, so that the model errs more than it did.

Watched on the losses of labelled predictions in order of time, by two detectors: ADWIN, which sees
changes either way, and the test of Page and Hinkley, which sees what gets worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from analyzers.monitors.outcomes import Floats, Outcomes
from analyzers.monitors.performance import losses
from analyzers.statistics.sequential import MeanChange, adaptive_windowing, page_hinkley

MOST_STEPS = 100_000
"""Steps of a stream; of a longer one some losses that follow each other are one step."""

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
    scale = 1.0
    if outcomes.is_regression:
        # detectors want values from 0 to 1: beyond the 99th percentile errors count as equal
        scale = float(np.percentile(lost, 99)) or 1.0
    steps, first, last = _steps(np.minimum(lost / scale, 1.0), time)
    found = [
        LossChange(name, _moment(first[one.since]), _moment(last[one.found]), one.before * scale,
                   one.after * scale)
        for name, changes in (
            ("ADWIN", adaptive_windowing(steps)), ("Page-Hinkley", page_hinkley(steps)),
        )
        for one in changes
        if _is_large(one)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.since, one.detector))


def _is_large(one: MeanChange) -> bool:
    return abs(one.after - one.before) >= SMALLEST_CHANGE


def _steps(values: Floats, time: Floats) -> tuple[Floats, Floats, Floats]:
    """Return means of losses that follow each other, with the times of their ends."""
    together = -(-values.size // MOST_STEPS)
    starts = np.arange(0, values.size, together)
    counts = np.diff(np.append(starts, values.size))
    return np.add.reduceat(values, starts) / counts, time[starts], time[starts + counts - 1]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)

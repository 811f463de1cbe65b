"""What a performance report holds: windows and groups of predictions, and how good they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analyzers.findings import plain
from analyzers.monitors.drift.comparing import ColumnDrift
from analyzers.monitors.performance.concept_drift import LossChange
from analyzers.monitors.performance.estimation import Estimation
from analyzers.monitors.performance.measures import Performance
from analyzers.monitors.performance.outcomes import JoinNotes


@dataclass(frozen=True, slots=True)
class Slice:
    """The predictions of one window or group.

    Attributes:
        name: The group, or the begin of the window.
        since: Begin of the window, or None.
        until: End of the window, or None.
        performance: How good they were.
        estimation: How good they should be, from the predictions alone, or None.
        expected: The same of the labelled ones alone, to be compared with what they were, or None.
        p: Probability of so large a loss if nothing is worse than in the reference, or None.
        q: The same, corrected for all slices.
        is_worse: Whether they are surely and much worse than the reference.
        is_mistaken: Whether the estimate turned out wrong: what follows from the inputs changed.
        target: How what became true differs from the reference, or None.
    """

    name: str
    since: datetime | None
    until: datetime | None
    performance: Performance
    estimation: Estimation | None = None
    expected: Estimation | None = None
    p: float | None = None
    q: float | None = None
    is_worse: bool = False
    is_mistaken: bool = False
    target: ColumnDrift | None = None


@dataclass(frozen=True, slots=True)
class DriftWindow:
    """How the inputs and outputs of one window differ from the reference.

    Attributes:
        name: The window's begin.
        since: Begin of the window.
        until: End of the window.
        columns: How each column differs.
    """

    name: str
    since: datetime
    until: datetime
    columns: tuple[ColumnDrift, ...]


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """How good a model is.

    Attributes:
        predictions: Where the predictions are from.
        feedback: Where the labels are from.
        reference: What they are compared with; '' for nothing.
        reference_loss: Mean loss of the reference, or None.
        overall: All predictions.
        windows: The same window by window, in order of time.
        groups: The same by version, data set and segment.
        changes: Changes of the mean loss over time.
        notes: What joining labels to predictions found besides.
        drift: How the inputs and outputs of each window differ from the reference, if asked for.
    """

    predictions: str
    feedback: str
    reference: str
    reference_loss: float | None
    overall: Slice
    windows: tuple[Slice, ...]
    groups: Mapping[str, tuple[Slice, ...]]
    changes: tuple[LossChange, ...]
    notes: JoinNotes
    drift: tuple[DriftWindow, ...] = ()

    def slices(self) -> Iterator[Slice]:
        """Yield all, each window, and each group."""
        yield self.overall
        yield from self.windows
        for slices in self.groups.values():
            yield from slices

    @property
    def told_groups(self) -> dict[str, tuple[Slice, ...]]:
        """The groups that say more than all predictions do."""
        rows = self.overall.performance.rows
        return {
            name: some
            for name, some in self.groups.items()
            if name == "segment" or len(some) > 1 or some[0].performance.rows != rows
        }

    @property
    def worse(self) -> list[Slice]:
        """The slices that are surely and much worse than the reference."""
        return [one for one in self.slices() if one.is_worse]

    def document(self) -> dict[str, Any]:
        """Return the report as plain values, ready for JSON."""
        return {
            "kind": "performance-report",
            "predictions": self.predictions,
            "feedback": self.feedback,
            "reference": self.reference,
            "reference_loss": plain(self.reference_loss),
            "overall": plain(self.overall),
            "windows": [plain(one) for one in self.windows],
            "groups": {name: [plain(one) for one in some] for name, some in self.groups.items()},
            "changes": [plain(one) for one in self.changes],
            "notes": plain(self.notes),
            "drift": [plain(one) for one in self.drift],
        }

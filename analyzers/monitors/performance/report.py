"""The performance report: how good a model is, window by window and group by group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from analyzers.findings import plain
from analyzers.monitors.drift.comparing import ColumnDrift, Counts, compare
from analyzers.monitors.performance.concept_drift import LossChange, loss_changes
from analyzers.monitors.performance.estimation import Estimation, estimate
from analyzers.monitors.performance.measures import Loss, Performance, measure
from analyzers.monitors.performance.outcome_profiles import (
    OutcomeProfile,
    actual_profile,
    profile_outcomes,
)
from analyzers.monitors.performance.outcomes import Flags, JoinNotes, Outcomes, positive_place
from analyzers.monitors.references.columns import count_numbers
from analyzers.monitors.references.profiles import CategoryProfile, NumberProfile
from analyzers.monitors.references.records import count_columns
from analyzers.monitors.references.reference import Reference
from analyzers.statistics.means import mean_increase
from analyzers.statistics.multiple_testing import benjamini_hochberg
from analyzers.stores.base import Store, Where, Window

MAXIMUM_Q = 0.01
MINIMUM_LABELLED = 50
"""Labelled predictions below which a slice is described and not judged."""

MINIMUM_DROP = 0.02
"""Fall of the accuracy that somebody minds."""

MINIMUM_RISE = 0.1
"""Rise of the mean absolute error that somebody minds, as a share of the reference's."""

REFERENCE_ROWS = 100
"""Labelled predictions that a window needs to be the reference of later ones."""

MOST_GROUPS = 50
MISTAKEN = 3.0
"""Standard errors from which an estimate is called wrong once the labels are there."""


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
        """The groups that say more than all predictions do: of a kind that has several."""
        return {
            name: some for name, some in self.groups.items() if name == "segment" or len(some) > 1
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is to say.

    Attributes:
        seconds: Length of its windows; None for none.
        positive: Name of the positive class; None to tell it from the data.
        estimates: Whether to estimate performance without labels.
        profile: What is known of a reference's outcomes, or None.
        reference: What that is called.
    """

    seconds: float | None = None
    positive: str | None = None
    estimates: bool = False
    profile: OutcomeProfile | None = None
    reference: str = ""


def report_performance(
    outcomes: Outcomes, asked: Asked, predictions: str, feedback: str
) -> PerformanceReport:
    """Return the report on predictions and their labels.

    Without a reference the first window with enough labels is that of the others.

    Args:
        outcomes: The rows, in order of time.
        asked: What the report is to say.
        predictions: Where the predictions are from.
        feedback: Where the labels are from.

    Raises:
        ValueError: If there is no class of the positive one's name.
    """
    positive = _positive(outcomes, asked)
    parts = list(_windows(outcomes, asked.seconds))
    profile, reference, own = _reference(outcomes, parts, asked, positive)
    maker = _Maker(positive, profile, asked.estimates)
    windows = [
        maker.slice(_time_text(since), part, since, until, part is own)
        for since, until, part in parts
    ]
    overall = maker.slice("all", outcomes, None, None, own is not None)
    groups = {
        name: [maker.slice(value, part) for value, part in _groups(outcomes, name)]
        for name in outcomes.groupings
    }
    flat = _judged([overall, *windows, *(one for some in groups.values() for one in some)], profile)
    overall, rest = flat[0], flat[1 + len(windows) :]
    judged: dict[str, tuple[Slice, ...]] = {}
    for name, some in groups.items():
        judged[name], rest = tuple(rest[: len(some)]), rest[len(some) :]
    return PerformanceReport(
        predictions=predictions,
        feedback=feedback,
        reference=reference,
        reference_loss=None if profile is None else profile.loss.mean,
        overall=overall,
        windows=tuple(flat[1 : 1 + len(windows)]),
        groups={name: some for name, some in judged.items() if some},
        changes=tuple(loss_changes(outcomes)),
        notes=outcomes.notes,
    )


def _positive(outcomes: Outcomes, asked: Asked) -> int | None:
    """Return the place of the positive class: the one asked for, else that of the reference."""
    known = asked.profile.positive if asked.profile else None
    return positive_place(
        outcomes, asked.positive or (known if known in outcomes.classes else None)
    )


def with_drift(
    report: PerformanceReport, store: Store, where: Where, reference: Reference
) -> PerformanceReport:
    """Return a report that also says how each window's inputs and outputs differ.

    Args:
        report: The report.
        store: Where the predictions are.
        where: Conditions on them, such as on the model.
        reference: What they are compared with.

    Raises:
        StoreError: If the store cannot be read.
    """
    found = []
    for one in report.windows:
        if one.since is None or one.until is None:
            continue
        counts = count_columns(store, Window(one.since, one.until), where, reference.columns)
        columns = tuple(compare(reference.columns, counts))
        found.append(DriftWindow(one.name, one.since, one.until, columns))
    return replace(report, drift=tuple(found))


class WindowReports:
    """Reports on single windows, all compared with one reference.

    Args:
        outcomes: The rows of all windows, in order of time.
        asked: What each report is to say; its windows are not looked at, but for the reference.
    """

    def __init__(self, outcomes: Outcomes, asked: Asked) -> None:
        self._outcomes = outcomes
        parts = list(_windows(outcomes, asked.seconds))
        positive = _positive(outcomes, asked)
        profile, name, _ = _reference(outcomes, parts, asked, positive)
        wanted = None if positive is None else outcomes.classes[positive]
        self._asked = replace(asked, seconds=None, positive=wanted, profile=profile, reference=name)

    def report(self, window: Window) -> PerformanceReport:
        """Return the report on one window.

        Raises:
            ValueError: If an end of the window is missing.
        """
        since, until = window.ends()
        time = self._outcomes.time
        part = self._outcomes.select((time >= since.timestamp()) & (time < until.timestamp()))
        return report_performance(part, self._asked, "", "")


class _Maker:
    """Makes slices."""

    def __init__(
        self, positive: int | None, profile: OutcomeProfile | None, estimates: bool
    ) -> None:
        self._positive = positive
        self._profile = profile
        self._estimates = estimates

    def slice(
        self,
        name: str,
        part: Outcomes,
        since: datetime | None = None,
        until: datetime | None = None,
        is_reference: bool = False,
    ) -> Slice:
        """Return one slice; the reference itself is not compared with itself."""
        found = Slice(name, since, until, measure(part, self._positive))
        profile = self._profile
        if profile is None:
            return found
        if self._estimates:
            expected = None
            if found.performance.labelled >= MINIMUM_LABELLED and not is_reference:
                expected = estimate(part.select(part.is_labelled), self._positive, profile)
            made = estimate(part, self._positive, profile)
            found = replace(
                found, estimation=made, expected=expected,
                is_mistaken=expected is not None and _is_mistaken(found.performance, expected),
            )  # fmt: skip
        if is_reference or profile.task != found.performance.task:
            return found
        return replace(
            found, p=_p_value(found.performance.loss, profile), target=_target(part, profile)
        )


def _reference(
    outcomes: Outcomes,
    parts: Sequence[tuple[datetime, datetime, Outcomes]],
    asked: Asked,
    positive: int | None,
) -> tuple[OutcomeProfile | None, str, Outcomes | None]:
    """Return what slices are compared with, its name, and the rows where it is of these."""
    if asked.profile is not None:
        return asked.profile, asked.reference, None
    if len(parts) > 1:
        for since, _, part in parts:
            if int(part.is_labelled.sum()) >= REFERENCE_ROWS:
                return profile_outcomes(part, positive), f"window of {_time_text(since)}", part
        return None, "", None
    if asked.estimates:
        return profile_outcomes(outcomes, positive), "its own labels", outcomes
    return None, "", None


def _windows(
    outcomes: Outcomes, seconds: float | None
) -> Iterator[tuple[datetime, datetime, Outcomes]]:
    """Yield windows of a length, aligned to the epoch, that have rows."""
    if seconds is None:
        return
    place = np.floor(outcomes.time / seconds)
    for number in np.unique(place[np.isfinite(place)]):
        begin, end = (datetime.fromtimestamp((number + k) * seconds, UTC) for k in (0, 1))
        yield begin, end, outcomes.select(place == number)


def _groups(outcomes: Outcomes, name: str) -> Iterator[tuple[str, Outcomes]]:
    """Yield the largest groups of a kind."""
    grouping = outcomes.groupings[name]
    sizes = np.bincount(grouping.places[grouping.places >= 0], minlength=len(grouping.names))
    for place in np.argsort(-sizes, kind="stable")[:MOST_GROUPS]:
        if sizes[place]:
            rows: Flags = grouping.places == place
            yield grouping.names[place], outcomes.select(rows)


def _judged(slices: Sequence[Slice], profile: OutcomeProfile | None) -> list[Slice]:
    """Return the slices with their q-values, verdicts and shifts of the target."""
    if profile is None:
        return list(slices)
    q = benjamini_hochberg([math.nan if one.p is None else one.p for one in slices])
    shifts = benjamini_hochberg([_p_of(one.target) for one in slices])
    return [
        replace(
            one,
            q=None if one.p is None else float(q[place]),
            is_worse=one.p is not None
            and bool(q[place] <= MAXIMUM_Q)
            and _is_much(one.performance.loss, profile),
            target=_corrected(one.target, float(shifts[place])),
        )
        for place, one in enumerate(slices)
    ]


def _p_value(loss: Loss, profile: OutcomeProfile) -> float | None:
    known = profile.loss
    if min(loss.n, known.n) < MINIMUM_LABELLED:
        return None
    return mean_increase(loss.mean, loss.variance, loss.n, known.mean, known.variance, known.n)


def _is_much(loss: Loss, profile: OutcomeProfile) -> bool:
    rise = loss.mean - profile.loss.mean
    if profile.task == "regression":
        return rise >= MINIMUM_RISE * profile.loss.mean
    return rise >= MINIMUM_DROP


def _is_mistaken(found: Performance, expected: Estimation) -> bool:
    """Return whether labelled predictions turned out surely and much unlike their estimate."""
    name = "mean_absolute_error" if found.task == "regression" else "accuracy"
    true = next((one for one in found.measures if one.name == name), None)
    said = next((one for one in expected.measures if one.name == name), None)
    if true is None or said is None or true.low is None or true.high is None:
        return False
    widths = (true.high - true.low, (said.high or 0.0) - (said.low or 0.0))
    error = math.hypot(*widths) / (2 * 1.959964)
    gap = abs(true.value - said.value)
    least = MINIMUM_RISE * said.value if found.task == "regression" else MINIMUM_DROP
    return gap >= least and gap > MISTAKEN * error


def _target(part: Outcomes, profile: OutcomeProfile) -> ColumnDrift | None:
    """Return how what became true differs from the reference; None without labels."""
    known, now = profile.actual, actual_profile(part)
    if known is None or now is None:
        return None
    counts: Counts = (
        count_numbers(part.actual_value[np.isfinite(part.actual_value)], known.edges)
        if isinstance(known, NumberProfile)
        else cast("CategoryProfile", now)
    )
    return compare({"actual": known}, {"actual": counts})[0]


def _p_of(target: ColumnDrift | None) -> float:
    return math.nan if target is None or target.p is None else target.p


def _corrected(target: ColumnDrift | None, q: float) -> ColumnDrift | None:
    """Return a shift with its p-value corrected for all slices."""
    if target is None or target.p is None:
        return target
    return replace(target, q=q, is_drifted=target.is_drifted and q <= MAXIMUM_Q)


def _time_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")

"""The performance report: how good a model is, window by window and group by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from analyzers.monitors.drift.comparing import compare
from analyzers.monitors.performance.concept_drift import loss_changes
from analyzers.monitors.performance.estimation import estimate
from analyzers.monitors.performance.judging import (
    MINIMUM_LABELLED,
    is_mistaken,
    judged,
    loss_p_value,
    target_shift,
)
from analyzers.monitors.performance.measures import measure
from analyzers.monitors.performance.outcome_profiles import (
    OutcomeProfile,
    profile_outcomes,
)
from analyzers.monitors.performance.outcomes import Flags, Outcomes, positive_place
from analyzers.monitors.performance.slices import DriftWindow, PerformanceReport, Slice
from analyzers.monitors.references.records import count_columns
from analyzers.monitors.references.reference import Reference
from analyzers.stores.base import Store, Where, Window

REFERENCE_ROWS = 100
"""Labelled predictions that a window needs to be the reference of later ones."""

MOST_GROUPS = 50

DATASET = "dataset"
"""Grouping of the rows by the data set that they are of."""


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

    Without a reference the first window with enough labels is that of the others. Rows of a data
    set, on which a model is tried beside its traffic, are a group of their own and part of nothing
    else, unless there is nothing else.

    Args:
        outcomes: The rows, in order of time.
        asked: What the report is to say.
        predictions: Where the predictions are from.
        feedback: Where the labels are from.

    Raises:
        ValueError: If there is no class of the positive one's name.
    """
    positive = _positive(outcomes, asked)
    everything, outcomes = outcomes, live_traffic(outcomes)
    parts = list(_windows(outcomes, asked.seconds))
    profile, reference, own = _reference(outcomes, parts, asked, positive)
    maker = _Maker(positive, profile, asked.estimates)
    windows = [
        maker.slice(_time_text(since), part, since, until, part is own)
        for since, until, part in parts
    ]
    overall = maker.slice("all", outcomes, None, None, own is not None)
    groups = {
        name: [
            maker.slice(value, part)
            for value, part in _groups(everything if name == DATASET else outcomes, name)
        ]
        for name in outcomes.groupings
    }
    flat = judged([overall, *windows, *(one for some in groups.values() for one in some)], profile)
    overall, rest = flat[0], flat[1 + len(windows) :]
    told: dict[str, tuple[Slice, ...]] = {}
    for name, some in groups.items():
        told[name], rest = tuple(rest[: len(some)]), rest[len(some) :]
    return PerformanceReport(
        predictions=predictions,
        feedback=feedback,
        reference=reference,
        reference_loss=None if profile is None else profile.loss.mean,
        overall=overall,
        windows=tuple(flat[1 : 1 + len(windows)]),
        groups={name: some for name, some in told.items() if some},
        changes=tuple(loss_changes(outcomes)),
        notes=outcomes.notes,
    )


def live_traffic(outcomes: Outcomes) -> Outcomes:
    """Return the rows that are of no data set; all where there are no others."""
    grouping = outcomes.groupings.get(DATASET)
    if grouping is None:
        return outcomes
    is_live = grouping.places < 0
    return outcomes.select(is_live) if is_live.any() else outcomes


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
        parts = list(_windows(live_traffic(outcomes), asked.seconds))
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
                is_mistaken=expected is not None and is_mistaken(found.performance, expected),
            )  # fmt: skip
        if is_reference or profile.task != found.performance.task:
            return found
        return replace(
            found,
            p=loss_p_value(found.performance.loss, profile),
            target=target_shift(part, profile),
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


def _time_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")

"""Windows and groups that got worse are named, others are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analyzers.monitors.performance.outcome_profiles import profile_outcomes
from analyzers.monitors.performance.outcomes import Grouping
from analyzers.monitors.performance.report import Asked, report_performance
from tests.analyzers.monitors.performance.outcome_rows import DAY, binary, numbers, over_days


def test_a_change_of_concept_is_worse_and_the_estimate_wrong() -> None:
    """From its first day on; the change is dated, and the inputs alone did not show it."""
    draw = np.random.default_rng(1)
    days = [binary(3000, draw, concept=2.0 if day >= 6 else 0.0) for day in range(10)]
    report = report_performance(over_days(days), Asked(DAY, estimates=True), "p", "f")
    assert [one.is_worse for one in report.windows] == [False] * 6 + [True] * 4
    assert [one.is_mistaken for one in report.windows] == [False] * 6 + [True] * 4
    assert report.reference == "window of 1970-01-01"
    first = next(one for one in report.changes if one.detector == "ADWIN")
    assert (first.since.day, first.is_worse) == (
        7,
        True,
    ) or first.since.isoformat() > "1970-01-06T20"
    assert report.windows[7].target is not None
    assert report.windows[7].target.is_drifted


def test_shifted_inputs_are_estimated() -> None:
    """Worse, but as the estimate said."""
    draw = np.random.default_rng(2)
    days = [binary(5000, draw, shift=0.0 if day >= 3 else 2.5) for day in range(6)]
    report = report_performance(over_days(days), Asked(DAY, estimates=True), "p", "f")
    assert [one.is_worse for one in report.windows] == [False] * 3 + [True] * 3
    assert not any(one.is_mistaken for one in report.windows)
    for one in report.windows:
        assert one.estimation is not None
        assert one.estimation.value("accuracy") == pytest.approx(
            one.performance.value("accuracy"), abs=0.02
        )


def test_stable_days_alarm_nobody() -> None:
    """Of 40 runs of 30 days, at most two have any alarm."""
    draw = np.random.default_rng(3)
    alarms = 0
    for _ in range(40):
        days = [binary(300, draw) for _ in range(30)]
        report = report_performance(over_days(days), Asked(DAY, estimates=True), "p", "f")
        alarms += bool(report.worse) or any(one.is_mistaken for one in report.windows)
    assert alarms <= 2


def test_few_labels_are_not_judged() -> None:
    """A last window of two rows alarms nobody, however wrong they are."""
    draw = np.random.default_rng(4)
    last = binary(2, draw)
    last = replace(last, actual=1 - last.predicted)
    found = over_days([binary(1000, draw), binary(1000, draw), last])
    report = report_performance(found, Asked(DAY), "p", "f")
    assert report.windows[-1].performance.value("accuracy") == 0
    assert (report.windows[-1].q, report.windows[-1].is_worse) == (None, False)


def test_a_group_that_is_worse_is_named() -> None:
    """A version of its own."""
    draw = np.random.default_rng(5)
    good, bad = binary(2000, draw), binary(600, draw, concept=2.5)
    found = over_days([binary(2000, draw), over_days([good, bad])])
    places = np.repeat([0, 0, 1], [2000, 2000, 600])
    found = replace(
        found,
        time=np.concatenate([np.zeros(2000), np.full(2600, DAY)]),
        groupings={
            "version": Grouping(("1", "2"), places),
            "dataset": Grouping((), np.full(found.rows, -1)),
            "segment": Grouping((), np.full(found.rows, -1)),
        },
    )
    report = report_performance(found, Asked(DAY), "p", "f")
    assert {one.name: one.is_worse for one in report.groups["version"]} == {"1": False, "2": True}
    assert "segment" not in report.groups


def test_numbers_get_worse_by_a_share() -> None:
    """A tenth of the mean absolute error at least."""
    draw = np.random.default_rng(6)
    days = [numbers(3000, draw, spread=1.0 if day < 4 else 1.6) for day in range(6)]
    report = report_performance(over_days(days), Asked(DAY), "p", "f")
    assert [one.is_worse for one in report.windows] == [False] * 4 + [True] * 2
    assert any(one.is_worse and one.before < one.after for one in report.changes)


def test_labels_that_have_not_come_yet() -> None:
    """The estimate is there before them, calibrated by those that are."""
    draw = np.random.default_rng(7)
    found = binary(4000, draw)
    late = np.where(np.arange(4000) < 2000, found.actual, -1)
    report = report_performance(replace(found, actual=late), Asked(estimates=True), "p", "f")
    assert report.reference == "its own labels"
    assert report.overall.performance.coverage == 0.5
    assert report.overall.estimation is not None
    assert report.overall.estimation.value("roc_auc") == pytest.approx(
        report.overall.performance.value("roc_auc"), abs=0.03
    )


def test_an_empty_report() -> None:
    """No rows, no alarm, no exception."""
    report = report_performance(
        binary(0, np.random.default_rng(8)), Asked(DAY, estimates=True), "p", "f"
    )
    assert not report.windows
    assert report.document()["overall"]["performance"]["rows"] == 0


def test_a_data_set_is_judged_by_itself_as_soon_as_it_is_there() -> None:
    """Beside the traffic, of which it is no part; alone it is everything."""
    draw = np.random.default_rng(9)
    traffic, tried = binary(2000, draw), binary(500, draw, concept=3.0)
    found = over_days([traffic, tried])
    found = replace(
        found,
        time=np.zeros(found.rows),
        groupings={"dataset": Grouping(("holdout-2",), np.repeat([-1, 0], [2000, 500]))},
    )
    profile = profile_outcomes(binary(2000, draw), 1)
    report = report_performance(found, Asked(profile=profile, reference="before"), "p", "f")
    assert report.overall.performance.rows == 2000
    assert not report.overall.is_worse
    (one,) = report.told_groups["dataset"]
    assert (one.name, one.performance.rows, one.is_worse) == ("holdout-2", 500, True)
    alone = report_performance(
        found.select(found.groupings["dataset"].places == 0), Asked(), "p", "f"
    )
    assert alone.overall.performance.rows == 500

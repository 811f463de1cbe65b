"""An event close before an onset is a cause only as far as chance is none."""

from __future__ import annotations

import math

import pytest

from analyzers.root_cause.timing import chance_of_event, chance_of_lead, timed_score


def test_chance_of_lead_in_closed_form() -> None:
    """Four events in an hour: one falls within a minute with 1 - exp(-4/60)."""
    assert chance_of_lead(4, 3600, 60) == pytest.approx(1 - math.exp(-4 / 60))
    assert chance_of_lead(0, 3600, 60) == 0
    assert chance_of_lead(4, 0, -5) == 0


def test_timing_alone_must_be_closer_than_timing_with_contrast() -> None:
    """What may well be chance scores nothing; a perfect contrast needs no timing."""
    assert timed_score(1.0, 1.0, 0.03) == 0
    assert timed_score(1.0, None, 0.005) == pytest.approx(0.75)
    assert timed_score(1.0, 0.0, 0.05) == 1.0
    assert timed_score(1.0, 0.5, 0.05) == pytest.approx(0.75)
    assert timed_score(1.0, 0.0, 0.06) == 0


def test_the_p_value_is_that_of_the_better_evidence() -> None:
    """The contrast's where there is one, and otherwise the timing's."""
    assert chance_of_event((10, 10, 0, 90), 0.04) < 1e-12
    assert chance_of_event((10, 10, 90, 90), 0.04) == 0.04
    assert chance_of_event((10, 10, 0, 0), 0.04) == 0.04

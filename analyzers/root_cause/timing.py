"""How much the time of an event says: events close before an onset may be there by chance."""

from __future__ import annotations

import math

from analyzers.statistics.association import excess_share, fisher_exact_greater

MAXIMUM_P = 0.05
"""Probability that an event falls so close before an onset by chance, above which it is no cause.
"""

MAXIMUM_P_ALONE = 0.01
"""The same where nothing but the timing speaks for it."""

MINIMUM_CONTRAST = 0.2
"""Difference in share from which more than the timing does."""

WEIGHT_OF_TIMING = 0.5
"""How much of its score an event without contrast loses at the limit."""


def chance_of_lead(events: int, seconds: float, lead: float) -> float:
    """Return the probability that one of some events falls so close before an onset by chance.

    Events are taken to come at random (a Poisson process), as often as they did.

    Args:
        events: How many there were.
        seconds: In which time.
        lead: Seconds from the event to the onset.
    """
    return -math.expm1(-events / max(seconds, 1.0) * max(0.0, lead))


def chance_of_event(counts: tuple[int, int, int, int], timing: float) -> float:
    """Return the p-value of an event: that of its contrast where it has one, or of its timing.

    Args:
        counts: Failed requests that it touches, failed requests, others that it touches, others.
        timing: Probability of its timing by chance.
    """
    excess = excess_share(*counts)
    if math.isnan(excess) or excess < MINIMUM_CONTRAST:
        return timing
    return float(fisher_exact_greater(*counts)[0])


def timed_score(share: float, other_share: float | None, p: float) -> float:
    """Return the score of an event that touches a share of the failed requests.

    Timing and contrast speak for it independently: a perfect contrast needs no timing.

    Args:
        share: Share of the failed requests that it touches.
        other_share: Share of the others; None where this cannot be said.
        p: Probability of its timing by chance.

    Returns:
        From 0, where it may well be chance, to 1.
    """
    contrast = 0.0 if other_share is None else max(0.0, share - other_share)
    limit = MAXIMUM_P if contrast >= MINIMUM_CONTRAST else MAXIMUM_P_ALONE
    if p > limit:
        return 0.0
    return share * (1 - WEIGHT_OF_TIMING * (p / limit) * (1 - contrast))

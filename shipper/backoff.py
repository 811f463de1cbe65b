"""Exponential backoff with jitter, so that a fleet does not come back all at once.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("equal jitter").
"""

from __future__ import annotations

import random

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 30.0

_random = random.Random()  # noqa: S311 (a pause is no secret)


def pause_seconds(failures: int, longest: float = LONGEST_SECONDS) -> float:
    """Return how long to wait after so many failures in a row.

    Args:
        failures: Failures so far, at least 1.
        longest: Bound of the pause.

    Returns:
        Between half and all of 0.25 s doubled with each failure, within the bound.
    """
    ceiling = min(longest, FIRST_SECONDS * 2.0 ** min(failures - 1, 30))
    return ceiling * (0.5 + 0.5 * _random.random())

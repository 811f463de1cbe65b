"""What became of a process's records: counts for the service, and as records of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from shipper.records import Resource

REPORT_SECONDS = 60.0
"""How often the counts are shipped while records are made."""
LOSS_REPORT_SECONDS = 5.0
"""How soon they are when something was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Counts of one process since it began (or forked).

    Attributes:
        accepted: Records taken from the service.
        written: Lines on disk; those set aside are among them.
        waiting: Lines in memory.
        dropped: Lines lost because memory or disk was full.
        sampled: Records left out on purpose by the policy.
        rejected: Records that broke their schema and were set aside.
        failed: Records lost to an unexpected failure in the shipper itself.
        expired: Lines that a local store has removed by its bounds on size and age.
        write_errors: Failed attempts to write.
        delivered: Lines that a destination acknowledged; none for a local store.
        duplicates: Those among them that the destination had already.
        set_aside: Lines that no destination takes; they are kept in the folder ``rejected``.
        delivery_failures: Attempts to deliver that failed.
        memory_bytes: Bytes waiting in memory.
        spool_bytes: Bytes of the spool's folder, as last measured.
        undelivered_bytes: Bytes on disk that are not acknowledged yet.
        destination: Destination that takes the records now, or ''.
        last_error: What went wrong last, or ''.
    """

    accepted: int = 0
    written: int = 0
    waiting: int = 0
    dropped: int = 0
    sampled: int = 0
    rejected: int = 0
    failed: int = 0
    expired: int = 0
    write_errors: int = 0
    delivered: int = 0
    duplicates: int = 0
    set_aside: int = 0
    delivery_failures: int = 0
    memory_bytes: int = 0
    spool_bytes: int = 0
    undelivered_bytes: int = 0
    destination: str = ""
    last_error: str = ""


_COUNTS = {
    "accepted": "accepted",
    "written": "written",
    "delivered": "delivered",
    "duplicates": "duplicates",
    "dropped": "dropped",
    "sampled": "sampled",
    "rejected": "rejected",
    "set_aside": "set_aside",
    "failed": "failed",
    "failures": "delivery_failures",
    "expired": "expired",
}
"""Fields of ``ml.shipper`` and the counts they are the growth of."""

_LOSSES = ("dropped", "sampled", "rejected", "set_aside", "failed")


class Reporter:
    """Turns the growth of the counts into records."""

    def __init__(self) -> None:
        self._before = Statistics()
        self._reported = self._looked = time.monotonic()

    def record(self, read: Callable[[], Statistics], is_last: bool) -> Resource | None:
        """Return the record that is due now, or None.

        Args:
            read: Reads the counts; only called when a record may be due.
            is_last: The process ends: what was lost and not told must be told now.
        """
        now = time.monotonic()
        if not is_last and now - self._looked < LOSS_REPORT_SECONDS:
            return None
        self._looked = now
        counts = read()
        is_loss = any(getattr(counts, name) > getattr(self._before, name) for name in _LOSSES)
        if not is_loss and (is_last or now - self._reported < REPORT_SECONDS):
            return None
        period, self._reported = now - self._reported, now
        before, self._before = self._before, counts
        return Resource(
            metricset="shipper", period=round(period * 1000), values=_values(before, counts)
        )


def _values(before: Statistics, counts: Statistics) -> dict[str, Any]:
    then, now = asdict(before), asdict(counts)
    values: dict[str, Any] = {field: now[count] - then[count] for field, count in _COUNTS.items()}
    values["memory"] = {"bytes": counts.memory_bytes}
    values["spool"] = {"bytes": counts.spool_bytes}
    values["undelivered"] = {"bytes": counts.undelivered_bytes}
    if counts.destination:
        values["destination"] = counts.destination
    return {"ml": {"shipper": values}}

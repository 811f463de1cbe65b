"""The quality report: every check of a file, or of a window of a store's predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from analyzers.findings import plain
from analyzers.monitors.quality.checks import (
    MAXIMUM_Q,
    QualityCheck,
    declared_checks,
    learned_checks,
)
from analyzers.monitors.quality.records import RecordQuality
from analyzers.monitors.quality.rules import QualityRules
from analyzers.monitors.quality.sources import QualitySource
from analyzers.monitors.references.reference import Reference
from analyzers.statistics.rates import rate_decrease, rate_increase
from analyzers.stores.base import Store, Where, Window
from analyzers.stores.counting import count_requests

BEFORE = 14
"""Windows of equal length before one that its number of rows is compared with."""

FEWEST_BEFORE = 3
LEAST_FACTOR = 2.0
"""How many times as many, or as few, rows somebody minds."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What came of all checks.

    Attributes:
        source: Where the data are.
        reference: What they are compared with; '' for nothing.
        rows: Number of rows.
        checks: The checks, broken ones first.
    """

    source: str
    reference: str
    rows: int
    checks: tuple[QualityCheck, ...]

    @property
    def violated(self) -> list[QualityCheck]:
        """The checks that are broken."""
        return [one for one in self.checks if one.is_violated]

    def document(self) -> dict[str, Any]:
        """Return the report as plain values, ready for JSON."""
        return {
            "kind": "quality-report",
            "source": self.source,
            "reference": self.reference,
            "rows": self.rows,
            "violated": len(self.violated),
            "checks": [plain(one) for one in self.checks],
        }


def report_quality(
    source: QualitySource, rules: QualityRules, reference: Reference | None
) -> QualityReport:
    """Check data against rules and a reference.

    Args:
        source: The data.
        rules: What is declared.
        reference: What is learned, or None.
    """
    checks = list(declared_checks(source, rules))
    if reference is not None:
        checks += learned_checks(source, reference.columns, list(reference.skipped))
    return _report(source, reference, checks)


def report_records(
    store: Store,
    window: Window,
    where: Where,
    rules: QualityRules,
    reference: Reference | None,
    now: datetime,
) -> QualityReport:
    """Check the predictions of a window, also how many there are and how old the last one is.

    Args:
        store: Where they are.
        window: Time to look at.
        where: Conditions, such as on the model.
        rules: What is declared.
        reference: What is learned, or None.
        now: When freshness is asked about, where the window has no end before it.

    Raises:
        StoreError: If the store cannot be read.
    """
    source = RecordQuality(store, window, where)
    found = report_quality(source, rules, reference)
    moment = now if window.until is None else min(now, window.until)
    more = [*_freshness(store, moment, where, rules), *_volume(store, window, where, source.rows)]
    return _report(source, reference, [*found.checks, *more])


def _report(
    source: QualitySource, reference: Reference | None, checks: list[QualityCheck]
) -> QualityReport:
    checks.sort(key=lambda one: (not one.is_violated, one.dimension, one.column))
    return QualityReport(
        source.name, "" if reference is None else reference.source, source.rows, tuple(checks)
    )


def _freshness(
    store: Store, moment: datetime, where: Where, rules: QualityRules
) -> Iterator[QualityCheck]:
    if rules.freshness is None:
        return
    last = store.last_before("prediction", moment, where)
    age = None if last is None else (moment - last).total_seconds()
    is_old = age is None or age > rules.freshness
    note = (
        "there is none" if age is None else f"the last one is {timedelta(seconds=round(age))} old"
    )
    yield QualityCheck(
        "freshness", "", f"a prediction in the last {timedelta(seconds=rules.freshness)}",
        is_declared=True, n=0 if age is None else 1, violations=int(is_old), share=float(is_old),
        low=None, high=None, allowed=0.0, is_violated=is_old, note=note,
    )  # fmt: skip


def _volume(store: Store, window: Window, where: Where, rows: int) -> Iterator[QualityCheck]:
    """Yield a check of a window's rows against those of the windows before it."""
    if window.since is None or window.until is None:
        return
    length = window.until - window.since
    first = store.last_before("prediction", window.since, where)
    if first is None:
        return
    begins = [window.since - place * length for place in range(BEFORE, 0, -1)]
    before = _rows_of(store, begins, length, where)
    while before and before[0] == 0:  # before the first prediction there is nothing to expect
        del before[0]
    if len(before) < FEWEST_BEFORE:
        return
    mean = sum(before) / len(before)
    p = min(1.0, 2 * min(rate_increase(rows, before), rate_decrease(rows, before)))
    is_large = rows >= LEAST_FACTOR * mean or rows * LEAST_FACTOR <= mean
    made = QualityCheck(
        "volume", "", f"about {mean:,.0f} rows, as in {len(before)} windows before",
        is_declared=False, n=rows, violations=int(is_large), share=rows / mean, low=None, high=None,
        allowed=1.0, p=p, q=p, note=f"there are {rows:,}",
    )  # fmt: skip
    yield replace(made, is_violated=is_large and p <= MAXIMUM_Q)


def _rows_of(
    store: Store, begins: Sequence[datetime], length: timedelta, where: Where
) -> list[int]:
    """Return the number of predictions of windows that follow each other."""
    seconds = length.total_seconds()
    if begins[0].timestamp() % seconds == 0:  # then they are the buckets of one question
        whole = Window(begins[0], begins[-1] + length)
        counts = store.time_counts("prediction", seconds, whole, where)
        known = {item.start.timestamp(): item.count for item in counts}
        return [known.get(begin.timestamp(), 0) for begin in begins]
    return [count_requests(store, Window(begin, begin + length), where) for begin in begins]

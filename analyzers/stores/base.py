"""The questions that analyzers ask of a store.

A store answers questions and hands out no rows: what comes back is small, however many records
there are. Every store gives the same answers; the same test suite runs over all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from analyzers.stores.numbers import Histogram, Moments, TimeLevel


class StoreError(Exception):
    """A store cannot be read; the message says which, why and how to mend it."""


class NotAllowedError(StoreError):
    """The credentials do not allow a question."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, ``[since, until)``; None leaves a side open. Times have zones."""

    since: datetime | None = None
    until: datetime | None = None

    def ends(self) -> tuple[datetime, datetime]:
        """Return both ends.

        Raises:
            ValueError: If one is open.
        """
        if self.since is None or self.until is None:
            raise ValueError("this needs a window with both ends")
        return self.since, self.until


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a field: equals one of ``values``, or ``exists``."""

    field: str
    operation: Literal["any_of", "exists"]
    values: tuple[str, ...] = ()


Where = Sequence[Condition]
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class KindCoverage:
    """How many records of a kind there are, and over what time.

    Attributes:
        kind: Kind of record.
        count: Number of records in the window.
        first: Time of the earliest, or None.
        last: Time of the latest, or None.
    """

    kind: str
    count: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that could not be read, where it stands and why.

    Attributes:
        file: The file, or the index.
        line: Its line, from 1; 0 for an index as a whole.
        reason: Why.
    """

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a store holds for a window, and what of it could not be used.

    Attributes:
        kinds: One entry for each kind that has records.
        set_aside: The first lines that could not be read.
        set_aside_count: How many there are in all.
        duplicates: Records that were there more than once and counted once.
        future: Records dated after the end of the window because their clock is ahead.
    """

    kinds: tuple[KindCoverage, ...]
    set_aside: tuple[SetAside, ...] = ()
    set_aside_count: int = 0
    duplicates: int = 0
    future: int = 0

    def count(self, kind: str) -> int:
        """Return the number of records of a kind."""
        return sum(entry.count for entry in self.kinds if entry.kind == kind)

    @property
    def first(self) -> datetime | None:
        """Time of the earliest record of any kind."""
        return min((entry.first for entry in self.kinds if entry.first), default=None)

    @property
    def last(self) -> datetime | None:
        """Time of the latest record of any kind."""
        return max((entry.last for entry in self.kinds if entry.last), default=None)


@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """All error records with one fingerprint.

    Attributes:
        fingerprint: The fingerprint.
        type: Class of the exception raised last.
        types: Classes of the whole chain.
        template: Its masked message.
        message: Message of the earliest record.
        culprit: Innermost own-code place, as ``module:function``, or ''.
        logger: Logger of the earliest record.
        count: Number of records.
        first_seen: Time of the earliest.
        last_seen: Time of the latest.
    """

    fingerprint: str
    type: str
    types: tuple[str, ...]
    template: str
    message: str
    culprit: str
    logger: str
    count: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How often a value occurs among the records with a key."""

    key: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class TimeCount:
    """How many records with a key fall into the bucket that begins at ``start``."""

    key: str
    start: datetime
    count: int


@dataclass(frozen=True, slots=True)
class ContrastCount:
    """How a value is spread over the requests with and without the errors of a group.

    Attributes:
        group: The group.
        field: The field; for open fields with its key, such as ``ml.segment.region``.
        value: The value.
        with_error: Failed requests of the group that have the value.
        without_error: Other requests that have it.
    """

    group: str
    field: str
    value: str
    with_error: int
    without_error: int


@dataclass(frozen=True, slots=True)
class ContrastAnswer:
    """Contrast counts, and how many requests each group has and lacks.

    Attributes:
        counts: Values that occur among the failed requests of a group.
        totals: For each group, the requests with its errors and those without.
    """

    counts: tuple[ContrastCount, ...]
    totals: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """A change to a model, for the time line.

    Attributes:
        time: When it was.
        action: What was done, such as `model-deployed`.
        model: The model.
        version: Its version since then.
        previous_version: The one before.
        reason: Why, in the words of whoever did it.
        change: What changed, where it is not the model: a setting or data set.
    """

    time: datetime
    action: str
    model: str
    version: str
    previous_version: str = ""
    reason: str = ""
    change: str = ""


class Store(Protocol):
    """What every store can answer."""

    @property
    def location(self) -> str:
        """Where the store is, for people, without any secret."""
        ...

    def coverage(self, window: Window) -> Coverage:
        """Return how many records of each kind there are."""
        ...

    def set_aside_count(self) -> int:
        """Return how much could not be used so far: lines, or whole indices of a cluster."""
        ...

    def error_patterns(self, window: Window, where: Where = ()) -> list[ErrorPattern]:
        """Return the distinct errors with counts, most frequent first."""
        ...

    def value_counts(
        self,
        kind: str,
        field: str,
        window: Window,
        where: Where = (),
        by: str | None = None,
        limit: int = 1000,
    ) -> list[ValueCount]:
        """Return how often each value of a field occurs, for each value of ``by``."""
        ...

    def time_counts(
        self,
        kind: str,
        seconds: float,
        window: Window,
        where: Where = (),
        by: str | None = None,
    ) -> list[TimeCount]:
        """Return counts in buckets of ``seconds`` since the epoch, for each value of ``by``."""
        ...

    def contrast(
        self,
        fields: Sequence[str],
        groups: Mapping[str, Sequence[str]],
        window: Window,
        where: Where = (),
        limit: int = 50,
    ) -> ContrastAnswer:
        """Count values among predictions with the fingerprints of each group, and without.

        For each group and field only the ``limit`` most frequent values of its failed requests
        are returned. Open and list fields are taken apart into their names and values.
        """
        ...

    def last_before(self, kind: str, moment: datetime, where: Where = ()) -> datetime | None:
        """Return the time of the latest record before a moment."""
        ...

    def first_record(
        self, kind: str, window: Window, where: Where = ()
    ) -> Mapping[str, Any] | None:
        """Return the earliest record as nested dictionaries, or None."""
        ...

    def lifecycle_events(self, window: Window, limit: int = 200) -> list[LifecycleEvent]:
        """Return the earliest life-cycle events of the window, in order."""
        ...

    def histograms(
        self,
        kind: str,
        edges: Mapping[str, Sequence[float]],
        window: Window,
        where: Where = (),
    ) -> dict[str, Histogram]:
        """Return the histogram of each numeric field over its edges; bins are ``[a, b)``."""
        ...

    def moments(
        self, kind: str, fields: Sequence[str], window: Window, where: Where = ()
    ) -> dict[str, Moments]:
        """Return number, sums and extremes of each numeric field."""
        ...

    def time_levels(
        self,
        kind: str,
        field: str,
        seconds: float,
        window: Window,
        by: str,
        where: Where = (),
    ) -> list[TimeLevel]:
        """Return mean and maximum of a numeric field in buckets, for each value of ``by``."""
        ...

    def missing_counts(
        self, kind: str, fields: Sequence[str], window: Window, where: Where = ()
    ) -> dict[str, int]:
        """Return the number of records without a value of each field."""
        ...

    def names(self, kind: str, field: str, window: Window, where: Where = ()) -> list[str]:
        """Return the names in an open field that have a value, such as those of features."""
        ...

    def scan(
        self,
        kind: str,
        fields: Sequence[str],
        window: Window,
        where: Where = (),
        sample: float = 1.0,
    ) -> Iterator[list[Row]]:
        """Yield the values of some fields, a list of rows at a time, in no order.

        For where rows are the point. A missing value is None, times have zones, lists come sorted
        and without repeats. Every store draws the same sample, by ``ml.sampling.key``.
        """
        ...

    def close(self) -> None:
        """Release what the store holds."""
        ...

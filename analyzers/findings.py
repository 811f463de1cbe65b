"""The one shape of a result: reports, incidents and alerts are made from findings only."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")

CauseKind = Literal[
    "change", "resource", "upstream", "restart", "missing-feature", "feature", "value"
]


@dataclass(frozen=True, slots=True)
class Description:
    """What an error group is: its exceptions, place and template.

    Attributes:
        exception: Class of the exception raised last.
        types: Classes of the whole chain.
        culprit: Innermost own-code place, as ``module:function``.
        template: Message template; ``<*>`` are parameters.
        message: A message as it was.
        fingerprints: The fingerprints that make the group.
    """

    kind: ClassVar[str] = "description"

    exception: str
    types: tuple[str, ...]
    culprit: str
    template: str
    message: str
    fingerprints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How often each value of a field occurs among the group's records.

    Attributes:
        field: The field.
        values: Pairs of value and count, the most frequent first.
    """

    kind: ClassVar[str] = "breakdown"

    field: str
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Errors over time; buckets without a record are left out.

    Attributes:
        seconds: Width of a bucket.
        counts: Pairs of a bucket's begin and its errors.
    """

    kind: ClassVar[str] = "timeline"

    seconds: float
    counts: tuple[tuple[datetime, int], ...]


Line = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels over time, to be seen beside the errors.

    Attributes:
        name: What it is, for people.
        field: The field, or '' for what has none.
        seconds: Width of a bucket.
        series: A name, such as that of a host, and its levels by begin of their bucket; buckets
            without a value are left out.
    """

    kind: ClassVar[str] = "levels"

    name: str
    field: str
    seconds: float
    series: tuple[tuple[str, Line], ...]


@dataclass(frozen=True, slots=True)
class Contrast:
    """A value that failed requests have more often than others.

    Attributes:
        field: The field.
        value: Its value.
        with_error: Failed requests of the group that have the value.
        failed: Failed requests of the group.
        without_error: Other requests that have it.
        others: Other requests.
        lift: How many times as frequent it is; None where no other request has it.
        excess: Difference of the two shares.
        p: One-sided p-value of Fisher's exact test.
        q: The same, corrected for all values of all groups looked at.
    """

    kind: ClassVar[str] = "contrast"

    field: str
    value: str
    with_error: int
    failed: int
    without_error: int
    others: int
    lift: float | None
    excess: float
    p: float
    q: float

    @property
    def share(self) -> float:
        """Share of the failed requests that have the value."""
        return self.with_error / self.failed

    @property
    def other_share(self) -> float:
        """Share of the other requests that have it."""
        return self.without_error / self.others


@dataclass(frozen=True, slots=True)
class Measures:
    """What a monitor measured of one thing, such as a feature.

    Attributes:
        name: The thing.
        category: What it is, such as `number`.
        is_alarming: Whether it is more than noise, and large.
        reference: What it was compared with.
        values: Pairs of a measure's name and its value; None where it cannot be said.
        labels: Pairs of a name and a text.
    """

    kind: ClassVar[str] = "measures"

    name: str
    category: str
    is_alarming: bool
    reference: str
    values: tuple[tuple[str, float | None], ...]
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StackTrace:
    """A representative stack trace: that of the earliest record.

    Attributes:
        event_id: Id of that record.
        text: The trace.
    """

    kind: ClassVar[str] = "stack_trace"

    event_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """The last change to a model before the onset.

    Attributes:
        time: When it was.
        action: What was done, such as `model-deployed`.
        model: The model.
        version: Its version since then.
        previous_version: The one before.
        reason: Why, in the words of whoever did it.
        seconds_before: How long before the latest onset that was.
    """

    kind: ClassVar[str] = "change"

    time: datetime
    action: str
    model: str
    version: str
    previous_version: str
    reason: str
    seconds_before: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One candidate, with its evidence.

    Attributes:
        category: What it is: a change to the model or service, a resource that ran out or grew, an
            error of somebody else in the same traces or on the same hosts, a restart, a feature
            that is missing or of unusual value, or any other value that failed requests share.
        field: The field that shows it.
        value: Its value.
        score: How much of the group it explains, from 0 to 1, given contrast and timing. It is no
            probability: how often causes of a score were right on known faults stands in
            `benchmarks/results/root_cause.md`.
        share: Share of the failed requests that it touches.
        other_share: Share of the other requests at the same time that it touches; None where this
            cannot be said.
        lift: How many times as frequent it is among the failed; None without such requests.
        p: Probability of this contrast, or of this timing, by chance; None where nothing was
            tested.
        q: The same, corrected for all that was looked at.
        time: When it happened; None for what has no time.
        lead_seconds: How long before the latest onset that was.
        sentence: The cause in words.
    """

    kind: ClassVar[str] = "cause"

    category: CauseKind
    field: str
    value: str
    score: float
    share: float
    other_share: float | None
    lift: float | None
    p: float | None
    q: float | None
    time: datetime | None = None
    lead_seconds: float | None = None
    sentence: str


@dataclass(frozen=True, slots=True)
class Member:
    """An error group, or what a monitor found, that is part of an incident.

    Attributes:
        group: Its id.
        subject: Its name.
        n: Its errors, or the values that a monitor looked at.
        is_symptom: Whether another group of the incident causes it.
        category: What it is: `error-group`, or the kind of what a monitor found.
    """

    kind: ClassVar[str] = "member"

    group: str
    subject: str
    n: int
    is_symptom: bool
    category: str = "error-group"


GroupState = Literal["new", "ongoing", "escalating", "regressed", "resolved", "ignored"]


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """Where an error group stands.

    Attributes:
        state: New in this window, ongoing, escalating, regressed, resolved or ignored.
        reason: Why, in words.
        owner: Who looks after it, or None.
        note: What was written down about it, or None.
    """

    kind: ClassVar[str] = "life_cycle"

    state: GroupState
    reason: str
    owner: str | None = None
    note: str | None = None


Evidence = (
    Description
    | Breakdown
    | Timeline
    | Levels
    | Measures
    | Contrast
    | StackTrace
    | Change
    | Cause
    | Member
    | LifeCycle
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result.

    Attributes:
        kind: What was found, such as ``error-group``.
        id: Stable id: the same for the same subject in every run.
        subject: What it is about.
        summary: One sentence.
        model: The model, where it is one.
        version: Its version, where it is one.
        segment: The segment, where it is one.
        since: Begin of the window looked at.
        until: End of the window.
        n: Number of records behind it.
        requests: Requests that it could have touched; 0 where it is tied to none.
        effect: Share of those requests that it did touch; None without requests.
        p: p-value of the strongest evidence; None where nothing was tested.
        q: The same, corrected for multiple tests.
        onset: Earliest and latest time at which it can have begun.
        last_seen: When it was seen last.
        severity: info, warning or critical.
        evidence: What it rests on.
    """

    kind: str
    id: str
    subject: str
    summary: str
    model: str | None
    version: str | None
    segment: str | None = None
    since: datetime | None
    until: datetime | None
    n: int
    requests: int
    effect: float | None
    p: float | None
    q: float | None
    onset: tuple[datetime, datetime]
    last_seen: datetime
    severity: Severity
    evidence: tuple[Evidence, ...]

    def document(self) -> dict[str, Any]:
        """Return the finding as plain values, ready for JSON."""
        document = {
            field.name: plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name != "evidence"
        }
        document["evidence"] = [{"kind": item.kind, **_fields(item)} for item in self.evidence]
        return document


def plain(value: Any) -> Any:
    """Return a value as JSON has it: times as ISO 8601 in UTC, no NaN, no infinity."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    return value


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}

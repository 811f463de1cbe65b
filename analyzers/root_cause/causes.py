"""What may have caused an error group, and how strongly the records say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

CauseKind = Literal["change", "resource", "upstream", "missing-feature", "feature", "value"]

DEPTH: dict[CauseKind, int] = {
    "change": 0,
    "resource": 1,
    "upstream": 2,
    "missing-feature": 3,
    "feature": 4,
    "value": 5,
}
"""Of two causes that explain equally much, the one that explains the other comes first."""

MINIMUM_SCORE = 0.25
"""Below it a candidate explains too little to be named a cause."""

TIE = 0.02
"""Difference in score within which two causes are a tie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One candidate, with its evidence.

    Attributes:
        kind: What it is: a change to the model or service, a resource that ran out, an error of
            somebody else in the same traces, a feature that is missing or of unusual value, or any
            other value that failed requests share.
        field: The field that shows it.
        value: Its value.
        score: How much of the group it explains, from 0 to 1, given contrast and timing.
        share: Share of the failed requests that it touches.
        other_share: Share of the other requests at the same time that it touches; None where this
            cannot be said.
        lift: How many times as frequent it is among the failed; None without such requests.
        p: Probability of this contrast, or of this timing, by chance.
        q: The same, corrected for all that was looked at.
        time: When it happened; None for what has no time.
        lead_seconds: How long before the latest onset that was.
        sentence: The cause in words.
    """

    kind: CauseKind
    field: str
    value: str
    score: float
    share: float
    other_share: float | None
    lift: float | None
    p: float
    q: float
    time: datetime | None = None
    lead_seconds: float | None = None
    sentence: str

    evidence_kind: ClassVar[str] = "cause"

    @property
    def rank(self) -> tuple[float, int, str, str]:
        """Return what causes are sorted by: score, depth, name."""
        return (-round(self.score / TIE), DEPTH[self.kind], self.field, self.value)


def plain_cause(cause: Cause) -> dict[str, Any]:
    """Return a cause as plain values, ready for JSON."""
    from analyzers.findings import plain

    fields: dict[str, Any] = plain(cause)
    return fields

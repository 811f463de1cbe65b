"""The questions that checks of quality ask of data, whether of a file or of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from analyzers.monitors.drift.comparing import Counts
from analyzers.monitors.references.profiles import ColumnProfile


@dataclass(frozen=True, slots=True)
class Violations:
    """How many values break a rule.

    Attributes:
        n: Values looked at.
        count: Those of them that break it.
        examples: Some of those, the most frequent.
        is_exact: Whether it is certain that there are no more.
    """

    n: int
    count: int
    examples: tuple[str, ...] = ()
    is_exact: bool = True


class QualitySource(Protocol):
    """Data, as far as their quality is concerned. Columns that are not there have no values."""

    @property
    def name(self) -> str:
        """Where the data are, for people."""
        ...

    @property
    def rows(self) -> int:
        """Number of rows."""
        ...

    @property
    def kinds(self) -> Mapping[str, str]:
        """`number`, `category` or `other` for each column."""
        ...

    def missing(self, column: str) -> int:
        """Return the number of rows without a value."""
        ...

    def not_numbers(self, column: str) -> Violations:
        """Return the values that are no finite number."""
        ...

    def outside(self, column: str, minimum: float | None, maximum: float | None) -> Violations:
        """Return the numbers beyond two bounds, which are allowed themselves."""
        ...

    def other_than(self, column: str, values: Sequence[str]) -> Violations:
        """Return the values that are none of these."""
        ...

    def not_matching(self, column: str, pattern: str) -> Violations:
        """Return the values that a regular expression does not match as a whole."""
        ...

    def repeated(self, column: str) -> Violations:
        """Return the values that were there before."""
        ...

    def not_comparing(self, column: str, operator: str, other: str) -> Violations:
        """Return the rows where two values, both there, do not compare so."""
        ...

    def duplicates(self) -> int:
        """Return the rows that were there before."""
        ...

    def counts(self, columns: Mapping[str, ColumnProfile]) -> dict[str, Counts]:
        """Return the counts of columns over the edges, or of the categories, of a reference."""
        ...

"""Quality of the predictions of a store, from counts alone."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analyzers.monitors.drift.comparing import Counts
from analyzers.monitors.quality.sources import Violations
from analyzers.monitors.references.profiles import ColumnProfile
from analyzers.monitors.references.records import (
    CATEGORIES,
    NUMBERS,
    OUTPUTS,
    count_columns,
    field_of,
    missing_counts,
)
from analyzers.stores.base import Condition, Store, Where, Window
from analyzers.stores.counting import count_requests

KIND = "prediction"
ID = "ml.prediction.id"
INVALID = "ml.features.invalid"

LISTED = 1_000
"""Distinct values that patterns and repeats are looked for in, the most frequent."""

SAMPLED = 100_000
"""Rows, about, that are read where two columns are compared."""

EXAMPLES = 5
_LARGEST = 1e300

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
    "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


class RecordQuality:
    """The predictions of a window.

    Args:
        store: Where they are.
        window: Time to look at.
        where: Conditions, such as on the model.

    Raises:
        StoreError: If the store cannot be read.
    """

    def __init__(self, store: Store, window: Window, where: Where = ()) -> None:
        self._store = store
        self._asked = (window, tuple(where))
        self.name = store.location
        self.rows = count_requests(store, window, where)
        found = dict.fromkeys(store.names(KIND, CATEGORIES, window, where), "category")
        found |= dict.fromkeys(store.names(KIND, NUMBERS, window, where), "number")
        absent = store.missing_counts(KIND, list(OUTPUTS.values()), window, where)
        for name, field in OUTPUTS.items():
            if absent[field] < self.rows:
                found[name] = "category" if name == "label" else "number"
        self.kinds: Mapping[str, str] = found

    def missing(self, column: str) -> int:
        """Return the predictions without a value; of outputs those that did not fail."""
        if column not in self._names():
            return self.rows
        field = self._field(column)
        return missing_counts(self._store, [field], *self._asked)[field]

    def not_numbers(self, column: str) -> Violations:
        """Return the values that are no finite number: infinite ones, and texts."""
        name = self._name(column)
        infinite = self._count(Condition(INVALID, "any_of", (name,)))
        texts = self._count(Condition(f"{CATEGORIES}.{name}", "exists"))
        numbers = self.rows - self._missing_of(field_of(column, is_number=True))
        return Violations(numbers + infinite + texts, infinite + texts)

    def outside(self, column: str, minimum: float | None, maximum: float | None) -> Violations:
        """Return the numbers beyond two bounds."""
        low = -_LARGEST if minimum is None else minimum
        high = _LARGEST if maximum is None else maximum
        field = field_of(column, is_number=True)
        if low == high:
            high = low + abs(low) * 1e-12 + 1e-300
        found = self._store.histograms(KIND, {field: [low, high]}, *self._asked)[field]
        return Violations(found.n, found.below + found.above)

    def other_than(self, column: str, values: Sequence[str]) -> Violations:
        """Return the values that are none of these."""
        field = self._field(column)
        n = self.rows - self._missing_of(field)
        right = self._count(Condition(field, "any_of", tuple(values)))
        listed = self._store.value_counts(KIND, field, *self._asked, limit=LISTED)
        examples = [item.value for item in listed if item.value not in values][:EXAMPLES]
        return Violations(n, n - right, tuple(examples))

    def not_matching(self, column: str, pattern: str) -> Violations:
        """Return the values that a regular expression does not match, of the most frequent."""
        field = self._field(column)
        n = self.rows - self._missing_of(field)
        listed = self._store.value_counts(KIND, field, *self._asked, limit=LISTED)
        wanted = re.compile(pattern)
        wrong = [item for item in listed if wanted.fullmatch(item.value) is None]
        looked_at = sum(item.count for item in listed)
        examples = tuple(item.value for item in wrong[:EXAMPLES])
        count = sum(item.count for item in wrong)
        return Violations(looked_at, count, examples, is_exact=looked_at == n)

    def repeated(self, column: str) -> Violations:
        """Return the values that were there before, of the most frequent."""
        field = ID if column == ID else self._field(column)
        n = self.rows - self._missing_of(field)
        listed = self._store.value_counts(KIND, field, *self._asked, limit=LISTED)
        twice = [item for item in listed if item.count > 1]
        count = sum(item.count - 1 for item in twice)
        examples = tuple(item.value for item in twice[:EXAMPLES])
        return Violations(n, count, examples, is_exact=len(twice) < LISTED)

    def not_comparing(self, column: str, operator: str, other: str) -> Violations:
        """Return the rows where two values do not compare so, of a sample where there are many."""
        if column not in self._names() or other not in self._names():
            return Violations(0, 0)
        fields = [self._field(column), self._field(other)]
        share = min(1.0, SAMPLED / max(1, self.rows))
        compare = _COMPARE[operator]
        n = wrong = 0
        for rows in self._store.scan(KIND, fields, *self._asked, sample=share):
            for a, b in rows:
                if a is None or b is None:
                    continue
                n += 1
                wrong += not (compare(a, b) if type(a) is type(b) else compare(str(a), str(b)))
        return Violations(n, wrong, is_exact=share == 1)

    def duplicates(self) -> int:
        """Return the predictions whose id was there before, of the most frequent ids."""
        return self.repeated(ID).count

    def counts(self, columns: Mapping[str, ColumnProfile]) -> dict[str, Counts]:
        """Return the counts of columns over the edges, or of the categories, of a reference."""
        return count_columns(self._store, *self._asked, columns)

    def _names(self) -> set[str]:
        return {*self.kinds, *OUTPUTS}

    def _name(self, column: str) -> str:
        return column.replace(".", "_")

    def _field(self, column: str) -> str:
        kind = self.kinds.get(self._name(column)) or self.kinds.get(column)
        return field_of(column, is_number=kind == "number")

    def _missing_of(self, field: str) -> int:
        return self._store.missing_counts(KIND, [field], *self._asked)[field]

    def _count(self, condition: Condition) -> int:
        window, where = self._asked
        return count_requests(self._store, window, [*where, condition])

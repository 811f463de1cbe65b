"""The drift report: a reference, what is compared with it, and how each column differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analyzers.findings import plain
from analyzers.monitors.columns import count_numbers
from analyzers.monitors.drift import ColumnDrift, Counts, compare
from analyzers.monitors.profiles import NumberProfile
from analyzers.monitors.records import count_columns, new_columns
from analyzers.monitors.references import Reference
from analyzers.monitors.tables import Table
from analyzers.stores.base import Store, Where, Window
from analyzers.stores.counting import count_requests


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How columns differ from a reference.

    Attributes:
        reference: Where the reference is from.
        current: Where the rows are from that are compared with it.
        reference_rows: Rows of the reference.
        rows: Rows compared.
        columns: The columns, those that drifted most first.
        missing_columns: Columns of the reference that are not there any more.
        new_columns: Columns that the reference has not.
        skipped: Columns that are not compared, and why.
    """

    reference: str
    current: str
    reference_rows: int
    rows: int
    columns: tuple[ColumnDrift, ...]
    missing_columns: tuple[str, ...]
    new_columns: tuple[str, ...]
    skipped: Mapping[str, str]

    @property
    def drifted(self) -> list[ColumnDrift]:
        """The columns whose shift is both sure and large."""
        return [column for column in self.columns if column.is_drifted]

    def document(self) -> dict[str, Any]:
        """Return the report as plain values, ready for JSON."""
        return {
            "kind": "drift-report",
            "reference": self.reference,
            "current": self.current,
            "reference_rows": self.reference_rows,
            "rows": self.rows,
            "drifted": [column.column for column in self.drifted],
            "missing_columns": list(self.missing_columns),
            "new_columns": list(self.new_columns),
            "skipped": dict(self.skipped),
            "columns": [plain(column) for column in self.columns],
        }


def report_window(
    reference: Reference, store: Store, window: Window, where: Where = ()
) -> DriftReport:
    """Compare a window of a store's predictions with a reference.

    Args:
        reference: The reference.
        store: Where the predictions are.
        window: Time to look at.
        where: Conditions, such as on the model.

    Raises:
        StoreError: If the store cannot be read.
    """
    counts = count_columns(store, window, where, reference.columns)
    gone = [name for name, now in counts.items() if not now.n and reference.columns[name].n]
    return DriftReport(
        reference=reference.source,
        current=store.location,
        reference_rows=reference.rows,
        rows=count_requests(store, window, where),
        columns=tuple(compare(reference.columns, counts)),
        missing_columns=tuple(sorted(gone)),
        new_columns=tuple(new_columns(store, window, where, reference.columns)),
        skipped=reference.skipped,
    )


def report_drift(reference: Reference, table: Table, current: str) -> DriftReport:
    """Compare a table with a reference.

    Args:
        reference: The reference.
        table: The table.
        current: Where it is from.
    """
    counts: dict[str, Counts] = {}
    for name, profile in reference.columns.items():
        if name in table.numbers:
            edges = profile.edges if isinstance(profile, NumberProfile) else (0.0, 1.0)
            counts[name] = count_numbers(table.numbers[name], edges)
        elif name in table.categories:
            counts[name] = table.categories[name]
    known = {*reference.columns, *reference.skipped}
    there = {*table.numbers, *table.categories, *table.skipped}
    gone = [name for name in reference.columns if name not in there]
    return DriftReport(
        reference=reference.source,
        current=current,
        reference_rows=reference.rows,
        rows=table.rows,
        columns=tuple(compare(reference.columns, counts)),
        missing_columns=tuple(sorted(gone)),
        new_columns=tuple(sorted(there - known)),
        skipped={**reference.skipped, **table.skipped},
    )

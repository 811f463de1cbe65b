"""The drift report: a reference, what is compared with it, and how each column differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from analyzers.findings import plain
from analyzers.monitors.drift.comparing import ColumnDrift, Counts, compare, compare_groups
from analyzers.monitors.drift.domain_classifier import DomainClassification, Rows, classify_domains
from analyzers.monitors.references.components import Reconstruction, reconstruct
from analyzers.monitors.references.profiles import ColumnProfile
from analyzers.monitors.references.records import (
    count_columns,
    in_segment,
    new_columns,
    window_rows,
)
from analyzers.monitors.references.reference import Reference
from analyzers.monitors.references.tables import Table, count_table, with_vectors
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
        segment: Name of the segment whose values are compared by themselves, or None.
        segments: The columns of each of its values; their tests are corrected together.
        reconstruction: Whether numeric columns still go together as they did, or None.
        domain: Whether rows of now can be told from those of the reference, or None.
    """

    reference: str
    current: str
    reference_rows: int
    rows: int
    columns: tuple[ColumnDrift, ...]
    missing_columns: tuple[str, ...]
    new_columns: tuple[str, ...]
    skipped: Mapping[str, str]
    segment: str | None = None
    segments: Mapping[str, tuple[ColumnDrift, ...]] = field(default_factory=dict)
    reconstruction: Reconstruction | None = None
    domain: DomainClassification | None = None

    @property
    def drifted(self) -> list[ColumnDrift]:
        """The columns whose shift is both sure and large."""
        return [column for column in self.columns if column.is_drifted]

    @property
    def is_alarming(self) -> bool:
        """Whether anything drifted: a column, of all rows or of a segment, or all together."""
        return (
            bool(self.drifted or self.missing_columns)
            or any(one.is_drifted for columns in self.segments.values() for one in columns)
            or (self.reconstruction is not None and self.reconstruction.is_drifted)
            or (self.domain is not None and self.domain.is_drifted)
        )

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
            "segment": self.segment,
            "segments": {
                value: [plain(column) for column in columns]
                for value, columns in self.segments.items()
            },
            "reconstruction": plain(self.reconstruction),
            "domain": plain(self.domain),
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
        segment=reference.segment,
        segments=_segments_of_window(reference, store, window, where),
        reconstruction=_reconstruction_of_window(reference, store, window, where),
    )


def report_drift(
    reference: Reference,
    table: Table,
    current: str,
    parts: Mapping[str, Table] | None = None,
) -> DriftReport:
    """Compare a table with a reference.

    Args:
        reference: The reference.
        table: The table.
        current: Where it is from.
        parts: The part of it that each value of the reference's segment is.
    """
    table = with_vectors(table, reference.directions)
    counts = count_table(table, reference.columns)
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
        segment=reference.segment,
        segments=_compared(
            {
                value: (known_part.columns, count_table(part, known_part.columns))
                for value, known_part in reference.segments.items()
                if (part := (parts or {}).get(value)) is not None
            }
        ),
        reconstruction=None
        if reference.components is None
        else reconstruct(reference.components, table.numbers),
    )


def with_domain(report: DriftReport, reference: Rows, current: Rows) -> DriftReport:
    """Return a report that also says whether rows of both sides can be told apart.

    Args:
        report: The report.
        reference: Rows of the reference.
        current: Rows of now.
    """
    return replace(report, domain=classify_domains(reference, current))


def _segments_of_window(
    reference: Reference, store: Store, window: Window, where: Where
) -> dict[str, tuple[ColumnDrift, ...]]:
    if reference.segment is None:
        return {}
    name = reference.segment
    return _compared(
        {
            value: (
                part.columns,
                count_columns(store, window, [*where, in_segment(name, value)], part.columns),
            )
            for value, part in reference.segments.items()
        }
    )


def _compared(
    groups: Mapping[str, tuple[Mapping[str, ColumnProfile], Mapping[str, Counts]]],
) -> dict[str, tuple[ColumnDrift, ...]]:
    return {value: tuple(columns) for value, columns in compare_groups(groups).items()}


def _reconstruction_of_window(
    reference: Reference, store: Store, window: Window, where: Where
) -> Reconstruction | None:
    known = reference.components
    if known is None:
        return None
    rows = window_rows(store, window, where, known.columns)
    return reconstruct(known, rows.numbers)

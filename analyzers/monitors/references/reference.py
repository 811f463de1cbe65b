"""A reference: what a model's inputs, outputs and errors looked like, to compare with later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analyzers.findings import plain
from analyzers.monitors.performance.outcome_profiles import OutcomeProfile, read_outcome_profile
from analyzers.monitors.references.components import Components, read_components
from analyzers.monitors.references.profiles import ColumnProfile, column_document, read_column

FORMAT = 1
"""Version of the file's format; a newer one than this is refused."""


@dataclass(frozen=True, slots=True)
class SegmentProfile:
    """The profile of a part of a reference's rows.

    Attributes:
        rows: Number of rows.
        columns: Profile of each column.
    """

    rows: int
    columns: Mapping[str, ColumnProfile]


@dataclass(frozen=True, slots=True)
class Reference:
    """The profile of a model version's inputs and outputs.

    Attributes:
        rows: Number of rows.
        columns: Profile of each column.
        skipped: Columns without a profile, and why.
        model: The model, or None.
        version: Its version, or None.
        source: What it was made from.
        created: When.
        outcomes: How good its predictions were, or None where that is not known.
        segment: Name of the segment, or column, that it also knows the parts of, or None.
        segments: Profile of each part, by value.
        components: How numeric columns go together, or None.
        directions: Mean of each column of vectors.
    """

    rows: int
    columns: Mapping[str, ColumnProfile]
    skipped: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    version: str | None = None
    source: str = ""
    created: datetime | None = None
    outcomes: OutcomeProfile | None = None
    segment: str | None = None
    segments: Mapping[str, SegmentProfile] = field(default_factory=dict)
    components: Components | None = None
    directions: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the reference as plain values, ready for JSON."""
        return {
            "kind": "reference",
            "format": FORMAT,
            "model": self.model,
            "version": self.version,
            "source": self.source,
            "created": plain(self.created),
            "rows": self.rows,
            "skipped": dict(self.skipped),
            "columns": _columns_document(self.columns),
            "outcomes": None if self.outcomes is None else self.outcomes.document(),
            "segment": self.segment,
            "segments": {
                value: {"rows": part.rows, "columns": _columns_document(part.columns)}
                for value, part in self.segments.items()
            },
            "components": None if self.components is None else self.components.document(),
            "directions": {name: list(mean) for name, mean in self.directions.items()},
        }


class ReferenceFileError(ValueError):
    """A file is no reference; the message says why."""


def read_reference(document: Any) -> Reference:
    """Return a reference from plain values.

    Raises:
        ReferenceFileError: If they are none, or of a newer format.
    """
    if not isinstance(document, Mapping) or document.get("kind") != "reference":
        raise ReferenceFileError("it is no reference: `elkhound reference create FILE` makes one")
    if not isinstance(document.get("format"), int) or document["format"] > FORMAT:
        raise ReferenceFileError(
            f"its format is {document.get('format')!r}, and this reads {FORMAT}"
        )
    try:
        columns = _read_columns(document["columns"])
        components = document.get("components")
        created, outcomes = document.get("created"), document.get("outcomes")
        return Reference(
            rows=int(document["rows"]),
            columns=columns,
            skipped=dict(document.get("skipped") or {}),
            model=document.get("model"),
            version=document.get("version"),
            source=str(document.get("source") or ""),
            created=datetime.fromisoformat(created) if created else None,
            outcomes=None if outcomes is None else read_outcome_profile(outcomes),
            segment=document.get("segment"),
            segments={
                str(value): SegmentProfile(int(part["rows"]), _read_columns(part["columns"]))
                for value, part in (document.get("segments") or {}).items()
            },
            components=None if components is None else read_components(components),
            directions={
                str(name): tuple(map(float, mean))
                for name, mean in (document.get("directions") or {}).items()
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReferenceFileError(f"it is damaged: {error!r}") from error


def _columns_document(columns: Mapping[str, ColumnProfile]) -> dict[str, Any]:
    return {name: column_document(profile) for name, profile in columns.items()}


def _read_columns(document: Mapping[str, Any]) -> dict[str, ColumnProfile]:
    return {str(name): read_column(column) for name, column in document.items()}

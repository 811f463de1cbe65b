"""A reference: what a model's inputs, outputs and errors looked like, to compare with later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analyzers.findings import plain
from analyzers.monitors.outcome_profiles import OutcomeProfile, read_outcome_profile
from analyzers.monitors.profiles import ColumnProfile, column_document, read_column

FORMAT = 1
"""Version of the file's format; a newer one than this is refused."""


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
    """

    rows: int
    columns: Mapping[str, ColumnProfile]
    skipped: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    version: str | None = None
    source: str = ""
    created: datetime | None = None
    outcomes: OutcomeProfile | None = None

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
            "columns": {name: column_document(p) for name, p in self.columns.items()},
            "outcomes": None if self.outcomes is None else self.outcomes.document(),
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
        columns = {str(name): read_column(c) for name, c in document["columns"].items()}
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
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReferenceFileError(f"it is damaged: {error!r}") from error

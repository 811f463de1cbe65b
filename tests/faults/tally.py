"""The table of the failure matrix: sent, delivered, duplicates in the index, dropped and counted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

LONG = os.environ.get("ELKHOUND_FAULTS") == "long"
"""Whether the long form of the matrix is wanted."""

REPORT = os.environ.get("ELKHOUND_FAULTS_REPORT")
"""File for the table, beside the terminal."""

HEADER = (
    "| what happens | sent | delivered | duplicates in the index | sent twice | dropped, counted | note |\n"
    "|---|---|---|---|---|---|---|"
)


@dataclass
class Row:
    """One row of the matrix.

    Attributes:
        what: What happens.
        sent: Log calls before the sync point.
        delivered: How many of them are in the index.
        duplicates: Documents of the index that are there twice.
        resent: Records that came over the wire more than once.
        dropped: Records that the shipper says it dropped.
        note: What else was measured.
    """

    what: str
    sent: int
    delivered: int
    duplicates: int = 0
    resent: int = 0
    dropped: int = 0
    note: str = ""

    def __str__(self) -> str:
        return (
            f"| {self.what} | {self.sent:,} | {self.delivered:,} | {self.duplicates} | "
            f"{self.resent:,} | {self.dropped:,} | {self.note} |"
        )


class Matrix:
    """The rows so far."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Add a row, and check what every row must show: all delivered or counted, none twice."""
        self.rows.append(row)
        assert row.delivered + row.dropped == row.sent, row
        assert row.duplicates == 0, row

    def write(self, path: Path) -> None:
        """Write the table to a file."""
        text = "\n".join([HEADER, *map(str, self.rows)])
        path.write_text(text + "\n", encoding="utf-8")

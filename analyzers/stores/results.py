"""Where results are kept: a window is replaced as a whole, so that a re-run changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from analyzers.stores.base import Window

DEFAULT_NAMESPACE = "default"

RESULT_RETENTION = {
    "error-groups": "365d",
    "incidents": "1825d",
    "triage": "3650d",
    "drift": "365d",
    "performance": "365d",
    "quality": "365d",
    "alerts": "365d",
}
"""How long each kind of result is kept after it was computed last."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result.

    Attributes:
        id: Its id: the same for the same subject and window in every run.
        document: Its fields, nested, ready for JSON.
    """

    id: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedResult:
    """A result that the store did not take, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of the results of one window.

    Attributes:
        written: Results that are stored now.
        removed: Earlier results of the window that are no longer found, and went.
        refused: Results that were not taken.
    """

    written: int
    removed: int
    refused: tuple[RefusedResult, ...] = ()


class ResultStore(Protocol):
    """What every store of results can do. ``kind`` is one of ``shipper.schema.RESULTS``."""

    def replace(
        self, kind: str, window: Window, results: Sequence[Result], model: str | None = None
    ) -> Saved:
        """Make these the results of a window, whatever was stored for it before.

        Args:
            kind: Kind of result.
            window: The window.
            results: Its results.
            model: Replace only what is stored for this model, which all of them are about.

        Raises:
            StoreError: If the store cannot be written. The window's earlier results are then
                complete, or are made so by the next run.
        """
        ...

    def put(self, kind: str, results: Sequence[Result]) -> Saved:
        """Store results that live on from run to run, in place of those with the same ids.

        Raises:
            StoreError: If the store cannot be written.
        """
        ...

    def read(
        self, kind: str, window: Window, fields: Sequence[str] = ()
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the results of all windows that end in a window, by window and id.

        Args:
            kind: Kind of result.
            window: The ends of the windows.
            fields: Fields to read, with ``ml.window.until``; all without any.
        """
        ...

    def windows(self, kind: str, seconds: float) -> list[Window]:
        """Return the windows of some length that have results, in order."""
        ...

    def expire(self, kind: str) -> int:
        """Remove results that are older than their retention, and return how many."""
        ...

    def close(self) -> None:
        """Release what the store holds."""
        ...


def days_of(retention: str) -> float:
    """Return a retention such as ``365d`` in days."""
    return (
        float(retention[:-1])
        * {"d": 1.0, "h": 1 / 24, "m": 1 / 1440, "s": 1 / 86400}[retention[-1]]
    )

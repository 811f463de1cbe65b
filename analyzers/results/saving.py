"""Compute and save results window by window: what is finished stays, whatever happens next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from analyzers.findings import Finding
from analyzers.results.documents import result_of
from analyzers.results.windows import overlaps, window_at
from analyzers.stores.base import Store, StoreError, Window
from analyzers.stores.results import ResultStore, Saved

Compute = Callable[[Window], Sequence[Finding]]
"""Returns the findings of a window."""


def windows_to_compute(
    store: Store, results: ResultStore, kind: str, records: str, asked: Window, seconds: int
) -> list[Window]:
    """Return the windows that have records, or have results and might no longer.

    Args:
        store: Where the records are.
        results: Where the results are.
        kind: Kind of result.
        records: Kind of record that the results are about.
        asked: The time to look at; windows that overlap it are meant as a whole.
        seconds: Length of the windows.

    Raises:
        StoreError: If a store cannot be read.
    """
    since = None if asked.since is None else window_at(asked.since, seconds).since
    counts = store.time_counts(records, seconds, Window(since, asked.until))
    busy = {window_at(item.start, seconds) for item in counts}
    stale = {window for window in results.windows(kind, seconds) if overlaps(window, asked)}
    return sorted(busy | stale, key=lambda window: window.since or datetime.max.replace(tzinfo=UTC))


def save_windows(
    results: ResultStore,
    kind: str,
    windows: Sequence[Window],
    compute: Compute,
    model: str | None = None,
) -> Iterator[Saved]:
    """Compute each window, save its findings, and yield what became of them.

    Args:
        results: Where the results are.
        kind: Kind of result.
        windows: The windows.
        compute: Returns the findings of a window.
        model: The model that all findings are about; results of others stay.

    Raises:
        StoreError: If a store does not answer; the sentence says how many windows are finished.
    """
    for done, window in enumerate(windows):
        try:
            created = datetime.now(UTC)
            found = [result_of(finding, window, created) for finding in compute(window)]
            saved = results.replace(kind, window, found, model)
        except StoreError as error:
            raise StoreError(
                f"{error}; {done:,} of {len(windows):,} windows are saved and stay: run it again "
                "for the rest"
            ) from error
        yield saved

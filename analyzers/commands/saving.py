"""Save findings window by window, with progress on a terminal and one line at the end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

import click

from analyzers.commands.options import StoreUnreachable

if TYPE_CHECKING:
    from analyzers.results.saving import Compute
    from analyzers.stores.base import Store, Window
    from analyzers.stores.results import RefusedResult

T = TypeVar("T")

_SHOWN_REFUSALS = 10


def save_findings(
    location: str,
    store: Store,
    kind: str,
    records: str,
    asked: Window,
    seconds: int,
    compute: Compute,
    model: str | None = None,
) -> None:
    """Compute and save the findings of each window; say on standard error what came of it.

    Args:
        location: The store's location; its results are kept there too.
        store: The store.
        kind: Kind of result.
        records: Kind of record that the results are about.
        asked: The time to look at.
        seconds: Length of the windows.
        compute: Returns the findings of a window.
        model: The model that all findings are about; results of others stay.

    Raises:
        StoreError: If a store does not answer.
        StoreUnreachable: If it refused some of the results; the others are saved.
    """
    from analyzers.results.saving import save_windows, windows_to_compute
    from analyzers.stores.opening import open_results

    with contextlib.closing(open_results(location)) as results:
        windows = windows_to_compute(store, results, kind, records, asked, seconds)
        written = removed = 0
        refused: list[RefusedResult] = []
        for saved in _tracked(save_windows(results, kind, windows, compute, model), len(windows)):
            written, removed = written + saved.written, removed + saved.removed
            refused += saved.refused
        removed += results.expire(kind)
    outcome = f"saved {written:,} results of {len(windows):,} windows"
    click.echo(f"{outcome}, removed {removed:,}" if removed else outcome, err=True)
    for item in refused[:_SHOWN_REFUSALS]:
        click.echo(f"refused: result {item.id}: {item.reason}", err=True)
    if refused:
        raise StoreUnreachable(
            f"{len(refused):,} results were refused: `elkhound setup` may mend their mapping"
        )


def _tracked(items: Iterable[T], total: int) -> Iterator[T]:
    """Yield items, with a bar of progress on a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, "Saving windows", total=total, console=Console(stderr=True))

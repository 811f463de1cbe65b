"""The groups of earlier runs, as their stored results have them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from analyzers.errors.grouping import KnownGroup
from analyzers.stores.base import Window
from analyzers.stores.results import ResultStore
from shipper.schema.validation import lookup

KIND = "error-groups"

MEMORY = timedelta(days=90)
"""How long a group may have been away and still have its id."""

_FIELDS = ("error.grouping_key", "error.fingerprint", "error.template", "ml.window.until")


def read_known(results: ResultStore, now: datetime | None = None) -> Iterable[KnownGroup]:
    """Return the groups of stored results.

    Args:
        results: Where the results are.
        now: The current time.

    Raises:
        StoreError: If the store cannot be read.
    """
    known: dict[str, KnownGroup] = {}
    window = Window((now or datetime.now(UTC)) - MEMORY)
    for document in results.read(KIND, window, _FIELDS):
        identity = str(lookup(document, "error.grouping_key"))
        until = datetime.fromisoformat(lookup(document, "ml.window.until"))
        group = known.setdefault(identity, KnownGroup(identity, until))
        prints = lookup(document, "error.fingerprint") or ()
        group.learn(until, prints, str(lookup(document, "error.template") or ""))
    return known.values()

"""Questions of a store that many analyzers ask in the same words."""

from __future__ import annotations

from analyzers.stores.base import Store, Where, Window


def count_requests(store: Store, window: Window, where: Where = ()) -> int:
    """Return the number of predictions.

    Raises:
        StoreError: If the store cannot be read.
    """
    counts = store.value_counts("prediction", "event.outcome", window, where)
    return sum(item.count for item in counts)

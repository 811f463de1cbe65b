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


def models_of(store: Store, window: Window) -> list[str]:
    """Return the names of the models that made predictions, in order.

    Raises:
        StoreError: If the store cannot be read.
    """
    return sorted(item.value for item in store.value_counts("prediction", "ml.model.name", window))


def only_model(store: Store, window: Window) -> str | None:
    """Return the model that made all predictions; None where there are several, or none.

    Raises:
        StoreError: If the store cannot be read.
    """
    found = models_of(store, window)
    return found[0] if len(found) == 1 else None

"""Open the store that a location names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from analyzers.stores.base import Store, StoreError


def open_store(location: str) -> Store:
    """Open a store: a folder, a ``file:`` URL, or an Elasticsearch cluster.

    Raises:
        StoreError: If there is no such store, or what it needs is not installed.
    """
    parts = urlsplit(location)
    try:
        if parts.scheme in ("http", "https"):
            from analyzers.stores.elasticsearch import ElasticsearchStore

            return ElasticsearchStore(location)
        from analyzers.stores.local import LocalStore

        return LocalStore(Path(unquote(parts.path) if parts.scheme == "file" else location))
    except ImportError as error:
        raise StoreError(
            f"this store needs the package {error.name}: pip install 'elkhound[analyzers]'"
        ) from error

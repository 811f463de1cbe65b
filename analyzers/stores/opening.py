"""Open the store that a location names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from analyzers.stores.base import Store, StoreError


def open_store(location: str) -> Store:
    """Open a store: a folder, or a ``file:`` URL.

    Raises:
        StoreError: If there is no such store, or what it needs is not installed.
    """
    parts = urlsplit(location)
    if parts.scheme in ("http", "https"):
        raise StoreError(
            f"{location} is a server: this version reads local folders; give --store FOLDER"
        )
    folder = unquote(parts.path) if parts.scheme == "file" else location
    try:
        from analyzers.stores.local import LocalStore
    except ImportError as error:
        raise StoreError(
            f"the local store needs the package {error.name}: pip install 'elkhound[analyzers]'"
        ) from error
    return LocalStore(Path(folder))

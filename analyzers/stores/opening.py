"""Open the store that a location names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from analyzers.stores.base import Store, StoreError
from analyzers.stores.results import ResultStore


def is_cluster(location: str) -> bool:
    """Return whether a location is a cluster, not a folder."""
    return location.startswith("cloud:") or urlsplit(location).scheme in ("http", "https")


def open_store(location: str) -> Store:
    """Open a store: a folder, a ``file:`` URL, or an Elasticsearch cluster.

    Raises:
        StoreError: If there is no such store, or what it needs is not installed.
    """
    try:
        if is_cluster(location):
            from analyzers.stores.elasticsearch import ElasticsearchStore

            return ElasticsearchStore(location)
        from analyzers.stores.local import LocalStore

        return LocalStore(folder_of(location))
    except ImportError as error:
        raise missing_package(error) from error


def folder_of(location: str) -> Path:
    """Return the folder that a location names, plainly or as a ``file:`` URL."""
    parts = urlsplit(location)
    return Path(unquote(parts.path) if parts.scheme == "file" else location)


def open_results(location: str) -> ResultStore:
    """Open the results that belong to a store.

    Raises:
        StoreError: If the location is wrong, or what it needs is not installed.
    """
    try:
        if is_cluster(location):
            from analyzers.stores.elasticsearch_results import ElasticsearchResults

            return ElasticsearchResults(location)
        from analyzers.stores.local_results import LocalResults

        return LocalResults(folder_of(location))
    except ImportError as error:
        raise missing_package(error) from error


def missing_package(error: ImportError) -> StoreError:
    """Return the sentence about a package that a store needs."""
    return StoreError(
        f"this store needs the package {error.name}: pip install 'elkhound[analyzers]'"
    )

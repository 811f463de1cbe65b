"""Fields by name, and one clear sentence where a question names one that cannot answer it."""

from __future__ import annotations

from analyzers.stores.base import StoreError
from shipper.schema import Field, schema

SAMPLING_KEY = "ml.sampling.key"
_SAMPLING_KEYS = 10_000


def sampling_limit(share: float) -> int:
    """Return the sampling key below which a share of the records lies.

    Raises:
        ValueError: If the share is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError("the share of a sample must lie in (0, 1]")
    return max(1, round(share * _SAMPLING_KEYS))


def known_field(kind: str, name: str) -> Field:
    """Return a field of a kind; for a name in an open field, the field that holds it.

    Raises:
        StoreError: If there is none of that name.
    """
    found = schema(kind).field(name)
    if found is None:
        raise StoreError(f"{kind} records have no field {name}: see docs/fields.md")
    return found


def number_field(kind: str, name: str) -> str:
    """Return the name of a field that holds one number.

    Raises:
        StoreError: If there is none of that name, or it holds something else.
    """
    described = known_field(kind, name)
    if described.type not in ("long", "double") or described.is_array or is_whole(described, name):
        raise StoreError(f"{name} of {kind} records is no number: see docs/fields.md")
    return name


def column_field(kind: str, name: str) -> str:
    """Return the name of a field whose values are kept in a column, and so can be scanned.

    Raises:
        StoreError: If there is none of that name, or it is kept as text or as an object.
    """
    described = known_field(kind, name)
    if described.type in ("text", "object") or is_whole(described, name):
        raise StoreError(f"{name} of {kind} records is kept whole: it cannot be scanned")
    return name


def open_field(kind: str, name: str) -> str:
    """Return the name of an open field.

    Raises:
        StoreError: If there is none of that name, or its names are fixed.
    """
    if not is_whole(known_field(kind, name), name):
        raise StoreError(f"{name} of {kind} records holds no names of the service's choice")
    return name


def is_whole(described: Field, name: str) -> bool:
    """Return whether a name is an open field itself, not one of the names in it."""
    return described.is_open and described.name == name


def field_name(kind: str, name: str) -> str:
    """Return the name of a field, once it is known to be one.

    Raises:
        StoreError: If there is none of that name.
    """
    known_field(kind, name)
    return name

"""Saved objects as Kibana 9.0 and later import them.

The versions are the newest that every Kibana 9 knows: it refuses newer ones, and brings older ones
up to date itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

CORE_VERSION = "8.8.0"
TYPE_VERSIONS = {"dashboard": "10.2.0", "index-pattern": "8.0.0", "search": "10.5.0"}

SavedObject = dict[str, Any]


def saved_object(
    kind: str,
    identity: str,
    attributes: Mapping[str, Any],
    references: Sequence[Mapping[str, str]] = (),
) -> SavedObject:
    """Return one saved object.

    Args:
        kind: ``dashboard``, ``search`` or ``index-pattern``.
        identity: Its id, the same in every version.
        attributes: What it holds.
        references: The objects that it names.
    """
    return {
        "id": identity,
        "type": kind,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": TYPE_VERSIONS[kind],
        "managed": False,
        "attributes": dict(attributes),
        "references": [dict(reference) for reference in references],
    }


def reference(kind: str, identity: str, name: str) -> dict[str, str]:
    """Return a reference to another object, under the name by which it is looked up."""
    return {"type": kind, "id": identity, "name": name}


def text_of(value: Any) -> str:
    """Return a structured attribute as Kibana keeps it: JSON in a string."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

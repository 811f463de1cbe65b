"""How a result index looks: its name, mapping, settings and retention."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from analyzers.stores.results import RESULT_RETENTION
from shipper.schema import RESULT, SCHEMA_VERSION, component_template

_GENERATION = re.compile(r"(?P<alias>.+)-v(?P<number>\d+)")


def first_index(alias: str) -> str:
    """Return the name of the first index behind an alias."""
    return f"{alias}-v1"


def is_generation(index: str) -> bool:
    """Return whether a name is one that setup gives: that of an index behind an alias."""
    return _GENERATION.fullmatch(index) is not None


def next_index(index: str) -> str:
    """Return the name of the index that follows one whose mapping can no longer be changed."""
    match = _GENERATION.fullmatch(index)
    if match is None:
        return first_index(index)
    return f"{match['alias']}-v{int(match['number']) + 1}"


def mappings_of(kind: str, retention: str | None = None) -> dict[str, Any]:
    """Return the mapping of a result index; its retention stands in ``_meta``."""
    shared = component_template(RESULT)["template"]["mappings"]
    mappings: dict[str, Any] = copy.deepcopy(dict(shared))
    _merge(mappings["properties"], component_template(kind)["template"]["mappings"]["properties"])
    mappings["_meta"] = {
        "managed_by": "elkhound",
        "retention": retention or RESULT_RETENTION[kind],
        "schema_version": SCHEMA_VERSION,
    }
    return mappings


def settings_of(kind: str) -> dict[str, Any]:
    """Return the settings of a result index."""
    settings: dict[str, Any] = copy.deepcopy(
        dict(component_template(RESULT)["template"]["settings"])
    )
    _merge(settings, component_template(kind)["template"].get("settings", {}))
    return settings


def retention_of(kind: str, mappings: Mapping[str, Any]) -> str:
    """Return the retention of an index that is there."""
    retention: str = mappings.get("_meta", {}).get("retention", RESULT_RETENTION[kind])
    return retention


def _merge(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    for key, value in source.items():
        if isinstance(value, Mapping) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = copy.deepcopy(value)

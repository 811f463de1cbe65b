"""The schema: one Elasticsearch component template per kind of record, and nothing beside it.

The JSON files in this folder are what Elasticsearch installs. The types of the local store, the
field reference in the documentation and the checks on records read the same files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

SCHEMA_VERSION = 1
ECS_VERSION = "9.2.0"

COMMON = "common"
KINDS = ("prediction", "feedback", "error", "resource", "lifecycle", "service")
DEADLETTER = "deadletter"
"""Stream for what Logstash or Elasticsearch refused; no service makes such records."""
STREAMS = (*KINDS, DEADLETTER)
"""Everything that has a data stream."""

RESULT = "result"
RESULTS = ("error-groups", "incidents", "triage", "drift", "performance", "quality", "alerts")
"""Result indices, written by the analyzers; what all of them carry is in ``result.json``."""

MAXIMUM_KEYWORD_LENGTH = 8191
"""Characters of a keyword; more would pass Lucene's limit of 32,766 bytes for a term."""

MAXIMUM_EVENT_ID_LENGTH = 512
"""Bytes of a document id; Elasticsearch refuses a whole bulk for a longer one."""


def cut_keyword(value: str, limit: int = MAXIMUM_KEYWORD_LENGTH) -> str:
    """Return the beginning of a text that Elasticsearch still indexes as a keyword.

    Args:
        value: The text.
        limit: Characters to keep, counted as Elasticsearch does: an emoji is two.
    """
    if len(value) <= limit // 2 or value.isascii():
        return value[:limit]
    return value.encode("utf-16-le", "replace")[: 2 * limit].decode("utf-16-le", "ignore")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    Attributes:
        name: Dotted name, such as ``ml.model.name``.
        type: Elasticsearch type: keyword, text, long, double, boolean, date, or ``object``
            (an object that is kept but not indexed).
        description: One sentence for the field reference.
        is_array: Whether the field always holds a list.
        is_open: Whether the field is an object whose keys the service chooses; ``type`` is
            then the type of the values.
        values: The values allowed; empty when any will do.
    """

    name: str
    type: str
    description: str
    is_array: bool = False
    is_open: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of one kind of record, the common ones included."""

    kind: str
    description: str
    stream_type: str
    dataset: str
    fields: Mapping[str, Field]
    required: tuple[str, ...]

    def stream(self, namespace: str = "default") -> str:
        """Return the name of the data stream, such as ``logs-ml.prediction-default``.

        That of a result index is ``ml-error-groups-default``.
        """
        return f"{self.stream_type}-{self.dataset}-{namespace}"

    def field(self, name: str) -> Field | None:
        """Return the field that holds ``name``, also where ``name`` is a key of an open field."""
        found = self.fields.get(name)
        if found is not None:
            return found
        parent, _, _ = name.rpartition(".")
        holder = self.fields.get(parent)
        return holder if holder is not None and holder.is_open else None


@cache
def component_template(name: str) -> Mapping[str, Any]:
    """Return one component template as Elasticsearch takes it.

    Args:
        name: ``common``, ``result``, or one of ``STREAMS`` and ``RESULTS``.

    Raises:
        KeyError: If there is no such template.
    """
    if name not in (COMMON, RESULT, *STREAMS, *RESULTS):
        raise KeyError(f"no component template is named {name!r}")
    text = resources.files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    template: dict[str, Any] = json.loads(text)
    return template


@cache
def schema(kind: str) -> Schema:
    """Return the schema of one kind of record, or of one kind of result.

    Raises:
        KeyError: If there is no such kind.
    """
    if kind not in (*STREAMS, *RESULTS):
        raise KeyError(f"{kind!r} is no kind of record; the kinds are {', '.join(KINDS)}")
    common = component_template(_shared_by(kind))
    own = component_template(kind)
    fields: dict[str, Field] = {}
    for template in (common, own):
        fields.update(_fields(template))
    for name, values in own["_meta"].get("values", {}).items():
        fields[name] = replace(fields[name], values=tuple(values))
    stream = own["_meta"].get("data_stream", {"type": "ml", "dataset": kind})
    return Schema(
        kind=kind,
        description=own["_meta"]["description"],
        stream_type=stream["type"],
        dataset=stream["dataset"],
        fields=fields,
        required=(*common["_meta"]["required"], *own["_meta"]["required"]),
    )


@cache
def kind_of_dataset(dataset: str) -> str | None:
    """Return the kind whose data set this is, or None."""
    for kind in KINDS:
        if schema(kind).dataset == dataset:
            return kind
    return None


def component_template_name(name: str) -> str:
    """Return the name under which Elasticsearch keeps a component template."""
    return f"elkhound-{name}"


def index_template(kind: str) -> dict[str, Any]:
    """Return the index template of one kind's data streams or result indices (any namespace)."""
    described = schema(kind)
    template: dict[str, Any] = {
        "index_patterns": [described.stream("*")],
        "priority": 500,
        "composed_of": [component_template_name(name) for name in (_shared_by(kind), kind)],
        "version": SCHEMA_VERSION,
        "_meta": {"description": described.description, "managed_by": "elkhound"},
    }
    if kind in STREAMS:
        template["data_stream"] = {}
        template["template"] = {"settings": {"index": {"mode": "logsdb"}}}
    return template


def _shared_by(kind: str) -> str:
    """Return the name of the component template with what all kinds alike carry."""
    return COMMON if kind in STREAMS else RESULT


def _fields(template: Mapping[str, Any]) -> dict[str, Field]:
    meta = template["_meta"]
    mappings = template["template"]["mappings"]
    open_types = {
        rule["path_match"].removesuffix(".*"): rule["mapping"]["type"]
        for entry in mappings.get("dynamic_templates", [])
        for rule in entry.values()
    }
    arrays = set(meta.get("arrays", []))
    values = meta.get("values", {})
    fields: dict[str, Field] = {}
    for name, mapping in _leaves(mappings["properties"], ""):
        is_open = name in open_types
        fields[name] = Field(
            name=name,
            type=open_types[name] if is_open else mapping["type"],
            description=meta["fields"].get(name, ""),
            is_array=name in arrays,
            is_open=is_open,
            values=tuple(values.get(name, ())),
        )
    return fields


def _leaves(properties: Mapping[str, Any], prefix: str) -> list[tuple[str, Mapping[str, Any]]]:
    found: list[tuple[str, Mapping[str, Any]]] = []
    for key, mapping in properties.items():
        name = f"{prefix}{key}"
        if "properties" in mapping:
            found.extend(_leaves(mapping["properties"], f"{name}."))
        else:
            found.append((name, mapping))
    return found

"""Install, change and remove what Elkhound needs in a cluster."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from analyzers.setup.desired import Category, Desired, stream_pattern
from analyzers.setup.plan import Step, compare
from analyzers.stores.base import StoreError
from analyzers.stores.connecting import OLDEST_SERVER, connect, describe, explained
from shipper.schema import COMMON, STREAMS, component_template_name

# Parts of a template that a server may lack, with what is lost without them.
_OPTIONAL = {
    "lifecycle": "retention: old records are not removed",
    "data_stream_options": "the failure store cannot be switched off",
}

_OF_STREAMS = {component_template_name(name) for name in (COMMON, *STREAMS)}


class Cluster:
    """A cluster that is to be set up.

    Args:
        location: ``https://HOST:9200``; see ``stores.connecting.connect``.
        objects: The templates that it is to hold, in the order in which they must be installed.

    Raises:
        StoreError: If it cannot be reached, or is too old.
    """

    def __init__(self, location: str, objects: Sequence[Desired]) -> None:
        self._location = location
        self._objects = objects
        self._client: Elasticsearch = connect(location)
        self.missing: dict[str, str] = {}
        self._check_version()

    def plan(self) -> list[Step]:
        """Return what has to happen.

        Raises:
            StoreError: If the cluster does not answer.
        """
        with explained(self._location):
            return [self._compare(item)[1] for item in self._objects]

    def apply(self) -> Iterator[Step]:
        """Install what is missing and change what differs; yield each step when it is done.

        Streams that are there already begin a new backing index, so that changes apply to them.

        Raises:
            StoreError: If the cluster refuses.
        """
        changed: set[str] = set()
        for item in self._objects:
            with explained(self._location):
                wanted, step = self._compare(item)
                if step.action != "keep":
                    self._put(wanted)
                    changed.add(item.name)
            yield step
        if changed & _OF_STREAMS:
            self._roll_over()

    def remove(self) -> Iterator[Step]:
        """Remove the templates; records stay.

        Raises:
            StoreError: If the cluster refuses, such as while other templates use ours.
        """
        for item in reversed(self._objects):
            with explained(self._location):
                if self._get(item) is None:
                    continue
                if item.category == "index template":
                    self._client.indices.delete_index_template(name=item.name)
                else:
                    self._client.cluster.delete_component_template(name=item.name)
            yield Step("remove", item.category, item.name)

    def conflicts(self) -> list[str]:
        """Return what stands in the way: plain indices where streams should be, closed indices."""
        found: list[str] = []
        with explained(self._location):
            for kind in STREAMS:
                for name, described in sorted(self._indices(kind, "all").items()):
                    if "data_stream" not in described:
                        found.append(
                            f"{name} is a plain index where a data stream should be: "
                            "reindex it under another name and delete it"
                        )
                    elif described["settings"]["index"].get("verified_before_close") == "true":
                        found.append(
                            f"{name} is closed: its records are not found until it is opened"
                        )
        return found

    @property
    def client(self) -> Elasticsearch:
        """The cluster's client."""
        return self._client

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _check_version(self) -> None:
        with explained(self._location):
            nodes = self._client.nodes.info(filter_path="nodes.*.version").body.get("nodes", {})
        versions = sorted(
            (node["version"] for node in nodes.values()),
            key=lambda text: [int(part) for part in re.findall(r"\d+", text)],
        )
        if not versions:
            raise StoreError(f"{describe(self._location)} does not say its version")
        oldest = tuple(int(part) for part in re.findall(r"\d+", versions[0])[:2])
        if oldest < OLDEST_SERVER:
            raise StoreError(
                f"{describe(self._location)} is Elasticsearch {versions[0]}: 9.0 or newer is needed"
            )

    def _compare(self, item: Desired) -> tuple[Desired, Step]:
        found = self._get(item)
        wanted = self._possible(item)
        body: dict[str, Any] = copy.deepcopy(dict(wanted.body))
        for path in item.keeps:
            _keep(path.split("."), found or {}, body)
        wanted = replace(wanted, body=body)
        return wanted, compare(wanted, found)

    def _possible(self, item: Desired) -> Desired:
        """Return an object without the parts that this server has shown to lack."""
        if not self.missing or item.category != "index template":
            return item
        body: dict[str, Any] = copy.deepcopy(dict(item.body))
        for part in self.missing:
            body.get("template", {}).pop(part, None)
        return replace(item, body=body)

    def _get(self, item: Desired) -> dict[str, Any] | None:
        try:
            if item.category == "index template":
                answer = self._client.indices.get_index_template(name=item.name).body
                found: dict[str, Any] = answer["index_templates"][0]["index_template"]
            else:
                answer = self._client.cluster.get_component_template(name=item.name).body
                found = answer["component_templates"][0]["component_template"]
        except NotFoundError:
            return None
        return found

    def _put(self, item: Desired) -> None:
        wanted = self._possible(item)
        try:
            self._send(wanted.category, wanted.name, wanted.body)
        except BadRequestError as error:
            lacking = [
                part for part in _OPTIONAL if part in str(error.body) and part not in self.missing
            ]
            if not lacking:
                raise
            self.missing |= {part: _OPTIONAL[part] for part in lacking}
            self._put(item)

    def _send(self, category: Category, name: str, body: Any) -> None:
        if category == "index template":
            self._client.indices.put_index_template(name=name, body=dict(body))
        else:
            self._client.cluster.put_component_template(name=name, body=dict(body))

    def _roll_over(self) -> None:
        """Begin a new backing index for each stream that is there."""
        with explained(self._location):
            for kind in STREAMS:
                indices = self._indices(kind, "open").values()
                streams = {described.get("data_stream") for described in indices}
                for stream in sorted(name for name in streams if name):
                    self._client.indices.rollover(alias=stream)

    def _indices(self, kind: str, states: str) -> dict[str, Any]:
        """Return the indices in some states under a kind's pattern, those of its streams."""
        found: dict[str, Any] = self._client.indices.get(
            index=stream_pattern(kind),
            expand_wildcards=states,
            ignore_unavailable=True,
            allow_no_indices=True,
            features="settings",
        ).body
        return found


def _keep(path: Sequence[str], found: Any, body: dict[str, Any]) -> None:
    """Put a value that is there already into a body, unless the part it belongs to is left out."""
    *parents, leaf = path
    node = body
    for part in parents:
        if not isinstance(found, Mapping) or part not in found or part not in node:
            return
        found, node = found[part], node[part]
    if leaf in found:
        node[leaf] = found[leaf]

"""Install and upgrade the result indices: an index behind an alias, and a new one where need be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch
from elasticsearch.helpers import bulk, scan

from analyzers.setup.desired import Category
from analyzers.setup.plan import Step, flatten
from analyzers.stores.base import StoreError
from analyzers.stores.connecting import describe, explained, namespace_of
from analyzers.stores.result_indices import (
    first_index,
    is_generation,
    mappings_of,
    next_index,
    retention_of,
    settings_of,
)
from analyzers.stores.results import DEFAULT_NAMESPACE
from shipper.schema import RESULTS, schema

_CATEGORY: Category = "result index"


@dataclass(frozen=True, slots=True)
class _Place:
    """A result index that is there, or is to be."""

    kind: str
    alias: str
    index: str | None
    mappings: Mapping[str, Any]


class ResultIndices:
    """The result indices of a cluster.

    Args:
        client: The cluster.
        location: Its location; its namespace, or ``default``, gets indices of its own.
        retention: Retention by kind of result; where none is given, that of the index stays.
    """

    def __init__(
        self, client: Elasticsearch, location: str, retention: Mapping[str, str] | None = None
    ) -> None:
        self._client = client
        self._location = location
        self._retention = retention or {}
        namespace = namespace_of(location)
        self._namespace = DEFAULT_NAMESPACE if namespace == "*" else namespace

    def plan(self) -> list[Step]:
        """Return what has to happen.

        Raises:
            StoreError: If the cluster does not answer.
        """
        with explained(self._location):
            return [self._step(place) for place in self._places()]

    def apply(self) -> Iterator[Step]:
        """Make what is missing, and give others the mapping of this version.

        Where a mapping cannot be changed in place, the results move to a new index behind the same
        alias.

        Raises:
            StoreError: If the cluster refuses.
        """
        with explained(self._location):
            places = self._places()
        for place in places:
            with explained(self._location):
                step = self._step(place)
                if step.action == "create":
                    self._create(place, first_index(place.alias), with_alias=True)
                elif step.action == "change":
                    self._change(place)
            yield step

    def remove(self) -> Iterator[Step]:
        """Leave everything as it is: results are no templates."""
        return iter(())

    def conflicts(self) -> list[str]:
        """Return what stands in the way: an index where an alias should be, a closed index."""
        found: list[str] = []
        with explained(self._location):
            for kind in RESULTS:
                for name, entry in self._indices(kind, "all").items():
                    if not entry["aliases"] and not is_generation(name):
                        found.append(
                            f"{name} is an index where an alias should be: "
                            "reindex it under another name and delete it"
                        )
                    elif entry["settings"]["index"].get("verified_before_close") == "true":
                        found.append(f"{name} is closed: open it, or results cannot be saved")
        return found

    def _places(self) -> list[_Place]:
        places: list[_Place] = []
        for kind in RESULTS:
            own = schema(kind).stream(self._namespace)
            found = {
                alias: _Place(kind, alias, name, entry["mappings"])
                for name, entry in self._indices(kind, "open").items()
                for alias in entry["aliases"]
            }
            names = {
                name
                for index, entry in self._indices(kind, "all").items()
                for name in (index, *entry["aliases"])
            }
            if own not in names:
                found[own] = _Place(kind, own, None, {})
            places += [found[alias] for alias in sorted(found)]
        return places

    def _step(self, place: _Place) -> Step:
        if place.index is None:
            return Step("create", _CATEGORY, place.alias)
        there, here = flatten(place.mappings), flatten(self._wanted(place))
        # fields of an older version stay: documents may have them
        differences = tuple(
            (path, there.get(path), value)
            for path, value in sorted(here.items())
            if there.get(path) != value
        )
        return Step("change" if differences else "keep", _CATEGORY, place.alias, differences)

    def _wanted(self, place: _Place) -> dict[str, Any]:
        retention = self._retention.get(place.kind) or retention_of(place.kind, place.mappings)
        return mappings_of(place.kind, retention)

    def _create(self, place: _Place, index: str, with_alias: bool) -> None:
        self._client.indices.create(
            index=index,
            mappings=self._wanted(place),
            settings=settings_of(place.kind),
            aliases={place.alias: {"is_write_index": True}} if with_alias else None,
        )

    def _change(self, place: _Place) -> None:
        index = place.index or ""
        wanted = self._wanted(place)
        try:
            self._client.indices.put_mapping(
                index=index,
                properties=wanted["properties"],
                dynamic=wanted["dynamic"],
                meta=wanted["_meta"],
            )
        except BadRequestError:
            self._move(place, index, next_index(index))

    def _move(self, place: _Place, old: str, new: str) -> None:
        """Copy the results into a new index, and let the alias point there."""
        self._client.indices.delete(index=new, ignore_unavailable=True)  # of a run that broke off
        self._create(place, new, with_alias=False)
        copies = (
            {"_op_type": "index", "_index": new, "_id": hit["_id"], "_source": hit["_source"]}
            for hit in scan(self._client, index=old)
        )
        _, refused = bulk(self._client, copies, raise_on_error=False, max_retries=5)
        if refused:
            self._client.indices.delete(index=new)
            raise StoreError(
                f"{describe(self._location)}: {len(refused)} results in {old} do not fit the new "  # type: ignore[arg-type]
                f"mapping: delete {old} and compute them again"
            )
        self._client.indices.refresh(index=new)
        self._client.indices.update_aliases(
            actions=[
                {"add": {"index": new, "alias": place.alias, "is_write_index": True}},
                {"remove_index": {"index": old}},
            ]
        )

    def _indices(self, kind: str, states: str) -> dict[str, Any]:
        found: dict[str, Any] = self._client.indices.get(
            index=schema(kind).stream("*"),
            expand_wildcards=states,
            ignore_unavailable=True,
            allow_no_indices=True,
        ).body
        return {
            name: {"aliases": {}, "mappings": {}, **entry} for name, entry in sorted(found.items())
        }

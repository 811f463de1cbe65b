"""Who may do what: a role for each part of Elkhound, and an API key with just that role."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from elasticsearch import ApiError, Elasticsearch, NotFoundError

from analyzers.setup.plan import Step
from analyzers.stores.base import StoreError
from analyzers.stores.connecting import describe, explained
from shipper.fingerprint import digest
from shipper.schema import RESULTS, STREAMS, schema

RECORDS = tuple(schema(kind).stream("*") for kind in STREAMS)
"""Patterns of the data streams."""
RESULT_INDICES = tuple(schema(kind).stream("*") for kind in RESULTS)
"""Patterns of the result indices."""

ENCODED = "encoded"
"""File of a key as Elkhound takes it (``ELKHOUND_API_KEY_FILE``)."""
ID_AND_KEY = "id-and-key"
"""File of a key as Logstash takes it (``ELKHOUND_ELASTICSEARCH_API_KEY``)."""

ROLES: Mapping[str, Mapping[str, Any]] = {
    "writer": {
        # Logstash asks for version and licence when it starts
        "cluster": ["monitor"],
        "indices": [{"names": list(RECORDS), "privileges": ["auto_configure", "create_doc"]}],
    },
    "analyzer": {
        "cluster": [],
        "indices": [
            {"names": list(RECORDS), "privileges": ["read", "view_index_metadata"]},
            {
                "names": list(RESULT_INDICES),
                "privileges": ["read", "write", "view_index_metadata", "maintenance"],
            },
        ],
    },
    "reader": {
        "cluster": [],
        "indices": [
            {
                "names": [*RECORDS, *RESULT_INDICES],
                "privileges": ["read", "view_index_metadata"],
            }
        ],
    },
}
"""The roles: writers append records, analyzers read them and write results, readers read both."""

_NO_SUCH_ENDPOINT = (400, 404, 405)


class Access:
    """Roles and API keys of a cluster.

    Args:
        client: The cluster.
        location: Its location, for messages.
        folder: Where the keys are kept: ``<folder>/<role>/``.
    """

    def __init__(self, client: Elasticsearch, location: str, folder: Path) -> None:
        self._client = client
        self._location = location
        self._folder = folder

    def plan(self) -> list[Step]:
        """Return what has to happen.

        Raises:
            StoreError: If the cluster does not answer, or has no security.
        """
        return [step for name in ROLES for step in (self._role_step(name), self._key_step(name))]

    def apply(self) -> Iterator[Step]:
        """Make roles and keys, or bring them up to date; keys that are in use stay the same.

        Raises:
            StoreError: If the cluster refuses, or a key cannot be written.
        """
        for name, role in ROLES.items():
            step = self._role_step(name)
            if step.action != "keep":
                with self._explained():
                    self._client.security.put_role(
                        name=_name(name),
                        cluster=role["cluster"],
                        indices=role["indices"],
                        metadata=_metadata(name),
                    )
            yield step
            step = self._key_step(name)
            if step.action == "create":
                self._create_key(name)
            elif step.action == "change":
                with self._explained():
                    self._client.security.update_api_key(
                        id=self._key_id(name) or "",
                        role_descriptors={_name(name): role},
                        metadata=_metadata(name),
                    )
            yield step

    def remove(self) -> Iterator[Step]:
        """Invalidate the keys, and remove them and the roles.

        Raises:
            StoreError: If the cluster refuses.
        """
        for name in ROLES:
            with self._explained():
                found = self._client.security.invalidate_api_key(name=_name(name))
            for file in (ENCODED, ID_AND_KEY):
                (self._folder / name / file).unlink(missing_ok=True)
            if found.body.get("invalidated_api_keys"):
                yield Step("remove", "API key", _name(name))
            with self._explained():
                if self._role(name) is None:
                    continue
                self._client.security.delete_role(name=_name(name))
            yield Step("remove", "role", _name(name))

    def _role_step(self, name: str) -> Step:
        found = self._role(name)
        if found is None:
            return Step("create", "role", _name(name))
        same = found.get("metadata", {}).get("elkhound") == _metadata(name)["elkhound"]
        return Step("keep" if same else "change", "role", _name(name))

    def _role(self, name: str) -> Mapping[str, Any] | None:
        with self._explained():
            try:
                found: Mapping[str, Any] = self._client.security.get_role(name=_name(name)).body
            except NotFoundError as error:
                if error.body not in ({}, ""):
                    raise  # it is the question that is not known, not the role
                return None
        role: Mapping[str, Any] | None = found.get(_name(name))
        return role

    def _key_step(self, name: str) -> Step:
        identity = self._key_id(name)
        keys: list[dict[str, Any]] = []
        if identity is not None:
            with self._explained(), contextlib.suppress(NotFoundError):
                keys = self._client.security.get_api_key(id=identity).body["api_keys"]
        if not keys or keys[0].get("invalidated"):
            return Step("create", "API key", _name(name))
        same = keys[0].get("metadata", {}).get("elkhound") == _metadata(name)["elkhound"]
        return Step("keep" if same else "change", "API key", _name(name))

    def _create_key(self, name: str) -> None:
        with self._explained():
            made = self._client.security.create_api_key(
                name=_name(name),
                role_descriptors={_name(name): ROLES[name]},
                metadata=_metadata(name),
            ).body
        folder = self._folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write_secret(folder / ENCODED, made["encoded"])
            _write_secret(folder / ID_AND_KEY, f"{made['id']}:{made['api_key']}")
        except OSError as error:
            raise StoreError(f"{folder} cannot be written: {error.strerror}") from error

    def _key_id(self, name: str) -> str | None:
        try:
            text = (self._folder / name / ID_AND_KEY).read_text(encoding="utf-8")
        except OSError:
            return None
        return text.partition(":")[0] or None

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with explained(self._location):
                yield
        except StoreError as error:
            cause = error.__cause__
            if isinstance(cause, ApiError) and cause.status_code in _NO_SUCH_ENDPOINT:
                raise StoreError(
                    f"{describe(self._location)} has no roles and keys (is its security "
                    "switched off?): leave out --keys"
                ) from error
            raise


def _name(role: str) -> str:
    return f"elkhound-{role}"


def _metadata(role: str) -> dict[str, str]:
    """Return what tells a role of this version from one of another."""
    text = orjson.dumps(ROLES[role], option=orjson.OPT_SORT_KEYS).decode()
    return {"elkhound": digest((role, text))}


def _write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)

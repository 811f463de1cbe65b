"""Compare what a cluster holds with what it is to hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from analyzers.setup.desired import Category, Desired

Action = Literal["create", "change", "keep", "remove"]

_DEFAULTS = {"template.lifecycle.enabled": "true", "data_stream.hidden": "false",
             "data_stream.allow_custom_routing": "false"}  # fmt: skip
"""What a server adds to a template by itself."""
_SERVER_OWN = ("created_date", "created_date_millis", "modified_date", "modified_date_millis")


@dataclass(frozen=True, slots=True)
class Step:
    """What is to happen to one object.

    Attributes:
        action: What.
        category: What the object is.
        name: Its name.
        differences: For each setting that differs: its path, the value there, and the value wanted.
    """

    action: Action
    category: Category
    name: str
    differences: tuple[tuple[str, str | None, str | None], ...] = ()


class Part(Protocol):
    """A part of the setup: what it holds can be compared, installed and removed."""

    def plan(self) -> list[Step]:
        """Return what has to happen."""
        ...

    def apply(self) -> Iterator[Step]:
        """Install what is missing and change what differs; yield each step when it is done."""
        ...

    def remove(self) -> Iterator[Step]:
        """Remove what was installed; records and results stay."""
        ...


def compare(wanted: Desired, found: Mapping[str, Any] | None) -> Step:
    """Return what is to happen to one object.

    Args:
        wanted: How it is to be.
        found: How it is; None where it is not there.
    """
    if found is None:
        return Step("create", wanted.category, wanted.name)
    there, here = flatten(found), flatten(wanted.body)
    for path, value in _DEFAULTS.items():
        if path not in here and there.get(path) == value:
            del there[path]
    differences = tuple(
        (path, there.get(path), here.get(path))
        for path in sorted({*there, *here})
        if there.get(path) != here.get(path)
    )
    return Step("change" if differences else "keep", wanted.category, wanted.name, differences)


def flatten(body: Mapping[str, Any]) -> dict[str, str]:
    """Return a definition as texts by path, the way a server writes it and we do alike."""
    flat: dict[str, str] = {}
    _flatten(body, "", flat)
    return {
        _normal(path): value
        for path, value in flat.items()
        if path.rpartition(".")[2] not in _SERVER_OWN
    }


def _normal(path: str) -> str:
    head, found, tail = path.partition("settings.")
    if found and not tail.startswith("index."):
        return f"{head}settings.index.{tail}"
    return path


def _flatten(node: Any, path: str, flat: dict[str, str]) -> None:
    if isinstance(node, Mapping):
        for key, value in node.items():
            _flatten(value, f"{path}.{key}" if path else str(key), flat)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for place, value in enumerate(node):
            _flatten(value, f"{path}[{place}]", flat)
    elif isinstance(node, bool):
        flat[path] = "true" if node else "false"
    elif node is not None:
        flat[path] = str(node)

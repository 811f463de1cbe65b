"""Rules in ``elkhound.toml``: tables of one name, each of them a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analyzers.configuration_keys import (
    GROUPS,
    QUALITY,
    QUALITY_KEYS,
    RULE_KEYS,
    ConfigurationFileError,
    Key,
    checked,
)

if TYPE_CHECKING:
    from analyzers.errors.rules import GroupRule
    from analyzers.monitors.quality.rules import QualityRule

R = TypeVar("R")

_RULE_FIELDS = {
    "type": "types",
    "message": "messages",
    "culprit": "culprits",
    "logger": "loggers",
    "fingerprint": "fingerprints",
}


def read_group_rules(tables: Any, path: Path, text: str) -> tuple[GroupRule, ...]:
    """Return the rules of ``[[groups]]``.

    Raises:
        ConfigurationFileError: If one is wrong.
    """
    from analyzers.errors.rules import GroupRule

    def make(values: Mapping[str, Any]) -> GroupRule:
        return GroupRule(**{_RULE_FIELDS.get(name, name): v for name, v in values.items()})

    return _rules(tables, path, text, GROUPS, RULE_KEYS, make)


def read_quality_rules(tables: Any, path: Path, text: str) -> tuple[QualityRule, ...]:
    """Return the rules of ``[[quality.rules]]``.

    Raises:
        ConfigurationFileError: If one is wrong.
    """
    from analyzers.monitors.quality.rules import QualityRule

    def make(values: Mapping[str, Any]) -> QualityRule:
        if "column" not in values:
            raise ValueError("a rule needs a column")
        return QualityRule(**values)

    return _rules(tables, path, text, QUALITY, QUALITY_KEYS, make)


def _rules(
    tables: Any,
    path: Path,
    text: str,
    name: str,
    keys: Sequence[Key],
    make: Callable[[Mapping[str, Any]], R],
) -> tuple[R, ...]:
    """Return the rules of the tables of a name, such as ``[[groups]]``."""
    known = {key.name: key for key in keys}
    table_line = re.compile(rf"\s*\[\[\s*{re.escape(name)}\s*\]\]")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if table_line.match(line)]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationFileError(f"{path}: each rule is a table of its own: [[{name}]]")
    rules: list[R] = []
    for place, table in enumerate(tables):
        line = lines[place] if len(lines) == len(tables) else 1
        where = f"{path}, rule {place + 1} (line {line})"
        unknown = [name for name in table if name not in known]
        if unknown:
            raise ConfigurationFileError(
                f"{where}: {unknown[0]!r} is no key of a rule; known: {', '.join(known)}"
            )
        values = {name: checked(known[name], value, where) for name, value in table.items()}
        fields = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        try:
            rules.append(make(fields))
        except ValueError as error:
            raise ConfigurationFileError(f"{where}: {error}") from error
    return tuple(rules)

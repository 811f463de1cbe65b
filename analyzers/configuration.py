"""``elkhound.toml``: one file for what every command would otherwise be told again and again.

Arguments win over environment variables, and these over the file. Keys are checked when the file is
read; a mistake is named with its line.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzers.configuration_keys import (
    CONNECTION,
    GROUPS,
    KEYS,
    QUALITY,
    ConfigurationFileError,
    checked,
)
from analyzers.configuration_rules import read_group_rules, read_quality_rules
from analyzers.spans import span_seconds

if TYPE_CHECKING:
    from analyzers.errors.rules import GroupRule
    from analyzers.monitors.quality.rules import QualityRules

FILE = "elkhound.toml"
VARIABLE = "ELKHOUND_CONFIG"

_SECTION = re.compile(r"\s*\[([^\[\]]+)\]")


def find_file(variables: Mapping[str, str] | None = None) -> Path | None:
    """Return the file that ``ELKHOUND_CONFIG`` names, or ``elkhound.toml`` here, or None.

    Raises:
        ConfigurationFileError: If the named file is not there.
    """
    given = (os.environ if variables is None else variables).get(VARIABLE)
    if given:
        path = Path(given)
        if not path.is_file():
            raise ConfigurationFileError(f"{VARIABLE} names {given!r}, which is no file")
        return path
    here = Path(FILE)
    return here if here.is_file() else None


def read_file(path: Path) -> dict[str, Any]:
    """Return the values of a file by the dotted names of their keys.

    Raises:
        ConfigurationFileError: If it is no TOML, has an unknown key, or a value of a wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationFileError(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationFileError(f"{path} cannot be read: {error}") from error
    known = {key.name: key for key in KEYS}
    values: dict[str, Any] = {}
    if GROUPS in document:
        values[GROUPS] = read_group_rules(document.pop(GROUPS), path, text)
    quality = document.get("quality")
    if isinstance(quality, dict) and "rules" in quality:
        values[QUALITY] = read_quality_rules(quality.pop("rules"), path, text)
    for name, value in _leaves(document, ""):
        key = known.get(name)
        where = f"{path}, line {_line_of(text, name)}"
        if key is None:
            raise ConfigurationFileError(
                f"{where}: {name!r} is no key; known: {', '.join(_near(name, known))}"
            )
        values[name] = checked(key, value, where)
    return values


def default_map(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as defaults of the commands' options, the way click takes them."""
    defaults: dict[str, Any] = {}
    for key in KEYS:
        if key.name in values:
            for option in key.options:
                *commands, parameter = option.split(".")
                node = defaults
                for command in commands:
                    node = node.setdefault(command, {})
                node[parameter] = values[key.name]
    return defaults


def connection_options(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the options of the connection to a cluster, by their name in a location."""
    head = f"{CONNECTION}."
    return {name.removeprefix(head): v for name, v in values.items() if name.startswith(head)}


def group_rules(values: Mapping[str, Any]) -> tuple[GroupRule, ...]:
    """Return the rules about error groups."""
    found: tuple[GroupRule, ...] = values.get(GROUPS, ())
    return found


def quality_rules(values: Mapping[str, Any]) -> QualityRules:
    """Return what is declared about the quality of data.

    Raises:
        ConfigurationFileError: If a value cannot be.
    """
    from analyzers.monitors.quality.rules import QualityRules

    freshness = values.get("quality.freshness")
    duplicates = values.get("quality.duplicates")
    seconds = None if freshness is None else span_seconds(freshness)
    if freshness is not None and seconds is None:
        raise ConfigurationFileError(
            f"quality.freshness is {freshness!r}: give a time such as 30m, 2h or 1d"
        )
    if duplicates is not None and not 0 <= duplicates < 1:
        raise ConfigurationFileError("quality.duplicates is a share, from 0 to below 1")
    return QualityRules(
        rules=values.get(QUALITY, ()),
        freshness=seconds,
        minimum_rows=values.get("quality.minimum_rows"),
        duplicates=duplicates,
    )


def _near(name: str, known: Iterable[str]) -> list[str]:
    """Return the keys of a name's own section or, where there is none, all sections and keys."""
    section = name.rpartition(".")[0]
    beside = sorted(one for one in known if one.rpartition(".")[0] == section)
    return beside if section and beside else sorted({one.partition(".")[0] for one in known})


def _leaves(node: Mapping[str, Any], path: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in node.items():
        if isinstance(value, dict):
            found += _leaves(value, f"{path}{key}.")
        else:
            found.append((f"{path}{key}", value))
    return found


def _line_of(text: str, name: str) -> int:
    """Return the line on which a key stands, counted from 1."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        found = _SECTION.match(line)
        if found is not None:
            section = f"{found[1].strip()}."
        key = line.partition("=")[0].strip().strip("\"'")
        if "=" in line and f"{section}{key}" == name:
            return number
    return 1

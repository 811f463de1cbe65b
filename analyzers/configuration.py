"""``elkhound.toml``: one file for what every command would otherwise be told again and again.

Arguments win over environment variables, and these over the file. Keys are checked when the file is
read; a mistake is named with its line.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzers.stores.locations import OPTIONS

if TYPE_CHECKING:
    from analyzers.errors.rules import GroupRule

FILE = "elkhound.toml"
VARIABLE = "ELKHOUND_CONFIG"
CONNECTION = "elasticsearch"
"""Section for the connection to a cluster."""

_TABLE = re.compile(r"\s*\[\[\s*groups\s*\]\]")
_SECTION = re.compile(r"\s*\[([^\[\]]+)\]")


class ConfigurationFileError(ValueError):
    """The file is wrong; the message says where and what would be right."""


GROUPS = "groups"
"""Name of the tables of rules about error groups."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file.

    Attributes:
        name: Dotted name; ``*`` stands for any word.
        kind: ``text``, ``number`` (a whole one), ``flag`` (true or false), or ``texts`` for a list
            of texts (a single text will do).
        meaning: One sentence.
        example: How it is written.
        options: The options it stands for, as ``command.parameter`` or, of a verb,
            ``command.verb.parameter``; none for those of the connection, which every command takes
            that reads a cluster.
    """

    name: str
    kind: str
    meaning: str
    example: str
    options: tuple[str, ...]


TRIAGE = ("explain", "resolve", "ignore", "assign", "reopen")
"""Commands about one error group."""

KEYS = (
    Key(
        "store",
        "text",
        "Store that the commands read: a folder, or https://HOST:9200.",
        'store = "https://localhost:9200?ca=/etc/ssl/elastic.pem"',
        (
            "drift.store",
            "errors.store",
            *(f"errors.{verb}.store" for verb in TRIAGE),
            "forget.store",
            "import.store",
            "incidents.store",
            "reference.create.store",
            "setup.store",
        ),
    ),
    *(
        Key(f"{CONNECTION}.{name}", "text", option.meaning, f'{name} = "{option.example}"', ())
        for name, option in OPTIONS.items()
    ),
    Key("errors.every", "text", "Length of the windows that --save computes.", 'every = "1h"',
        ("errors.every",)),
    Key("drift.every", "text", "The same for drift.", 'every = "1d"', ("drift.every",)),
    Key(
        "ship.to",
        "texts",
        "Destinations in order of preference.",
        'to = ["beats+tls://logstash-1:5044", "beats+tls://logstash-2:5044"]',
        ("ship.urls", "doctor.urls"),
    ),
    Key("ship.spool", "text", "Spool that the doctor looks at.", 'spool = "/var/spool/elkhound"',
        ("doctor.spool",)),
    Key("setup.replicas", "number", "Copies of each stream's shards.", "replicas = 1",
        ("setup.replicas",)),
    Key(
        "setup.retention",
        "texts",
        "How long streams keep their records, as KIND=TIME.",
        'retention = ["error=180d", "service=14d"]',
        ("setup.retention",),
    ),
)  # fmt: skip
"""Every key, what it means, and the options that it is the default of."""


RULE_KEYS = (
    Key("type", "texts", "Exception types that are meant, any of the chain.",
        'type = ["TimeoutError", "requests.exceptions.*"]', ()),
    Key("message", "texts", "Messages that are meant, as they were or as templates.",
        'message = "*payments*"', ()),
    Key("culprit", "texts", "Places that are meant, as `module:function`.",
        'culprit = "shop.clients:*"', ()),
    Key("logger", "texts", "Loggers that are meant.", 'logger = "shop.*"', ()),
    Key("fingerprint", "texts", "Fingerprints that are meant.",
        'fingerprint = "9f86d081884c7d65"', ()),
    Key("key", "text", "Errors with one key are one group. `{type}`, `{culprit}`, `{logger}`, "
        "`{message}` and `{default}` (the group it would be in) keep apart what differs there.",
        'key = "payments-{type}"', ()),
    Key("name", "text", "What to call the group.", 'name = "The payment provider is slow"', ()),
    Key("owner", "text", "Who looks after it.", 'owner = "team-payments"', ()),
    Key("ignore", "flag", "Whether nobody minds it: it is shown, never severe, and no incident.",
        "ignore = false", ()),
)  # fmt: skip
"""Keys of a rule, ``[[groups]]``. ``*`` stands for any text in conditions."""

_RULE_FIELDS = {
    "type": "types",
    "message": "messages",
    "culprit": "culprits",
    "logger": "loggers",
    "fingerprint": "fingerprints",
}


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
        values[GROUPS] = _rules(document.pop(GROUPS), path, text)
    for name, value in _leaves(document, ""):
        key = known.get(name)
        where = f"{path}, line {_line_of(text, name)}"
        if key is None:
            raise ConfigurationFileError(
                f"{where}: {name!r} is no key; known: {', '.join(sorted(known))}"
            )
        values[name] = _checked(key, value, where)
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


def _rules(tables: Any, path: Path, text: str) -> tuple[GroupRule, ...]:
    """Return the rules of ``[[groups]]``."""
    from analyzers.errors.rules import GroupRule

    known = {key.name: key for key in RULE_KEYS}
    lines = [n for n, line in enumerate(text.splitlines(), 1) if _TABLE.match(line)]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationFileError(f"{path}: each rule is a table of its own: [[{GROUPS}]]")
    rules: list[GroupRule] = []
    for place, table in enumerate(tables):
        line = lines[place] if len(lines) == len(tables) else 1
        where = f"{path}, rule {place + 1} (line {line})"
        unknown = [name for name in table if name not in known]
        if unknown:
            raise ConfigurationFileError(
                f"{where}: {unknown[0]!r} is no key of a rule; known: {', '.join(known)}"
            )
        values = {name: _checked(known[name], value, where) for name, value in table.items()}
        fields: dict[str, Any] = {
            _RULE_FIELDS.get(name, name): tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        try:
            rules.append(GroupRule(**fields))
        except ValueError as error:
            raise ConfigurationFileError(f"{where}: {error}") from error
    return tuple(rules)


def _checked(key: Key, value: Any, where: str) -> Any:
    if key.kind == "text":
        if isinstance(value, str) and value:
            return value
        raise ConfigurationFileError(f"{where}: {key.name} must be a text: {key.example}")
    if key.kind == "number":
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise ConfigurationFileError(f"{where}: {key.name} must be a whole number: {key.example}")
    if key.kind == "flag":
        if isinstance(value, bool):
            return value
        raise ConfigurationFileError(f"{where}: {key.name} must be true or false: {key.example}")
    several = [value] if isinstance(value, str) else value
    if isinstance(several, list) and several and all(isinstance(v, str) and v for v in several):
        return several
    raise ConfigurationFileError(f"{where}: {key.name} must be a list of texts: {key.example}")


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

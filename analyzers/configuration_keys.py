"""What may stand in ``elkhound.toml``: every key, what it means, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analyzers.alerts.conditions import CONDITIONS
from analyzers.spans import span_text
from analyzers.stores.locations import OPTIONS

CONNECTION = "elasticsearch"
"""Section for the connection to a cluster."""

GROUPS = "groups"
"""Name of the tables of rules about error groups."""

QUALITY = "quality.rules"
"""Name of the tables of rules about the quality of data."""


class ConfigurationFileError(ValueError):
    """The file is wrong; the message says where and what would be right."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file.

    Attributes:
        name: Dotted name; ``*`` stands for any word.
        kind: ``text``, ``number`` (a whole one), ``decimal`` (any number), ``flag`` (true or
            false), or ``texts`` for a list of texts (a single text will do).
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
            "performance.store",
            "quality.store",
            "reference.create.store",
            "setup.store",
        ),
    ),
    Key("kibana.url", "text", "Kibana that reports on a cluster link to, with its space if it has "
        "one; also ELKHOUND_KIBANA.", 'url = "https://kibana:5601/s/models"', ()),
    *(
        Key(f"{CONNECTION}.{name}", "text", option.meaning, f'{name} = "{option.example}"', ())
        for name, option in OPTIONS.items()
    ),
    Key("errors.every", "text", "Length of the windows that --save computes.", 'every = "1h"',
        ("errors.every",)),
    Key("drift.every", "text", "The same for drift.", 'every = "1d"', ("drift.every",)),
    Key("performance.every", "text", "Length of the windows of performance.", 'every = "1d"',
        ("performance.every",)),
    Key("quality.every", "text", "Length of the windows that --save computes.", 'every = "1d"',
        ("quality.every",)),
    Key("quality.freshness", "text", "Time after which the last prediction is too old.",
        'freshness = "2h"', ()),
    Key("quality.minimum_rows", "number", "Predictions that a window must have.",
        "minimum_rows = 1000", ()),
    Key("quality.duplicates", "decimal", "Share of the rows that may be there twice.",
        "duplicates = 0.001", ()),
    *(
        key
        for one in CONDITIONS
        for key in (
            Key(f"alerts.{one.name}.enabled", "flag", f"Whether to alert: {one.title.lower()}.",
                "enabled = true", ()),
            Key(f"alerts.{one.name}.threshold", "decimal", "The number it is compared with.",
                f"threshold = {one.threshold:g}", ()),
            Key(f"alerts.{one.name}.window", "text", "Span of time that is looked at.",
                f'window = "{span_text(one.window_seconds)}"', ()),
        )
    ),
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

QUALITY_KEYS = (
    Key("column", "text", "What the rule is about: a feature, `score`, `value` or `label`, or a "
        "column of a file.", 'column = "age"', ()),
    Key("type", "text", "`number` or `category`.", 'type = "number"', ()),
    Key("complete", "decimal", "Share of the rows that must have a value.", "complete = 0.99", ()),
    Key("minimum", "decimal", "Smallest value that is allowed.", "minimum = 0", ()),
    Key("maximum", "decimal", "Largest value that is allowed.", "maximum = 120", ()),
    Key("values", "texts", "The only values that are allowed.", 'values = ["free", "gold"]', ()),
    Key("pattern", "text", "Regular expression that the whole value must match.",
        "pattern = '[A-Z]{2}[0-9]+'", ()),
    Key("unique", "flag", "Whether no value may come twice.", "unique = true", ()),
    Key("compare", "text", "What holds between this column and another one in each row; "
        "`== truth` measures the accuracy against a declared truth.", 'compare = "<= total"', ()),
    Key("tolerance", "decimal", "Share of the values that may break the rule; 0 without it.",
        "tolerance = 0.01", ()),
)  # fmt: skip
"""Keys of a rule about the quality of data, ``[[quality.rules]]``."""


def checked(key: Key, value: Any, where: str) -> Any:
    """Return the value of a key.

    Args:
        key: The key.
        value: What stands in the file.
        where: The place, for people.

    Raises:
        ConfigurationFileError: If it is of a wrong type.
    """
    if key.kind == "text":
        if isinstance(value, str) and value:
            return value
        raise ConfigurationFileError(f"{where}: {key.name} must be a text: {key.example}")
    if key.kind == "number":
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise ConfigurationFileError(f"{where}: {key.name} must be a whole number: {key.example}")
    if key.kind == "decimal":
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise ConfigurationFileError(f"{where}: {key.name} must be a number: {key.example}")
    if key.kind == "flag":
        if isinstance(value, bool):
            return value
        raise ConfigurationFileError(f"{where}: {key.name} must be true or false: {key.example}")
    several = [value] if isinstance(value, str) else value
    if isinstance(several, list) and several and all(isinstance(v, str) and v for v in several):
        return several
    raise ConfigurationFileError(f"{where}: {key.name} must be a list of texts: {key.example}")

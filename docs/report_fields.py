"""The page about the JSON of reports, made from what they are made of."""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any, get_args

from analyzers.findings import Evidence, Finding
from analyzers.root_cause.error_report import ErrorReport
from analyzers.root_cause.incidents import IncidentReport
from analyzers.stores.base import Coverage, KindCoverage, LifecycleEvent, SetAside

_ATTRIBUTES = re.compile(r"Attributes:\n(?P<body>(?:    .*\n?|\n)+)")
_ENTRY = re.compile(r"^    (?P<name>\w+): (?P<text>.*(?:\n     .*)*)", re.MULTILINE)

EXTRA = {
    IncidentReport: {
        "state": "Of each incident: `open` while errors come, `over` after 15 minutes without."
    }
}
"""What is added when a report is written."""

INTRODUCTION = """# Reports as JSON

`elkhound errors --format json` prints one object of kind `error-report` (`ndjson`: one finding a
line), `elkhound incidents --format json` one of kind `incident-report`. Times are ISO 8601 in UTC;
what is not known is null, and nothing is NaN or infinite. New fields may come; these stay.
"""


def report_reference() -> str:
    """Return the page of all fields of reports.

    Raises:
        ValueError: If a field has no description.
    """
    lines = [INTRODUCTION]
    for kind, title in (
        (ErrorReport, "Error report"),
        (IncidentReport, "Incident report"),
        (Finding, "Finding: an error group or an incident"),
        (Coverage, "Coverage"),
        (KindCoverage, "Kind of record, in `kinds`"),
        (SetAside, "Line that could not be read, in `set_aside`"),
        (LifecycleEvent, "Event"),
    ):
        lines += [f"## {title}\n", *_table(kind)]
    lines.append("## Evidence\n")
    lines.append("Each item of a finding's `evidence` says its `kind`.\n")
    for kind in get_args(Evidence):
        lines += [f"### `{kind.kind}`\n", f"{_summary(kind)}\n", *_table(kind)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(kind: Any) -> Iterator[str]:
    described = attributes_of(kind)
    yield "| field | meaning |"
    yield "|---|---|"
    for field in dataclasses.fields(kind):
        if field.name not in described:
            raise ValueError(f"{kind.__name__}.{field.name} has no description in its docstring")
        yield f"| `{field.name}` | {described[field.name]} |"
    for name, text in EXTRA.get(kind, {}).items():
        yield f"| `{name}` | {text} |"
    yield ""


def attributes_of(kind: Any) -> dict[str, str]:
    """Return the descriptions of a class's attributes, as its docstring has them."""
    found = _ATTRIBUTES.search(inspect.getdoc(kind) or "")
    if found is None:
        return {}
    body = textwrap.indent(textwrap.dedent(found["body"]), "    ")
    return {
        entry["name"]: " ".join(entry["text"].replace("``", "`").split())
        for entry in _ENTRY.finditer(body)
    }


def _summary(kind: Any) -> str:
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())

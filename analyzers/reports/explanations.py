"""Why an error group is one, in words and as JSON."""

from __future__ import annotations

import dataclasses

import orjson

from analyzers.errors.explaining import GroupExplanation
from analyzers.findings import plain
from analyzers.reports.printable import printable
from analyzers.reports.wording import counted, time_of_day

_LONGEST = 100
_NAMES = {"types": "exceptions are", "place": "place is", "template": "message is"}


def explanation_text(explanation: GroupExplanation) -> str:
    """Return the explanation for people."""
    group = explanation.group
    records, prints = (
        counted(group.count, "record"),
        counted(len(group.fingerprints), "fingerprint"),
    )
    named = f" ({group.name})" if group.name else ""
    because = "a rule says so; most have" if group.has_key else "all of them have"
    lines = [
        f"{records} with {prints} are group {group.id}{named} because {because}",
        f"  exceptions  {' <- '.join(group.types) or 'none: they were logged without one'}",
        f"  place       {group.culprit or group.logger or '-'}",
        f"  message     {_short(group.template)}",
    ]
    for place, (kind, example) in enumerate(explanation.parameters, 1):
        lines.append(f"    <*> {place}: {kind}, such as {_short(example)}")
    lines.append(f"  first one   {_short(group.message)}")
    if len(explanation.history) > 1:
        lines += ["", "Its message in earlier runs:"]
        lines += [
            f"  since {time_of_day(moment)}  {_short(text)}" for moment, text in explanation.history
        ]
    if explanation.neighbours:
        lines += ["", "Not part of it, although alike:"]
    for other in explanation.neighbours:
        lines.append(f"  {other.id}  {counted(other.count, 'record')}: {_short(other.name)}")
        lines += [
            f"    its {_NAMES[name]}: {_short(theirs)}" for name, _, theirs in other.different
        ]
    return "".join(f"{printable(line)}\n" for line in lines)


def explanation_json(explanation: GroupExplanation) -> str:
    """Return the explanation for scripts."""
    fields = {f.name: plain(getattr(explanation, f.name)) for f in dataclasses.fields(explanation)}
    return orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode() + "\n"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."

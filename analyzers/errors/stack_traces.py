"""Read Python stack traces from text, for records that other tools wrote."""

from __future__ import annotations

import re

from shipper.fingerprint import ExceptionSummary, Frame, Relation, frame_of

_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"
_HEADER = re.compile(r"(?:Exception Group )?Traceback \(most recent call last\):")
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?')
_RAISED = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>[\s\S]*))?")
_GROUP_EDGE = re.compile(r"^\s*(?:\+-+.*|[|+] ?)?")


def parse_stack_trace(text: str) -> list[ExceptionSummary]:
    """Return the exceptions of a stack trace, the one raised last first.

    Text that is no Python stack trace gives an empty list.
    """
    if not _HEADER.search(text):
        return []
    cleaned = "\n".join(_ungroup(line) for line in text.splitlines())
    parts = re.split(f"({re.escape(_CAUSE)}|{re.escape(_CONTEXT)})", cleaned)
    chain: list[ExceptionSummary] = []
    for place in range(len(parts) - 1, -1, -2):
        follows = parts[place + 1] if place + 1 < len(parts) else ""
        relation: Relation = "raised"
        if follows:
            relation = "cause" if follows == _CAUSE else "context"
        summary = _parse_one(parts[place], relation)
        if summary is not None:
            chain.append(summary)
    return chain


def _ungroup(line: str) -> str:
    """Take away the bars that frame exception groups."""
    stripped = line.lstrip()
    if stripped.startswith(("|", "+-", "+ ")):
        return _GROUP_EDGE.sub("", line, count=1) if not stripped.startswith("+-") else ""
    return line


def _parse_one(text: str, relation: Relation) -> ExceptionSummary | None:
    frames: list[Frame] = []
    lines = text.splitlines()
    end = 0
    for place, line in enumerate(lines):
        found = _FRAME.match(line)
        if found is not None:
            frames.append(
                frame_of(found["file"], found["function"] or "<module>", int(found["line"]))
            )
            end = place + 1
        elif _HEADER.search(line):
            end = max(end, place + 1)
    rest = lines[end:]
    while rest and (rest[0].startswith(" ") or not rest[0].strip()):
        rest.pop(0)  # source lines and markers of the last frame
    raised = _RAISED.fullmatch("\n".join(rest).strip())
    if raised is None:
        return None
    return ExceptionSummary(raised["type"], raised["message"] or "", relation, tuple(frames))

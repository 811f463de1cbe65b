"""Label every line of a file with its group: text logs, CSV, NDJSON and ECS error records."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from analyzers.errors.groups import group_patterns
from analyzers.errors.rules import GroupRule
from analyzers.errors.stack_traces import parse_stack_trace
from analyzers.errors.templates import find_templates, parameter_types
from analyzers.stores.base import ErrorPattern
from analyzers.stores.sanitising import read_lines, read_object
from shipper.fingerprint import culprit, exception_fingerprint, message_fingerprint
from shipper.masking import mask
from shipper.schema.validation import lookup

FileFormat = Literal["text", "csv", "ndjson"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAXIMUM_CELL = 16 * 1024 * 1024


class InputError(Exception):
    """A file cannot be used; the message says why and what would do."""


@dataclass(frozen=True, slots=True)
class Label:
    """The group of one line.

    Attributes:
        line: Line (CSV: row) number, from 1.
        group: Id of the group, or None where the line could not be read.
        template: Template of the message, or None.
        parameters: Type of each ``<*>``.
        event_id: ``event.id`` of an ECS record.
        reason: Why the line could not be read.
    """

    line: int
    group: str | None
    template: str | None
    parameters: tuple[str, ...] = ()
    event_id: str | None = None
    reason: str | None = None

    def document(self) -> dict[str, Any]:
        """Return the label as plain values; what does not apply is left out."""
        document: dict[str, Any] = {
            "line": self.line,
            "group": self.group,
            "template": self.template,
        }
        if self.parameters:
            document["parameters"] = list(self.parameters)
        if self.event_id is not None:
            document["event.id"] = self.event_id
        if self.reason is not None:
            document["reason"] = self.reason
        return document


@dataclass(frozen=True, slots=True)
class _Item:
    line: int
    message: str | None
    record: Mapping[str, Any] | None = None
    reason: str | None = None


def detect_format(path: Path) -> FileFormat:
    """Return how a file is read, by its ending and, failing that, its first character."""
    match path.suffix.lower():
        case ".csv":
            return "csv"
        case ".ndjson" | ".jsonl" | ".json":
            return "ndjson"
    with path.open("rb") as file:
        return "ndjson" if file.read(1) == b"{" else "text"


def label_file(path: Path, field: str | None, rules: Sequence[GroupRule] = ()) -> list[Label]:
    """Return a label for each line, in input order.

    ECS error records are grouped by exception chain, place and message, like the records of a
    store; everything else by message template.

    Args:
        path: The file.
        field: Column (CSV) or dotted field (NDJSON) that holds the message.
        rules: Rules for the groups of error records.

    Raises:
        InputError: If the file lacks the field.
        OSError: If the file cannot be read.
    """
    items = list(_read(path, field))
    labels: dict[int, Label] = {}
    errors = [item for item in items if item.record is not None and _is_error(item.record)]
    if errors:
        labels.update(_label_errors(errors, rules))
    messages = [i for i in items if i.line not in labels and i.message is not None]
    for item, template in zip(
        messages, find_templates(item.message or "" for item in messages), strict=True
    ):
        labels[item.line] = Label(
            item.line, template.id, template.text, template.types, _event_id(item)
        )
    return [labels.get(i.line) or Label(i.line, None, None, reason=i.reason) for i in items]


def _read(path: Path, field: str | None) -> Iterator[_Item]:
    match detect_format(path):
        case "csv":
            yield from _read_csv(path, field)
        case "ndjson":
            yield from _read_ndjson(path, field or "message")
        case _:
            for line in read_lines(path):
                if line.content is None:
                    yield _Item(line.number, None, reason=f"too long ({line.length:,} bytes)")
                else:
                    yield _Item(line.number, line.content.decode("utf-8", "replace").rstrip("\r"))


def _read_csv(path: Path, field: str | None) -> Iterator[_Item]:
    csv.field_size_limit(_MAXIMUM_CELL)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames or []
        column = field or ("message" if "message" in names else None)
        if column is None or column not in names:
            wanted = f"no column {column!r}" if column else "no column 'message'"
            known = ", ".join(name for name in names if name.isprintable())[:200] or "(none)"
            raise InputError(f"{path} has {wanted}: give --field, one of {known}")
        try:
            for number, row in enumerate(reader, 1):
                value = row.get(column)
                yield _Item(
                    number, value, reason=None if value is not None else "the row is too short"
                )
        except csv.Error as error:
            raise InputError(f"{path} line {reader.line_num} is no CSV: {error}") from error


def _read_ndjson(path: Path, field: str) -> Iterator[_Item]:
    for line in read_lines(path):
        record = read_object(line)
        if isinstance(record, str):
            yield _Item(line.number, None, reason=record)
            continue
        value = record.get(field, lookup(record, field))
        message = value if isinstance(value, str) else None
        reason = None if message is not None or _is_error(record) else f"no text in field {field}"
        yield _Item(line.number, message, record, reason)


def _is_error(record: Mapping[str, Any]) -> bool:
    return any(
        _text(record, name) for name in ("error.stack_trace", "error.type", "error.fingerprint")
    ) and bool(_text(record, "error.message") or _text(record, "error.stack_trace"))


def _label_errors(items: list[_Item], rules: Sequence[GroupRule]) -> dict[int, Label]:
    patterns = {item.line: error_pattern(item.record or {}) for item in items}
    distinct = {pattern.fingerprint: pattern for pattern in patterns.values()}
    made = group_patterns(distinct.values(), rules)
    groups = {f: group for group in made for f in group.fingerprints}
    labels: dict[int, Label] = {}
    for item in items:
        pattern = patterns[item.line]
        group = groups[pattern.fingerprint]
        labels[item.line] = Label(
            item.line,
            group.id,
            group.template,
            parameter_types(pattern.message, group.template),
            _event_id(item),
        )
    return labels


def error_pattern(record: Mapping[str, Any]) -> ErrorPattern:
    """Return the pattern of one ECS error record; its stack trace counts most."""
    logger = _text(record, "log.logger")
    message = _text(record, "error.message")
    kind = _text(record, "error.type")
    chain = parse_stack_trace(_text(record, "error.stack_trace"))
    types = lookup(record, "error.types")
    if chain:
        kind = kind or chain[0].type
        message = message or chain[0].message or _text(record, "message")
        found = tuple(summary.type for summary in chain)
        return _pattern(exception_fingerprint(chain), kind, found, message, culprit(chain), logger)
    message = message or _text(record, "message")
    fingerprint = _text(record, "error.fingerprint") or message_fingerprint(
        f"{logger} {kind}", message
    )
    listed = tuple(types) if isinstance(types, list) else ((kind,) if kind else ("log",))
    return _pattern(
        fingerprint, kind or "log", listed, message, _text(record, "error.culprit"), logger
    )


def _pattern(
    fingerprint: str, kind: str, types: tuple[str, ...], message: str, place: str, logger: str
) -> ErrorPattern:
    return ErrorPattern(
        fingerprint, kind, types, mask(message), message, place, logger, 1, _EPOCH, _EPOCH
    )


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name, lookup(record, name))
    return value if isinstance(value, str) else ""


def _event_id(item: _Item) -> str | None:
    return (_text(item.record, "event.id") or None) if item.record is not None else None

"""Describe an exception: its cause chain, frames, stack trace and fingerprint."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from shipper.fingerprint import (
    ExceptionSummary,
    Frame,
    Relation,
    culprit,
    exception_fingerprint,
    frame_of,
)
from shipper.limits import CUT_MARK
from shipper.masking import mask
from shipper.redaction import Redactor
from shipper.schema import cut_keyword

MAXIMUM_CHAIN = 16

_OWN_FOLDER = os.path.dirname(__file__) + os.sep
_RECORDED = "_elkhound_event_id"


@dataclass(frozen=True, slots=True)
class ErrorDescription:
    """What an error record says of an exception; all text is redacted already."""

    type: str
    message: str
    template: str
    fingerprint: str
    stack_trace: str
    types: tuple[str, ...]
    culprit: str
    code: str | None
    chain: tuple[ExceptionSummary, ...]

    def document(self) -> dict[str, Any]:
        """Return the ``error`` object of a record."""
        document: dict[str, Any] = {
            "type": self.type,
            "message": self.message,
            "template": self.template,
            "fingerprint": self.fingerprint,
            "stack_trace": self.stack_trace,
            "types": list(self.types),
            "chain": [summary.document() for summary in self.chain],
        }
        if self.culprit:
            document["culprit"] = self.culprit
        if self.code is not None:
            document["code"] = self.code
        return document


def describe(error: BaseException, redactor: Redactor) -> ErrorDescription:
    """Describe an exception with all that led to it.

    Never raises for a strange exception: one whose ``__str__`` fails is described by its type.

    Args:
        error: The exception as it was caught.
        redactor: Takes secrets out of messages and of the stack trace.
    """
    chain = tuple(
        ExceptionSummary(
            type=type_name(item),
            message=redactor.short_text(message_of(item)),
            relation=relation,
            frames=frames_of(item.__traceback__, redactor.limits.stack_frames),
        )
        for item, relation in _chain(error)
    )
    outermost = chain[0]
    code = getattr(error, "code", None)
    return ErrorDescription(
        type=outermost.type,
        message=outermost.message,
        template=cut_keyword(mask(outermost.message)),
        fingerprint=exception_fingerprint(chain),
        stack_trace=_stack_trace(error, redactor),
        types=tuple(summary.type for summary in chain),
        culprit=culprit(chain),
        code=str(code)[:256] if isinstance(code, str | int) else None,
        chain=chain,
    )


def type_name(error: BaseException) -> str:
    """Return the class name of an exception, with its module unless built in."""
    kind = type(error)
    if kind.__module__ in ("builtins", "__main__"):
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def message_of(error: BaseException) -> str:
    """Return an exception's message, whatever its ``__str__`` does."""
    try:
        return str(error)
    except Exception:
        return f"<unprintable {type(error).__name__}>"


def frames_of(trace: TracebackType | None, limit: int) -> tuple[Frame, ...]:
    """Return the frames of a traceback, outermost first; of a very deep one both ends.

    Args:
        trace: The traceback.
        limit: Most frames.
    """
    frames: list[Frame] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_OWN_FOLDER):
            frames.append(frame_of(code.co_filename, code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    if len(frames) > limit:
        half = limit // 2
        frames = frames[:half] + frames[-half:]
    return tuple(frames)


def mark_recorded(error: BaseException, event_id: str) -> None:
    """Remember that this exception has its error record, so that it gets no second one."""
    try:
        setattr(error, _RECORDED, event_id)
    except Exception:  # an exception with __slots__; a second record is the lesser evil
        return


def recorded_as(error: BaseException) -> str | None:
    """Return the ``event.id`` of the record that an exception, or its cause, already has."""
    for item, _ in _chain(error):
        found = getattr(item, _RECORDED, None)
        if isinstance(found, str):
            return found
    return None


def _chain(error: BaseException) -> Iterator[tuple[BaseException, Relation]]:
    """Walk causes, contexts and groups as ``traceback`` shows them, each exception once."""
    seen: set[int] = set()
    waiting: list[tuple[BaseException, Relation]] = [(error, "raised")]
    while waiting and len(seen) < MAXIMUM_CHAIN:
        item, relation = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item, relation
        if item.__cause__ is not None:
            waiting.append((item.__cause__, "cause"))
        elif item.__context__ is not None and not item.__suppress_context__:
            waiting.append((item.__context__, "context"))
        if isinstance(item, BaseExceptionGroup):
            waiting.extend((inner, "group") for inner in reversed(item.exceptions))


def _stack_trace(error: BaseException, redactor: Redactor) -> str:
    limit = redactor.limits.stack_characters
    text = _trace(error, redactor.limits.stack_frames)
    if len(text) > limit:
        redactor.note_cut()
        half = limit // 2
        text = f"{text[:half]}\n[... {len(text) - 2 * half} {CUT_MARK}\n{text[-half:]}"
    return redactor.text(text)


def _trace(error: BaseException, frames: int) -> str:
    try:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OWN_FOLDER):
            trace = trace.tb_next  # the decorator's frame says nothing about the fault
        lines = traceback.format_exception(type(error), error, trace, limit=-frames)
        return "".join(lines).rstrip("\n")
    except Exception:
        return f"{type_name(error)}: {message_of(error)}"

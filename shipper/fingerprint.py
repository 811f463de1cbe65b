"""Fingerprints: which errors are the same fault, whatever the numbers in their messages.

A fingerprint hashes the exception types of the cause chain, the frames of the service's own code
(module and function; no lines, no library frames, no addresses) and the masked message. It
survives a restart, an edit elsewhere in the file and an upgrade of a library.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from shipper.masking import mask

FINGERPRINT_LENGTH = 16
"""Hexadecimal digits: 64 bits; two of a million agree with odds of 1 in 37 million."""

Relation = Literal["raised", "cause", "context", "group"]

_LIBRARY = re.compile(
    r"[\\/](?:site-packages|dist-packages)[\\/]"
    r"|[\\/]lib(?:64)?[\\/]python\d[\w.]*[\\/]"
    r"|[\\/]Lib[\\/](?!site-packages)"
    r"|^<frozen |^<__array_function__"
    r"|\.p(?:yx|xi|xd)$"  # compiled by Cython: such frames have no folder
)
# Comprehensions are frames in Python 3.11 and none in 3.12.
_NO_FRAMES = frozenset(("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"))


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a stack.

    Attributes:
        module: Name of the source file without folder and ending; for a package, its name.
        function: Name of the function.
        file: Path of the source file.
        line: Line number; no part of any fingerprint.
        own: Whether it is the service's own code, not a library's.
    """

    module: str
    function: str
    file: str
    line: int
    own: bool

    def place(self) -> str:
        """Return ``module:function``."""
        return f"{self.module}:{self.function}"

    def document(self) -> dict[str, Any]:
        """Return the frame for ``error.chain``."""
        return {
            "module": self.module,
            "function": self.function,
            "file": self.file,
            "line": self.line,
            "own": self.own,
        }


@dataclass(frozen=True, slots=True)
class ExceptionSummary:
    """One exception of a chain.

    Attributes:
        type: Class name, with its module unless built in.
        message: Its message, unmasked.
        relation: How it comes into the chain: ``raised`` for the one that left the service last,
            ``cause`` (``raise ... from``), ``context`` (raised while handling) or ``group``.
        frames: Its frames, outermost call first.
    """

    type: str
    message: str
    relation: Relation
    frames: tuple[Frame, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the exception for ``error.chain``."""
        return {
            "type": self.type,
            "message": self.message,
            "relation": self.relation,
            "frames": [frame.document() for frame in self.frames],
        }


def frame_of(file: str, function: str, line: int) -> Frame:
    """Return a frame, deciding from its path whether it is the service's own code."""
    path = PurePath(file.replace("\\", "/"))
    module = path.parent.name if path.stem == "__init__" else path.stem
    return Frame(module, function, file, line, own=_LIBRARY.search(file) is None)


def meaningful_places(frames: Iterable[Frame]) -> tuple[str, ...]:
    """Return the places that identify a fault: own code, each once, outermost first.

    Where no frame is the service's own, the innermost library frame stands in. Recursion and
    comprehensions change nothing.
    """
    seen: dict[str, None] = {}
    last = ""
    for frame in frames:
        if frame.function in _NO_FRAMES:
            continue
        last = frame.place()
        if frame.own:
            seen.setdefault(last)
    return tuple(seen) or ((last,) if last else ())


def culprit(chain: Sequence[ExceptionSummary]) -> str:
    """Return the innermost own-code place of the deepest exception that has one, or ''."""
    fallback = ""
    for summary in reversed(chain):
        own = [f for f in summary.frames if f.own and f.function not in _NO_FRAMES]
        if own:
            return own[-1].place()
        if summary.frames and not fallback:
            fallback = summary.frames[-1].place()
    return fallback


def exception_fingerprint(chain: Sequence[ExceptionSummary]) -> str:
    """Return the fingerprint of a chain of exceptions, the one raised last first.

    Args:
        chain: At least one exception.
    """
    parts: list[str] = []
    for summary in chain:
        parts.append(summary.type)
        parts.append(mask(summary.message))
        parts.extend(meaningful_places(summary.frames))
    return digest(parts)


def message_fingerprint(logger: str, message: str) -> str:
    """Return the fingerprint of an error that was logged without an exception."""
    return digest(("log", logger, mask(message)))


def digest(parts: Iterable[str]) -> str:
    """Return a hash of texts, the same on every machine and in every Python."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(joined, digest_size=FINGERPRINT_LENGTH // 2).hexdigest()

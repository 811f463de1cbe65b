"""What people know better about error groups: rules that merge, split, name, ignore and assign."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analyzers.stores.base import ErrorPattern

PLACEHOLDERS = ("default", "type", "culprit", "logger", "message")
"""What may stand in braces in a rule's key."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule: which errors it means, and what becomes of them.

    Of each kind of condition one must hold, with ``*`` for any text; without a condition of a kind
    that kind does not matter.

    Attributes:
        types: Exception types, any of the chain.
        messages: Messages, as they were or as templates.
        culprits: Places, as ``module:function``.
        loggers: Loggers.
        fingerprints: Fingerprints.
        key: All errors with one key are one group. ``{type}``, ``{culprit}``, ``{logger}``,
            ``{message}`` (the masked message) and ``{default}`` (the group that it would be in)
            keep errors apart that differ there. None: they stay in the groups that they are in.
        name: What to call the group.
        owner: Who looks after it.
        ignore: Whether nobody minds it.

    Raises:
        ValueError: If the rule means every error, does nothing, or its key has an unknown
            placeholder.
    """

    types: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    culprits: tuple[str, ...] = ()
    loggers: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    key: str | None = None
    name: str | None = None
    owner: str | None = None
    ignore: bool = False

    def __post_init__(self) -> None:
        """Check what can be wrong."""
        if not any((self.types, self.messages, self.culprits, self.loggers, self.fingerprints)):
            raise ValueError(
                "a rule needs a condition: type, message, culprit, logger or fingerprint"
            )
        if not any((self.key, self.name, self.owner, self.ignore)):
            raise ValueError("a rule needs something to do: key, name, owner or ignore")
        for word in _PLACEHOLDER.findall(self.key or ""):
            if word not in PLACEHOLDERS:
                known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                raise ValueError(f"{{{word}}} is no placeholder of a key; known: {known}")

    def matches(self, pattern: ErrorPattern) -> bool:
        """Return whether an error is meant."""
        return (
            _any(self.types, (pattern.type, *pattern.types))
            and _any(self.messages, (pattern.message, pattern.template))
            and _any(self.culprits, (pattern.culprit,))
            and _any(self.loggers, (pattern.logger,))
            and _any(self.fingerprints, (pattern.fingerprint,))
        )

    def key_of(self, pattern: ErrorPattern, default: str) -> str | None:
        """Return the key of an error's group, or None where the rule leaves it in its group.

        Args:
            pattern: The error.
            default: Id of the group that it is in by itself.
        """
        if self.key is None:
            return None
        values = {
            "default": default,
            "type": pattern.type,
            "culprit": pattern.culprit,
            "logger": pattern.logger,
            "message": pattern.template,
        }
        return _PLACEHOLDER.sub(lambda found: values[found[1]], self.key)


def _any(wanted: Sequence[str], texts: Sequence[str]) -> bool:
    return not wanted or any(_like(text, one) for one in wanted for text in texts)


def _like(text: str, wanted: str) -> bool:
    """Return whether a text is what is wanted; only ``*`` is special."""
    parts = (re.escape(part) for part in wanted.split("*"))
    return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None

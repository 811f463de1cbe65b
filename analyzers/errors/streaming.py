"""Templates for messages as they come: assigned at once, and reconciled with what a batch finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzers.errors.templates import (
    Template,
    first_line,
    mask_line,
    mine,
    parameter_types,
    template_id,
)
from shipper.masking import PARAMETER

MOST_MESSAGES = 200_000
"""Distinct masked messages that are kept; of more, the later ones are assigned and not learnt."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a batch pass changed.

    Attributes:
        renamed: For each template that was assigned and is none any more, the ids of those that
            its messages have now: one where it widened, several where it fell apart.
        templates: Ids and texts of all templates now.
    """

    renamed: dict[str, tuple[str, ...]]
    templates: dict[str, str]


class StreamingTemplates:
    """Assigns templates to messages one by one.

    A message gets the template of its masked text where that is known, or of the first template of
    the last batch pass that it matches, or else its masked text becomes a template. A batch pass
    over all distinct masked messages then finds the templates that ``find_templates`` would: after
    it, both agree on every message seen.
    """

    def __init__(self) -> None:
        self._assigned: dict[str, str] = {}
        self._patterns: dict[tuple[int, str], list[list[str]]] = {}

    def assign(self, message: str) -> Template:
        """Return the template of a message.

        Args:
            message: A log message; only its first line counts.
        """
        line = first_line(message)
        masked = mask_line(line)
        text = self._assigned.get(masked)
        if text is None:
            text = self._match(masked) or masked
            if len(self._assigned) < MOST_MESSAGES:
                self._assigned[masked] = text
        return Template(template_id(text), text, parameter_types(line, text))

    def reconcile(self) -> Reconciliation:
        """Find the templates of all messages seen so far, and assign by them from now on."""
        now = mine(self._assigned)
        became: dict[str, set[str]] = {}
        for masked, before in self._assigned.items():
            became.setdefault(before, set()).add(now[masked])
        self._assigned = now
        self._patterns = {}
        for text in sorted(set(now.values())):
            words = text.split()
            self._patterns.setdefault((len(words), _head(words)), []).append(words)
        return Reconciliation(
            {
                template_id(before): tuple(sorted(map(template_id, texts)))
                for before, texts in became.items()
                if texts != {before}
            },
            {template_id(text): text for text in sorted(set(now.values()))},
        )

    def _match(self, masked: str) -> str | None:
        """Return the template of the last pass that a masked message fits, the narrowest one."""
        words = masked.split()
        found = [
            pattern
            for head in (_head(words), "")
            for pattern in self._patterns.get((len(words), head), ())
            if _fits(words, pattern)
        ]
        if not found:
            return None
        return " ".join(min(found, key=lambda p: (sum(PARAMETER in word for word in p), p)))


def _head(words: Sequence[str]) -> str:
    """Return the first word, or '' where it may be a parameter."""
    return "" if not words or PARAMETER in words[0] else words[0]


def _fits(words: Sequence[str], pattern: Sequence[str]) -> bool:
    return all(_fits_word(word, wanted) for word, wanted in zip(words, pattern, strict=True))


def _fits_word(word: str, wanted: str) -> bool:
    if word == wanted:
        return True
    prefix, mark, suffix = wanted.partition(PARAMETER)
    if not mark or PARAMETER in suffix:
        return False
    return (
        len(word) > len(prefix) + len(suffix) and word.startswith(prefix) and word.endswith(suffix)
    )

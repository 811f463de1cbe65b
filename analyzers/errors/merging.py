"""Join templates that are one sentence about lists of different length.

``features age are missing`` and ``features age, income are missing`` have no length in common, so
that columns cannot tell. What is alike but for more than a list is left apart: two sentences of a
program that differ in one word may well be two faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from shipper.masking import PARAMETER

MINIMUM_WORDS = 2
"""Words around the list that the templates must share."""

MINIMUM_TEMPLATES = 3
"""Templates from which they are joined though their lists have no entry in common."""

_ENTRY = r"[\w.<>*\"'`-]+"
_LIST = re.compile(rf"(?<!\S){_ENTRY}(?:, {_ENTRY})+(?:,? (?:and|or) {_ENTRY})?(?!\S)")
_SEPARATOR = re.compile(r",? and |,? or |, ")


def merge_lists(templates: Mapping[str, str]) -> dict[str, str]:
    """Return the template of each message, those joined that differ only in a list of words.

    Takes time linear in the number of templates.

    Args:
        templates: Template of each masked message.
    """
    distinct = sorted(set(templates.values()))
    frames: dict[str, dict[str, set[str]]] = {}
    for text in distinct:
        for frame, entries in _lists(text):
            frames.setdefault(frame, {})[text] = entries
    if not frames:
        return dict(templates)
    for text in distinct:
        for frame, entry in _words(text):
            if frame in frames and text not in frames[frame]:
                frames[frame][text] = {entry}
    joined: dict[str, str] = {}
    for frame, members in sorted(frames.items(), key=lambda item: (-len(item[1]), item[0])):
        mine = {text: entries for text, entries in members.items() if text not in joined}
        if len(mine) >= MINIMUM_TEMPLATES or _share_an_entry(mine):
            joined |= dict.fromkeys(mine, frame)
    return {text: joined.get(template, template) for text, template in templates.items()}


def _lists(text: str) -> Iterator[tuple[str, set[str]]]:
    """Yield what is around each list of a template, and the entries of that list."""
    if ", " not in text:
        return
    for found in _LIST.finditer(text):
        frame = f"{text[: found.start()]}{PARAMETER}{text[found.end() :]}"
        if _is_telling(frame):
            yield frame, set(_SEPARATOR.split(found[0]))


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is around each word of a template, and the word: it may be a list of one."""
    words = text.split(" ")
    for place, word in enumerate(words):
        yield " ".join([*words[:place], PARAMETER, *words[place + 1 :]]), word


def _is_telling(frame: str) -> bool:
    return sum(PARAMETER not in word for word in frame.split()) >= MINIMUM_WORDS


def _share_an_entry(members: Mapping[str, set[str]]) -> bool:
    entries = [entry for some in members.values() for entry in some]
    return len(members) > 1 and len(set(entries)) < len(entries)

"""Replace the changing parts of a message by ``<*>``: numbers, ids, addresses, paths, quoted text.

What stays is the message's template. The same masking serves the fingerprint that the shipper
computes and the grouping that the analyzers do, so that both see the same message alike.
"""

from __future__ import annotations

import re

PARAMETER = "<*>"

_MAXIMUM_CACHED_WORDS = 50_000
_LONGEST_WORD = 256
"""Characters beyond which a word without a space is data, and one parameter as a whole."""

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_CALENDAR = re.compile(
    rf"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+)?(?:(?:{_MONTHS})\s+\d{{1,2}}|\d{{1,2}}\s+(?:{_MONTHS}))"
    r",?\s+(?:\d{4}\s+)?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:\s+[A-Z]{3,4})?(?:\s+\d{4})?\b"
)
# An amount of memory is one value, whatever its unit.
_SIZE = re.compile(r"(?<=<\*>) (?:[KMGTP]i?B|B)\b")
# What hangs on a parameter by _, . or - is part of its name: job_<*>, <*>.example.org
_ATTACHED = re.compile(r"(?<![\w.-])(?:[A-Za-z]\w*[_.-])+<\*>(?:[_.-]\w+)*|<\*>(?:[_.-]\w+)+")
_LIST = re.compile(r"<\*>(?:,? <\*>){2,}")

# Only words that hold one of these characters can hold a parameter; all others pass untouched.
_CANDIDATE = re.compile(r"(?<!\S)[^\s0-9/\\@]*+[0-9/\\@]\S*")

_QUOTED = re.compile(
    r"""(?<![\w])'(?:[^'\\\n]|\\.){1,200}'(?!\w)|(?<![\w])"(?:[^"\\\n]|\\.){1,200}"(?!\w)"""
)

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_INNER = re.compile(
    "|".join(
        (
            r"(?P<url>[A-Za-z][\w+.-]*://[^\s\"'<>\]),;]+)",
            r"(?P<email>(?<![\w.+-])[\w.+-]++@[\w-]+\.[\w.-]+\w)",
            rf"(?P<uuid>{_UUID})",
            r"(?P<time>\d{4}-\d\d-\d\d(?:[T_]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
            r"(?![\w])|\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?![\w:])|(?<![\w:.])\d{1,2}:\d\d(?![\w:]))",
            r"(?P<address>(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d)|(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{1,4})",
            r"(?P<host>[A-Za-z0-9](?:[\w-]*\.)+[A-Za-z][\w-]*(?=:\d))",
            r"(?P<version>(?<![\w.])[vV]?\d+(?:\.\d+){2,}[\w.-]*\w|(?<![\w.])[vV]\d+\.\d+[\w.-]*)",
            r"(?P<windows_path>[A-Za-z]:\\[^\s\"'<>|,;]+)",
            r"(?P<path>(?<![\w.)\]>])~?/(?:[\w.@%+~#$*-]+/)*[\w.@%+~#$*-]*[\w/*])",
            r"(?P<hexadecimal>(?<![\w])0[xX][0-9a-fA-F]+|(?<![\w])(?=[a-fA-F]*\d)(?=\d*[a-fA-F])"
            r"[0-9a-fA-F]{7,}(?![\w]))",
            r"(?P<identifier>(?<![\w.])[A-Za-z]++(?:[._-][A-Za-z]+)*+[_#-]-?\d++"
            r"(?:[._#-]?[A-Za-z]{0,3}[_-]?\d++)*+(?![\w]))",
            r"(?P<number>(?<![\w])[-+]?(?:\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?)"
            r"(?:[a-zA-Z%\u00b5]{1,3})?(?![\w]))",
            r"(?P<digits>(?<![A-Za-z0-9.])\d+[\w-]*|(?<=[_-])\d+(?=[_-]|\b)|(?<=\w)\d{4,})",
        )
    )
)

_words: dict[str, str] = {}


def mask(message: str) -> str:
    """Return the message with its changing parts replaced by ``<*>``.

    Example:
        >>> mask("block blk_38865049064139660 took 12ms from 10.0.0.1:5000")
        'block <*> took <*> from <*>:<*>'
        >>> mask("columns are missing: {'departure_delay'}")
        "columns are missing: {'<*>'}"
    """
    return mask_unquoted(mask_quoted(message))


def mask_unquoted(message: str) -> str:
    """Like ``mask``, but leave quoted words: the grouping decides about those by how they vary."""
    if ":" in message:
        message = _CALENDAR.sub(PARAMETER, message)
    masked = _CANDIDATE.sub(_mask_candidate, message)
    if PARAMETER in masked:
        masked = _LIST.sub(PARAMETER, _SIZE.sub("", masked))
    return masked


def mask_quoted(message: str) -> str:
    """Return the message with quoted text replaced, the quotes kept."""
    if "'" not in message and '"' not in message:
        return message
    return _QUOTED.sub(lambda found: f"{found[0][0]}{PARAMETER}{found[0][0]}", message)


def mask_word(word: str) -> str:
    """Return one word, without spaces, masked."""
    known = _words.get(word)
    if known is not None:
        return known
    if len(word) > _LONGEST_WORD:
        return PARAMETER
    masked = _INNER.sub(_replace, word)
    if PARAMETER in masked and masked != PARAMETER:
        masked = _ATTACHED.sub(PARAMETER, masked)
    if len(word) <= 100:
        if len(_words) >= _MAXIMUM_CACHED_WORDS:
            _words.clear()
        _words[word] = masked
    return masked


def _replace(found: re.Match[str]) -> str:
    if found.lastgroup == "url":
        return found[0].partition("://")[0] + "://" + PARAMETER
    return PARAMETER


def _mask_candidate(found: re.Match[str]) -> str:
    return mask_word(found[0])


def parameter_type(value: str) -> str:
    """Return what kind of value a parameter holds: number, path, uuid, address and so on."""
    whole = _INNER.fullmatch(value) if len(value) <= _LONGEST_WORD else None
    if whole is not None and whole.lastgroup is not None:
        return _TYPE_NAMES.get(whole.lastgroup, whole.lastgroup)
    return "text" if " " in value else "word"


_TYPE_NAMES = {"windows_path": "path", "digits": "identifier"}

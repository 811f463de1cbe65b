"""Take secrets and personal data out of a record before anything is stored.

Two nets: values under keys that name a secret (``password``, ``api_key``, ``authorization``) go
whole; texts are searched for what looks like one (tokens, private keys, passwords in URLs,
e-mail addresses, payment card numbers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shipper.schema import cut_keyword

REDACTED = "[REDACTED]"

_SECRET_KEY = re.compile(
    r"(?i)(?:^|[^a-z])(?:pass(?:word|wd|phrase)?|pwd|secret|"
    r"token(?![_-]?(?:count|budget|usage|limit|length|rate))|api[_-]?key|access[_-]?key|"
    r"private[_-]?key|auth(?:orization)?|cookie|credentials?|bearer|session[_-]?id|csrf|jwt|"
    r"card[_-]?number|cvv|cvc|ssn|iban)(?:$|[^a-z])"
)
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_TOKEN = re.compile(
    r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]*+"  # JSON web token
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # Amazon access key id
    r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}"
    r"|\bsk-[\w-]{20,}|\bxox[abprs]-[\w-]{10,}|\bhf_\w{20,}|\bAIza[\w-]{30,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
_TOKEN_HINTS = ("eyJ", "AKIA", "ASIA", "gh", "sk-", "xox", "hf_", "AIza", "-----BEGIN")
_BEARER = re.compile(r"(?i)\b(?:bearer|basic)\s++[\w.~+/=-]{8,}")
_URL_PASSWORD = re.compile(r"(?P<scheme>(?<![\w+.-])\w[\w+.-]*+://[^\s/:@]*+):[^\s/@]++@")
_ASSIGNED = re.compile(
    r"(?i)(?P<key>(?<![\w-])[\w-]*?(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|"
    r"authorization)[\w-]*[\"']?\s*[=:]\s*[\"']?)(?!\[REDACTED\])(?P<value>[^\s\"',;&)}\]]{3,})"
)
_ASSIGNED_HINTS = ("pass", "pwd", "secret", "token", "key", "auth")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@(?:[\w-]++\.)+[A-Za-z]{2,}\b")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.]?\d)")
_CARD_HINT = re.compile(r"\d{4}[ -]?\d{4}")

_SHORTEST_SECRET = 8
_MAXIMUM_CACHED_KEYS = 10_000
_MAXIMUM_CACHED_TEXTS = 4_096
_LONGEST_CACHED_TEXT = 64


class Redactor:
    """Redacts texts and the values of mappings; safe to share between threads.

    Attributes:
        harmless: Short texts that were searched and hold no secret, to skip the search. Texts
            with a secret are never remembered: it must not stay in memory.
    """

    __slots__ = ("_keys", "harmless")

    def __init__(self) -> None:
        self._keys: dict[str, bool] = {}
        self.harmless: set[str] = set()

    def is_secret_key(self, key: str) -> bool:
        """Return whether a key names a secret, such as ``db_password`` or ``apiKey``."""
        known = self._keys.get(key)
        if known is None:
            known = _SECRET_KEY.search(_CAMEL_HUMP.sub("_", key)) is not None
            if len(self._keys) >= _MAXIMUM_CACHED_KEYS:
                self._keys.clear()
            self._keys[key] = known
        return known

    def text(self, value: str) -> str:
        """Return the text with everything that looks like a secret replaced."""
        if len(value) < _SHORTEST_SECRET or value in self.harmless:
            return value
        redacted = self._search(value)
        if len(value) <= _LONGEST_CACHED_TEXT and redacted == value:
            if len(self.harmless) >= _MAXIMUM_CACHED_TEXTS:
                self.harmless.clear()
            self.harmless.add(value)
        return redacted

    def short_text(self, value: str, limit: int) -> str:
        """Return the beginning of a text, redacted: time and memory stay bounded for any text.

        Args:
            value: The text.
            limit: Characters to keep.
        """
        return cut_keyword(self.text(value[: 4 * limit]), limit)

    def _search(self, value: str) -> str:
        for hint in _TOKEN_HINTS:
            if hint in value:
                value = _TOKEN.sub(REDACTED, value)
                break
        if "@" in value:
            if "://" in value:
                value = _URL_PASSWORD.sub(rf"\g<scheme>:{REDACTED}@", value)
            value = _EMAIL.sub(REDACTED, value)
        if "=" in value or ":" in value or " " in value:
            lowered = value.lower()
            if "bearer" in lowered or "basic " in lowered:
                value = _BEARER.sub(REDACTED, value)
            for hint in _ASSIGNED_HINTS:
                if hint in lowered:
                    value = _ASSIGNED.sub(rf"\g<key>{REDACTED}", value)
                    break
        if _CARD_HINT.search(value) is not None:
            value = _CARD.sub(_redact_card, value)
        return value

    def value(self, key: str, value: Any) -> Any:
        """Return a value of a mapping, redacted by its key or, if text, by its shape."""
        if self.is_secret_key(key):
            return REDACTED
        if type(value) is str:
            return self.text(value)
        if isinstance(value, Mapping):
            return self.mapping(value)
        if isinstance(value, list | tuple):
            return [self.value("", item) for item in value]
        return value

    def mapping(self, values: Mapping[Any, Any]) -> dict[str, Any]:
        """Return a copy of a mapping with all its values redacted."""
        return {str(key): self.value(str(key), value) for key, value in values.items()}


def _redact_card(found: re.Match[str]) -> str:
    digits = [int(character) for character in found[0] if character.isdigit()]
    return REDACTED if _passes_luhn(digits) and len(set(digits)) > 1 else found[0]


def _passes_luhn(digits: list[int]) -> bool:
    """Return whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0

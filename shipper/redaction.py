"""Take secrets and personal data out of a record before anything is stored.

Two nets: values under keys that name a secret (``password``, ``api_key``, ``authorization``) go
whole; texts are searched for what looks like one (tokens, private keys, passwords in URLs,
e-mail addresses, telephone numbers, payment card numbers). ``Redaction`` adds a service's own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from shipper.errors import ConfigurationError
from shipper.limits import RecordLimits
from shipper.schema import cut_keyword

REDACTED = "[REDACTED]"
_HASH_DIGITS = 16

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
_URL_PASSWORD = re.compile(r"(?P<key>(?<![\w+.-])\w[\w+.-]*+://[^\s/:@]*+:)(?P<value>[^\s/@]++)@")
_ASSIGNED = re.compile(
    r"(?i)(?P<key>(?<![\w-])[\w-]*?(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|"
    r"authorization)[\w-]*[\"']?\s*[=:]\s*[\"']?)(?!\[REDACTED\]|\[HASH:)(?P<value>[^\s\"',;&)}\]]{3,})"
)
_ASSIGNED_HINTS = ("pass", "pwd", "secret", "token", "key", "auth")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@(?:[\w-]++\.)+[A-Za-z]{2,}\b")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.]?\d)")
# E.164 with its plus sign, and the North American form; other spellings are too much like numbers
_PHONE = re.compile(
    r"(?<![\w+.])\+[1-9](?:[ ./()-]{0,2}\d){7,14}(?![\d.]\d)"
    r"|(?<![\w.-])(?:\(\d{3}\) ?|\d{3}-)\d{3}-\d{4}(?![\w-])"
)
_CARD_HINT = re.compile(r"\d{4}[ -]?\d{4}")

_SHORTEST_SECRET = 8
_MAXIMUM_CACHED_KEYS = 10_000
_MAXIMUM_CACHED_TEXTS = 4_096
_LONGEST_CACHED_TEXT = 64


FeatureRule = Literal["keep", "hide", "leave out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What a service wants to have taken out beside what is always taken out.

    With ``ELKHOUND_HASH_KEY`` set (or ``ELKHOUND_HASH_KEY_FILE``), what is taken out is replaced by
    a keyed hash (HMAC-SHA-256, 64 bits): equal values stay equal, and cannot be guessed back.

    Attributes:
        keys: Names whose values go whole, such as ``customer_*``; upper and lower case alike.
        patterns: Regular expressions of what goes from any text.
        allow_features: The only inputs to store; others are left out. All where none is given.
        deny_features: Inputs whose values are taken out, such as ``name``.
    """

    keys: Sequence[str] = ()
    patterns: Sequence[str] = ()
    allow_features: Sequence[str] | None = None
    deny_features: Sequence[str] = ()
    compiled: tuple[re.Pattern[str], ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        compiled = []
        for pattern in self.patterns:
            try:
                compiled.append(re.compile(pattern))
            except re.error as error:
                raise ConfigurationError(
                    f"redaction pattern {pattern!r} is no regular expression: {error}"
                ) from error
            if compiled[-1].match("") is not None:
                raise ConfigurationError(f"redaction pattern {pattern!r} matches the empty text")
        object.__setattr__(self, "compiled", tuple(compiled))


class Redactor:
    """Redacts texts and the values of mappings; safe to share between threads.

    Args:
        redaction: What else to take out.
        limits: Bounds of texts.
        hash_key: Replace by keyed hashes instead of ``[REDACTED]``.

    Attributes:
        harmless: Short texts that were searched and hold no secret, to skip the search. Texts
            with a secret are never remembered: it must not stay in memory.
        limits: Bounds of texts.
    """

    __slots__ = (
        "_cut", "_features", "_hash_key", "_keys", "_own_keys", "_redaction", "harmless", "limits",
    )  # fmt: skip

    def __init__(
        self,
        redaction: Redaction | None = None,
        limits: RecordLimits | None = None,
        hash_key: str | None = None,
    ) -> None:
        self._redaction = redaction or Redaction()
        self.limits = limits or RecordLimits()
        self._hash_key = None if hash_key is None else hash_key.encode()
        self._own_keys = tuple(key.lower() for key in self._redaction.keys)
        self._keys: dict[str, bool] = {}
        self._features: dict[str, FeatureRule] = {}
        self._cut = threading.local()
        self.harmless: set[str] = set()

    def is_secret_key(self, key: str) -> bool:
        """Return whether a key names a secret, such as ``db_password`` or ``apiKey``."""
        known = self._keys.get(key)
        if known is None:
            known = _SECRET_KEY.search(_CAMEL_HUMP.sub("_", key)) is not None or any(
                fnmatchcase(key.lower(), own) for own in self._own_keys
            )
            if len(self._keys) >= _MAXIMUM_CACHED_KEYS:
                self._keys.clear()
            self._keys[key] = known
        return known

    def feature_rule(self, name: str) -> FeatureRule:
        """Return whether an input is kept, has its value taken out, or is left out."""
        known = self._features.get(name)
        if known is None:
            allowed = self._redaction.allow_features
            if self.is_secret_key(name) or _matches(name, self._redaction.deny_features):
                known = "hide"
            else:
                known = "keep" if allowed is None or _matches(name, allowed) else "leave out"
            if len(self._features) >= _MAXIMUM_CACHED_KEYS:
                self._features.clear()
            self._features[name] = known
        return known

    def hide(self, value: Any) -> str:
        """Return what stands in place of a value: its keyed hash, or ``[REDACTED]``."""
        if self._hash_key is None:
            return REDACTED
        digest = hmac.new(self._hash_key, str(value).encode("utf-8", "replace"), hashlib.sha256)
        return f"[HASH:{digest.hexdigest()[:_HASH_DIGITS]}]"

    def text(self, value: str) -> str:
        """Return the text with everything that looks like a secret replaced."""
        if len(value) < _SHORTEST_SECRET and not self._redaction.compiled:
            return value
        if value in self.harmless:
            return value
        redacted = self._search(value)
        if len(value) <= _LONGEST_CACHED_TEXT and redacted == value:
            if len(self.harmless) >= _MAXIMUM_CACHED_TEXTS:
                self.harmless.clear()
            self.harmless.add(value)
        return redacted

    def short_text(self, value: str, limit: int | None = None) -> str:
        """Return the beginning of a text, redacted: time and memory stay bounded for any text.

        Args:
            value: The text.
            limit: Characters to keep; those of the limits when omitted.
        """
        if limit is None:
            limit = self.limits.text_characters
        if len(value) > limit // 2:  # counted in UTF-16 it may be too long
            self._cut.happened = True
            value = value[: 4 * limit]
        return cut_keyword(self.text(value), limit)

    def note_cut(self) -> None:
        """Note that something of this thread's next record was cut."""
        self._cut.happened = True

    def take_cut(self) -> bool:
        """Return whether something may have been cut in this thread since the last call."""
        if getattr(self._cut, "happened", False):
            self._cut.happened = False
            return True
        return False

    def _search(self, value: str) -> str:
        for hint in _TOKEN_HINTS:
            if hint in value:
                value = _TOKEN.sub(self._hide_match, value)
                break
        if "@" in value:
            if "://" in value:
                value = _URL_PASSWORD.sub(lambda found: f"{self._hide_value(found)}@", value)
            value = _EMAIL.sub(self._hide_match, value)
        if "=" in value or ":" in value or " " in value:
            lowered = value.lower()
            if "bearer" in lowered or "basic " in lowered:
                value = _BEARER.sub(self._hide_match, value)
            for hint in _ASSIGNED_HINTS:
                if hint in lowered:
                    value = _ASSIGNED.sub(self._hide_value, value)
                    break
        if _CARD_HINT.search(value) is not None:
            value = _CARD.sub(self._hide_card, value)
        if "+" in value or "-" in value:
            value = _PHONE.sub(self._hide_match, value)
        for pattern in self._redaction.compiled:
            value = pattern.sub(self._hide_match, value)
        return value

    def _hide_match(self, found: re.Match[str]) -> str:
        return self.hide(found[0])

    def _hide_value(self, found: re.Match[str]) -> str:
        return f"{found['key']}{self.hide(found['value'])}"

    def _hide_card(self, found: re.Match[str]) -> str:
        digits = [int(character) for character in found[0] if character.isdigit()]
        return self.hide(found[0]) if _passes_luhn(digits) and len(set(digits)) > 1 else found[0]

    def value(self, key: str, value: Any) -> Any:
        """Return a value of a mapping, redacted by its key or, if text, by its shape."""
        if self.is_secret_key(key):
            return self.hide(value)
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


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _passes_luhn(digits: list[int]) -> bool:
    """Return whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0

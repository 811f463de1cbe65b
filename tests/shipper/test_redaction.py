"""Secrets and personal data go before anything is stored; all else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import ConfigurationError
from shipper.features import encode_features
from shipper.redaction import REDACTED, Redaction, Redactor

SECRETS = [
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "sk-" + "proj1234" * 4,
    "xoxb-" + "1234567890-abcdef",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "4111 1111 1111 1111",
    "5500-0000-0000-0004",
    "jane.doe+test@mail.example.org",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_found_by_their_shape(secret: str) -> None:
    """A secret goes wherever it stands in a text, and the text around it stays."""
    redacted = Redactor().text(f"before {secret} after")
    assert secret not in redacted
    assert redacted == f"before {REDACTED} after"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("password=hunter22 user=jo", f"password={REDACTED} user=jo"),
        ('{"api_key": "abc123def"}', f'{{"api_key": "{REDACTED}"}}'),
        ("Authorization: Bearer abcdefgh12345678", f"Authorization: {REDACTED}"),
        ("postgres://jo:s3cret@db:5432/x", f"postgres://jo:{REDACTED}@db:5432/x"),
    ],
)
def test_secrets_are_found_by_what_they_are_assigned_to(text: str, redacted: str) -> None:
    """A value after a telling name goes, the name stays."""
    found = Redactor().text(text)
    assert "hunter22" not in found
    assert "s3cret" not in found
    assert "abcdefgh12345678" not in found
    assert found == redacted


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "db_password",
        "apiKey",
        "X-Api-Key",
        "access_token",
        "AUTHORIZATION",
        "cvv",
        "clientSecret",
    ],
)
def test_values_under_telling_keys_go_whole(key: str) -> None:
    """A key that names a secret takes its value with it, whatever that is."""
    assert Redactor().value(key, 1234) == REDACTED


@pytest.mark.parametrize(
    "key", ["token_count", "prompt_tokens", "author", "monkey", "keyboard", "passenger"]
)
def test_harmless_keys_keep_their_values(key: str) -> None:
    """Words that only look alike are left."""
    assert Redactor().value(key, 1234) == 1234


@pytest.mark.parametrize(
    "text",
    [
        "order 1234567890123456 shipped",  # 16 digits, wrong check digit
        "id 3f2b8c1e-7f6a-4f6e-9f9e-0a1b2c3d4e5f",
        "0000 0000 0000 0000",
        "the monkey passed the keyboard",
        "git@host is no address",
    ],
)
def test_harmless_text_stays(text: str) -> None:
    """Ids and ordinary words are not redacted."""
    assert Redactor().text(text) == text


HOSTILE = [
    "a" * 30_000 + " @",
    "a@" * 15_000,
    "a@" + "b." * 15_000,
    "eyJ" * 10_000,
    "a" * 30_000 + "://@",
    "a://" * 8_000 + "@",
    "password" * 4_000,
    "x" * 30_000 + "=token",
    "a-" * 15_000 + " key=",
    "bearer" + " " * 30_000,
    "1234 5678 " * 3_000,
    "-----BEGIN " * 3_000,
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_no_text_stalls_the_redaction(text: str) -> None:
    """Time grows with the length only: a quadratic search would take minutes here."""
    for _ in range(20):
        Redactor().text(text)


def test_a_long_text_is_cut_and_redacted() -> None:
    """Megabytes cost no more than what is kept."""
    text = "mail a@b.example " + "x" * 10_000_000
    assert Redactor().short_text(text, 100) == (f"mail {REDACTED} " + "x" * 100)[:100]


def test_an_address_at_the_end_of_a_sentence() -> None:
    """The full stop is no part of it."""
    assert Redactor().text("write to jane@shop.example.") == f"write to {REDACTED}."


def test_mappings_are_redacted_in_depth() -> None:
    """Nested objects and lists are searched too."""
    found = Redactor().mapping({"user": {"token": "x", "mails": ["a@b.example"]}, "n": 1})
    assert found == {"user": {"token": REDACTED, "mails": [REDACTED]}, "n": 1}


def test_a_secret_is_redacted_every_time() -> None:
    """Remembering harmless texts never lets a secret through."""
    redactor = Redactor()
    assert [redactor.text("a@b.example and more") for _ in range(3)] == [f"{REDACTED} and more"] * 3


@given(st.text(max_size=300))
def test_redaction_is_total_and_settles(text: str) -> None:
    """Any text is redacted without failing, and a second time changes nothing."""
    redactor = Redactor()
    once = redactor.text(text)
    assert Redactor().text(once) == once


@pytest.mark.parametrize(
    "number",
    ["+49 170 1234567", "+14155552671", "(415) 555-2671", "415-555-2671", "+44 (20) 7946 0958"],
)
def test_telephone_numbers_go(number: str) -> None:
    """International ones with their plus sign, and the North American form."""
    assert Redactor().text(f"call {number} now") == f"call {REDACTED} now"


@pytest.mark.parametrize("text", [
    "at 2026-11-21T04:17:00+02:00", "took 1e+10 s", "from 10.0.0.1 to 10.0.0.2", "order 2026-555-26711",
    "offset +1234", "version 4.15.555-2671", "id 415-555-26712", "3f2b8c1e-7f6a-4f6e-9f9e-0a1b2c3d4e5f",
])  # fmt: skip
def test_numbers_that_are_no_telephone_numbers_stay(text: str) -> None:
    """Times, offsets, addresses and ids are what logs are read for."""
    assert Redactor().text(text) == text


def test_own_keys_and_patterns() -> None:
    """What only the service can know."""
    redactor = Redactor(Redaction(keys=["customer_*"], patterns=[r"\bK-\d{6}\b"]))
    assert redactor.mapping({"customer_name": "Jane", "order": "K-123456 paid", "n": 1}) == {
        "customer_name": REDACTED, "order": f"{REDACTED} paid", "n": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "sentence"), [("(", "is no regular expression"), ("x*", "matches the empty text")]
)
def test_wrong_patterns_are_configuration_errors(pattern: str, sentence: str) -> None:
    """Seen at ``configure``."""
    with pytest.raises(ConfigurationError, match=sentence):
        Redaction(patterns=[pattern])


def test_hashes_in_place_of_removal() -> None:
    """Equal values stay equal under one key; another key gives other hashes."""
    first, again, other = Redactor(hash_key="a"), Redactor(hash_key="a"), Redactor(hash_key="b")
    text = "mail jane@shop.example, password=hunter2"
    assert first.text(text) == again.text(text) != other.text(text)
    assert first.text(text).count("[HASH:") == 2
    assert "jane" not in first.text(text)
    assert "hunter2" not in first.text(text)
    assert first.text(first.text(text)) == first.text(text)
    assert first.value("token", "x") == first.hide("x")


def test_inputs_can_be_allowed_and_denied() -> None:
    """Denied inputs lose their values; inputs that are not allowed are left out."""
    redactor = Redactor(Redaction(deny_features=["name"], allow_features=["age", "city_*"]))
    fields = encode_features({"name": "Jane", "age": 3, "city_from": "Rome", "income": 5}, redactor)
    assert fields.document() == {
        "number": {"age": 3}, "category": {"name": REDACTED, "city_from": "Rome"},
    }  # fmt: skip

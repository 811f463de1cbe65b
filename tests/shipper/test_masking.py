"""Masking replaces what changes and keeps what the program wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.masking import mask, mask_unquoted, parameter_type


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("took 12ms, 3.5 s and 1e-5", "took <*>, <*> s and <*>"),
        ("size 5.2 KB of 317.5 MB", "size <*> of <*>"),
        ("from 10.251.43.147:50010", "from <*>:<*>"),
        ("proxy.cse.cuhk.edu.hk:5070 open", "<*>:<*> open"),
        ("request 3f2b8c1e-7f6a-4f6e-9f9e-0a1b2c3d4e5f failed", "request <*> failed"),
        ("<Model object at 0x7f3ab4c1d2e0>", "<Model object at <*>>"),
        ("cannot open /srv/models/churn-3.bin", "cannot open <*>"),
        ("at 2026-11-21T04:00:00.123Z and 04:00:00", "at <*> and <*>"),
        ("at Sun Jul 10 03:55:15 2005", "at <*>"),
        ("column 'dep_delay' is \"bad\"", "column '<*>' is \"<*>\""),
        ("GET https://example.org/a/b?c=1", "GET https://<*>"),
        ("jk2_init() Found child 6725", "jk2_init() Found child <*>"),
        ("block blk_-38865049064139660", "block <*>"),
        ("it's the user's turn", "it's the user's turn"),
        ("needs sha256 or log4j", "needs sha256 or log4j"),
        ("ids 1 2 3 4 5 are bad", "ids <*> are bad"),
        ("", ""),
    ],
)
def test_examples(message: str, masked: str) -> None:
    """Each kind of parameter is masked, and only that."""
    assert mask(message) == masked


def test_quoted_words_can_be_left() -> None:
    """Where the grouping decides about quoted words, the masking leaves them."""
    assert mask_unquoted("unknown categories ['OO'] in column 3") == (
        "unknown categories ['OO'] in column <*>"
    )


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_numbers_never_tell_two_messages_apart(first: int, second: int) -> None:
    """Two messages that differ in a number have one template."""
    assert mask(f"user has {first} items") == mask(f"user has {second} items")


@given(st.text())
def test_any_text_is_masked_without_failing(text: str) -> None:
    """Masking is total."""
    assert isinstance(mask(text), str)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "x-" + "1" * 40 + "abcdefg",
        "x-" + "1_" * 100 + "abcdefg",
        "a." * 4_000 + "@",
        "a" * 8_000,
        "1-" * 4_000 + "!",
        "/a" * 4_000 + "!",
        "abcdef1" * 1_000 + "g",
        "1." * 4_000,
        "'" + "a\\" * 4_000,
        "<*> " * 2_000,
        "Jan 1 " * 1_000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_stalls_the_masking(text: str) -> None:
    """Time grows with the length only: backtracking would take hours here."""
    for _ in range(20):
        mask(text)
        mask(" ".join(text[place : place + 200] for place in range(0, len(text), 200)))
        parameter_type(text)


def test_a_long_word_is_one_parameter() -> None:
    """Encoded data is a value, whatever it looks like."""
    assert mask("got " + "QUJD1" * 100) == "got <*>"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("12", "number"),
        ("/a/b", "path"),
        ("10.0.0.1", "address"),
        ("root", "word"),
        ("a b", "text"),
    ],
)
def test_parameters_are_typed(value: str, kind: str) -> None:
    """A parameter's type is told from its value."""
    assert parameter_type(value) == kind

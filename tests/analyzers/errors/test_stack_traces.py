"""Stack traces read from text give what the live exception gives."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.errors.stack_traces import parse_stack_trace
from shipper.exceptions import describe
from shipper.fingerprint import exception_fingerprint
from shipper.redaction import Redactor

PRICES: dict[str, float] = {}


def caught(raise_it: object) -> BaseException:
    """Return the exception that a function raises."""
    try:
        raise_it()  # type: ignore[operator]
    except BaseException as error:
        return error
    raise AssertionError


def plain() -> None:
    raise ValueError("row 12 is bad")


def caused() -> None:
    try:
        PRICES["price"]
    except KeyError as missing:
        raise ValueError("no price") from missing


def in_context() -> None:
    try:
        PRICES["price"]
    except KeyError:
        raise TypeError("cannot tell") from None
    finally:
        pass


def while_handling() -> None:
    try:
        PRICES["price"]
    except KeyError:
        [][1]


def with_many_lines() -> None:
    raise RuntimeError("first line\nsecond: line\n  third")


def without_message() -> None:
    raise LookupError


@pytest.mark.parametrize(
    "fault", [plain, caused, in_context, while_handling, with_many_lines, without_message]
)
def test_text_and_live_exception_have_one_fingerprint(fault: object) -> None:
    """A record written by another tool joins the group of our own."""
    error = caught(fault)
    chain = parse_stack_trace("".join(traceback.format_exception(error)))
    described = describe(error, Redactor())
    assert [summary.type for summary in chain] == list(described.types)
    assert [summary.relation for summary in chain] == [
        summary.relation for summary in described.chain
    ]
    assert exception_fingerprint(chain) == described.fingerprint


def test_library_frames_are_told_by_their_path() -> None:
    """Frames below site-packages are not the service's own."""
    text = (
        "Traceback (most recent call last):\n"
        '  File "/srv/app/main.py", line 3, in handle\n    predict(x)\n'
        '  File "/usr/lib/python3.11/site-packages/sklearn/base.py", line 9, in predict\n    raise ValueError\n'
        "ValueError: Input contains NaN."
    )
    (summary,) = parse_stack_trace(text)
    assert [(frame.place(), frame.own) for frame in summary.frames] == [
        ("main:handle", True),
        ("base:predict", False),
    ]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Text that is no stack trace gives nothing, and never fails."""
    parse_stack_trace(text)
    parse_stack_trace("Traceback (most recent call last):\n" + text)

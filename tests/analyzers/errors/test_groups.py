"""Fingerprints of one fault join; faults that share a place stay apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from analyzers.errors.groups import group_patterns
from analyzers.stores.base import ErrorPattern
from tests.analyzers.conftest import START


def pattern(fingerprint: str, seconds: float = 0, **changes: Any) -> ErrorPattern:
    """Return an error pattern."""
    fields: dict[str, Any] = {
        "type": "ValueError",
        "types": ("ValueError",),
        "template": "row <*> is bad",
        "message": "row 1 is bad",
        "culprit": "model:predict",
        "logger": "shop",
        "count": 3,
        "first_seen": START + timedelta(seconds=seconds),
        "last_seen": START + timedelta(seconds=seconds + 10),
        **changes,
    }
    return ErrorPattern(fingerprint=fingerprint, **fields)


def test_one_fault_reached_by_two_paths_is_one_group() -> None:
    """Fingerprints that differ only in outer frames join; counts add, times span."""
    (group,) = group_patterns([pattern("a", 5, count=2), pattern("b", 0, count=7)])
    assert group.fingerprints == ("b", "a")
    assert group.count == 9
    assert group.first_seen == START
    assert group.last_seen == START + timedelta(seconds=15)


def test_one_raise_site_that_serves_two_faults_is_two_groups() -> None:
    """The message tells them apart."""
    groups = group_patterns([pattern("a"), pattern("b", template="column <*> has no name")])
    assert len(groups) == 2


def test_another_cause_is_another_group() -> None:
    """The chain of types counts, not only the exception raised last."""
    assert len(group_patterns([pattern("a"), pattern("b", types=("ValueError", "KeyError"))])) == 2


def test_errors_without_exceptions_group_by_logger_and_message() -> None:
    """A logged error has no frames: its logger is its place."""
    logged: dict[str, Any] = {
        "type": "log",
        "types": (),
        "culprit": "",
        "template": "queue <*> is full",
    }
    groups = group_patterns(
        [pattern("a", **logged), pattern("b", **logged), pattern("c", **logged, logger="x")]
    )
    assert [len(group.fingerprints) for group in groups] == [2, 1]


def test_ids_do_not_depend_on_what_else_there_is() -> None:
    """The same group has the same id in another window."""
    alone = group_patterns([pattern("a")])[0]
    among = [
        g
        for g in group_patterns([pattern("z", template="other"), pattern("a")])
        if "a" in g.fingerprints
    ][0]
    assert alone.id == among.id


def test_no_patterns_no_groups() -> None:
    """Nothing makes nothing."""
    assert group_patterns([]) == []

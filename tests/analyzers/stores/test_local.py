"""The local store answers what only a folder can be asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from analyzers.stores.base import (
    StoreError,
    Window,
)
from analyzers.stores.local import LocalStore
from analyzers.stores.opening import open_store
from tests.analyzers.conftest import START, Opener, prediction

ALL = Window()


def at(seconds: float):
    """Return a time so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def test_an_empty_folder_answers_everything_with_nothing(tmp_path: Path) -> None:
    """No record is no error."""
    with LocalStore(tmp_path) as store:
        assert store.coverage(ALL).kinds == ()
        assert store.error_patterns(ALL) == []
        assert (
            store.contrast(
                ["ml.segment", "ml.features.missing", "host.name"], {"g": []}, ALL
            ).counts
            == ()
        )
        assert store.first_record("error", ALL) is None


@pytest.mark.parametrize(
    ("location", "sentence"),
    [("nowhere", "no folder nowhere"), ("http://127.0.0.1:1", "nothing listens there")],
)
def test_a_store_that_is_not_there_is_named(location: str, sentence: str) -> None:
    """The sentence says what to give."""
    with pytest.raises(StoreError, match=sentence):
        open_store(location).coverage(ALL)


def test_two_stores_read_one_folder_at_once(open_local: Opener, tmp_path: Path) -> None:
    """No process locks another out."""
    first = open_local([prediction(0, 1)])
    with LocalStore(tmp_path) as second:
        assert (
            first.coverage(ALL).count("prediction") == second.coverage(ALL).count("prediction") == 1
        )

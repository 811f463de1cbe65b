"""Ids are unique and sorted by time; times have one form."""

from __future__ import annotations

import os
import random
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.identifiers import format_datetime, format_time, new_event_id, sampling_key


def test_event_ids_are_uuids_of_version_7() -> None:
    """An event id is a UUID of version 7, variant RFC 9562."""
    parsed = uuid.UUID(new_event_id())
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122


def test_event_ids_are_unique_although_the_service_seeds_random() -> None:
    """Seeding the global generator, as training code does, repeats no id."""
    seen = set()
    for _ in range(100):
        random.seed(0)
        seen.add(new_event_id(1_700_000_000_000_000_000))
    assert len(seen) == 100


@given(st.integers(0, 2**62), st.integers(0, 2**62))
def test_event_ids_sort_by_time(first: int, second: int) -> None:
    """Ids of different milliseconds sort as their times do."""
    if first // 1_000_000 < second // 1_000_000:
        assert new_event_id(first) < new_event_id(second)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_forked_children_mint_other_ids() -> None:
    """Children of one parent do not continue its sequence of random numbers."""
    readers = []
    for _ in range(3):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, new_event_id(0).encode())
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    found = {os.read(reader, 100) for reader in readers}
    for reader in readers:
        os.close(reader)
        os.wait()
    assert len(found) == 3


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))
def test_times_are_read_back_to_the_millisecond(moment: datetime) -> None:
    """A formatted time is ISO 8601 in UTC, cut to milliseconds."""
    aware = moment.replace(tzinfo=UTC)
    nanoseconds = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    text = format_time(nanoseconds)
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == aware.replace(
        microsecond=aware.microsecond // 1000 * 1000
    )


def test_a_time_with_another_zone_turns_to_utc() -> None:
    """Zones are converted, not dropped."""
    moment = datetime(2026, 11, 21, 4, 0, tzinfo=timezone(timedelta(hours=2)))
    assert format_datetime(moment) == "2026-11-21T02:00:00.000Z"


def test_a_time_without_zone_is_refused() -> None:
    """A time without zone is not guessed."""
    with pytest.raises(ValueError, match="has no zone"):
        format_datetime(datetime(2026, 11, 21))


def test_sampling_keys_are_spread_evenly() -> None:
    """Keys lie in [0, 10000), and about half of them below 5000."""
    keys = [sampling_key(f"id-{number}") for number in range(4000)]
    assert all(0 <= key < 10_000 for key in keys)
    assert 1800 < sum(key < 5000 for key in keys) < 2200

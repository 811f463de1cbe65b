"""Errors of a service's own code: shared helpers, validation, and what requests look like."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np
import pydantic

from tests.corpus.causes import RootCauses, each


class InvalidInputError(ValueError):
    """What one shared helper raises for every kind of bad input."""


class Tier(Enum):
    """Kinds of customers."""

    FREE = "free"
    GOLD = "gold"


class Request(pydantic.BaseModel):
    """A request."""

    age: int
    city: str


class Model:
    """An object without the attribute that callers expect."""


def require(condition: bool, message: str) -> None:
    """Raise: the one place through which all checks go."""
    if not condition:
        raise InvalidInputError(message)


def check_age(age: int) -> None:
    """A check through the shared place."""
    require(0 <= age < 150, f"age {age} is out of range")


def check_currency(code: str) -> None:
    """Another check through the same place."""
    require(code in ("EUR", "USD"), f"currency {code!r} is not supported")


def check_length(rows: int) -> None:
    """And another."""
    require(rows <= 1000, f"batch of {rows} rows exceeds the limit of 1000")


def from_api(age: int) -> None:
    """One path to the check."""
    check_age(age)


def from_queue(age: int) -> None:
    """Another path to the check."""
    check_age(age)


def field(row: dict[str, Any], name: str) -> Any:
    """Take a field of a row."""
    return row[name]


def amount_of(row: dict[str, Any]) -> Any:
    """Read the amount."""
    return field(row, "amount")


def score_order(order: int) -> Any:
    """Score an order whose partner renamed a field."""
    return amount_of({"total": order})


def refund_order(order: int) -> Any:
    """The same fault by another path."""
    return amount_of({"id": order})


def session_of(user: str) -> Any:
    """Look a session up."""
    sessions: dict[str, int] = {}
    return sessions[user]


def validate(payload: dict[str, Any]) -> Any:
    """Validate a request."""
    return Request(**payload)


def call_old(model: Any) -> Any:
    """Call what a new version renamed."""
    return model.predict_proba([1])


def none_of(user: int) -> Any:
    """Use what was not found."""
    found = {1: "a"}.get(user)
    return found.upper()  # type: ignore[union-attr]


def index(rows: list[int], place: int) -> Any:
    """Take the n-th candidate."""
    return rows[place]


def ratio(clicks: int, views: int) -> Any:
    """Divide by nothing."""
    return clicks / views


def concatenate(user: int) -> Any:
    """Join a text and a number."""
    return "user-" + user  # type: ignore[operator]


def subtract(text: str) -> Any:
    """Subtract a text from a time."""
    return datetime(2026, 11, 21) - text  # type: ignore[operator]


def age_in_days(day: str) -> Any:
    """Read a day."""
    return date(2026, 11, 21) - date.fromisoformat(day)


def tier(name: str) -> Any:
    """Read a tier."""
    return Tier(name)


def trace(text: str) -> Any:
    """Read an id."""
    return uuid.UUID(text)


def money(text: str) -> Any:
    """Read an amount."""
    return Decimal(text)


def whole_number(text: str) -> Any:
    """Read a number."""
    return int(text)


def horizon(days: int) -> Any:
    """Look too far ahead."""
    return datetime(2026, 11, 21) + timedelta(days=days)


def unpack_pair(values: tuple[int, ...]) -> Any:
    """Take two of what has another number."""
    first, second = values
    return first, second


def call_with(values: dict[str, int]) -> Any:
    """Call with an argument that went."""
    return ratio(**values)


def iterate(value: Any) -> Any:
    """Walk over what is no list."""
    total = 0
    for item in value:
        total += item
    return total


def hash_of(value: Any) -> Any:
    """Use a list as a key."""
    return {value: 1}


def budget(megabytes: int) -> Any:
    """Refuse work rather than be killed."""
    raise MemoryError(f"{megabytes} MiB in use, the budget is 512 MiB")


def agree(values: list[float]) -> Any:
    """An invariant that does not hold."""
    assert abs(sum(values) - 1) < 1e-6, f"probabilities add up to {sum(values)}"


def overflow(power: int) -> Any:
    """A number too large."""
    return float(10) ** power


def cast(value: float) -> Any:
    """A whole number of what is none."""
    return int(np.float64(value))


ROOT_CAUSES: RootCauses = {
    "an age out of range": [*each(from_api, 151, 999), *each(from_queue, -4)],
    "a currency that is not supported": each(check_currency, "NOK", "SEK", "GBP"),
    "a batch that is too long": each(check_length, 1001, 25000),
    "a partner renamed the amount": [*each(score_order, 1, 2), *each(refund_order, 9)],
    "a session that has ended": each(session_of, "u-17", "u-4711"),
    "a request that does not validate": each(
        validate, ({"age": "old", "city": "Oslo"},), ({"age": "x9", "city": "Rome"},)
    ),
    "a request without a city": each(validate, ({"age": 3},), ({"age": 77},)),
    "a method that a new version renamed": each(call_old, Model(), Model()),
    "a user that was not found": each(none_of, 2, 99),
    "too few candidates": each(index, ([1], 3), ([], 0)),
    "no views yet": each(ratio, (3, 0), (17, 0)),
    "a text and a number": each(concatenate, 3, 9),
    "a time and a text": each(subtract, "2026-11-01", "yesterday"),
    "a day in another format": each(age_in_days, "21.11.2026", "2026/11/21"),
    "a tier that is none": each(tier, "silver", "platinum"),
    "an id that is none": each(trace, "17", "xyz"),
    "an amount with a currency": each(money, "12 EUR", "9,5"),
    "a number with words": each(whole_number, "12 pieces", "many"),
    "too far ahead": each(horizon, 9_999_999, 5_000_000),
    "three values for two": each(unpack_pair, ((1, 2, 3),), ((1, 2, 3, 4),)),
    "an argument that went": each(
        call_with, ({"clicks": 1, "view": 2},), ({"clicks": 3, "shows": 1},)
    ),
    "a number is walked over": each(iterate, 3, 17),
    "a list as a key": each(hash_of, ([1],), ([1, 2],)),
    "memory beyond the budget": each(budget, 513, 998),
    "probabilities do not add up": each(agree, ([0.2, 0.3],), ([0.9, 0.4],)),
    "a number too large": each(overflow, 400, 999),
    "an infinite number made whole": each(cast, float("inf"), float("inf")),
}

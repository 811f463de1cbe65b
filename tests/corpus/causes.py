"""How a root cause is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

Raises = Callable[[], Any]
RootCauses = Mapping[str, Sequence[Raises]]


def each(function: Callable[..., Any], *arguments: Any) -> list[Raises]:
    """Return calls of a function, one for each argument; tuples are several arguments."""
    return [
        partial(function, *(given if isinstance(given, tuple) else (given,))) for given in arguments
    ]

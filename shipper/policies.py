"""What to do when memory or disk is full: wait, drop, or thin out. Every record is counted.

A policy answers three questions: which share of the new records to take while the spool is under
pressure (80 % full), how long a log call may wait for room when it is full, and whether the oldest
records then make room for new ones. A new policy is one class here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from shipper.errors import ConfigurationError


class Policy(Protocol):
    """What to do when memory or disk is full.

    Attributes:
        wait_seconds: Longest time that a log call waits for room.
        drops_oldest: Whether the oldest records make room; otherwise the new one is dropped.
    """

    @property
    def wait_seconds(self) -> float:
        """Longest time that a log call waits for room."""
        ...

    @property
    def drops_oldest(self) -> bool:
        """Whether the oldest records make room."""
        ...

    def share(self, level: int, route: str) -> float:
        """Return the share of records of a level and route to take under pressure, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class DropOldest:
    """The oldest records make room for new ones."""

    wait_seconds: float = 0.0
    drops_oldest: bool = True

    def share(self, level: int, route: str) -> float:
        """Take every record."""
        return 1.0


@dataclass(frozen=True, slots=True)
class Block:
    """A log call waits for room; when there is still none, its record is dropped.

    A call in the thread of a running event loop never waits.

    Attributes:
        wait_seconds: Longest time that a log call waits.
        drops_oldest: Always False.
    """

    wait_seconds: float = 0.05
    drops_oldest: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.wait_seconds <= 60:
            raise ConfigurationError(f"Block waits 0 to 60 seconds, not {self.wait_seconds!r}")

    def share(self, level: int, route: str) -> float:
        """Take every record."""
        return 1.0


@dataclass(frozen=True, slots=True)
class DropBelow:
    """Under pressure, records below a level are dropped; then the oldest make room.

    Attributes:
        level: Lowest level to take, such as ``warning``.
        wait_seconds: Always 0.
        drops_oldest: Always True.
    """

    level: str = "warning"
    wait_seconds: float = 0.0
    drops_oldest: bool = True

    def __post_init__(self) -> None:
        level_number(self.level)

    def share(self, level: int, route: str) -> float:
        """Take what is important enough."""
        return 1.0 if level >= level_number(self.level) else 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Under pressure, a share of the records is taken; then the oldest make room.

    ``ml.sampling.rate`` says in each record that it stands for 1/rate records. The sample is drawn
    by ``ml.sampling.key``, so the same everywhere.

    Attributes:
        rate: Share of the records to take, above 0, up to 1.
        below: Only records below this level are thinned out.
        routes: Only those of requests to paths that match one of these patterns, such as
            ``/health*``; of all where none is given.
        wait_seconds: Always 0.
        drops_oldest: Always True.
    """

    rate: float = 0.1
    below: str = "error"
    routes: tuple[str, ...] = ()
    wait_seconds: float = 0.0
    drops_oldest: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1:
            raise ConfigurationError(f"Sample takes a rate above 0, up to 1, not {self.rate!r}")
        level_number(self.below)

    def share(self, level: int, route: str) -> float:
        """Thin out what is below the level, on the routes given."""
        if level >= level_number(self.below):
            return 1.0
        if self.routes and not any(fnmatchcase(route, pattern) for pattern in self.routes):
            return 1.0
        return self.rate


def level_number(level: str | int) -> int:
    """Return a log level as a number.

    Raises:
        ConfigurationError: If there is no such level.
    """
    if isinstance(level, int):
        return level
    number = logging.getLevelNamesMapping().get(str(level).upper())
    if number is None:
        raise ConfigurationError(
            f"level {level!r} is unknown: use debug, info, warning, error or critical"
        )
    return number

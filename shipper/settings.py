"""Settings of the shipper: arguments of ``configure``, overridden by the environment."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shipper.spool import SpoolLimits

DEFAULT_DESTINATION = "file:elkhound-data"

_NAMESPACE = re.compile(r"[a-z0-9._]{1,100}")


class ConfigurationError(ValueError):
    """A setting is wrong; the message says which, why and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Checked settings of one process.

    Attributes:
        service: Name of the service.
        version: Release of the service.
        environment: Where it runs, such as ``production``.
        directory: Folder of the spool.
        namespace: Namespace of the data streams.
        level: Lowest level of log calls to keep, as ``logging`` numbers it.
        limits: Bounds of the spool.
    """

    service: str
    version: str | None
    environment: str | None
    directory: Path
    namespace: str
    level: int
    limits: SpoolLimits = field(default_factory=SpoolLimits)


def read_settings(
    *,
    service: str,
    version: str | None,
    environment: str | None,
    to: str,
    namespace: str,
    level: str | int,
    limits: SpoolLimits | None,
    variables: Mapping[str, str] | None = None,
) -> Settings:
    """Check the settings; ``ELKHOUND_*`` variables win over arguments.

    Raises:
        ConfigurationError: If a setting is wrong.
    """
    given = os.environ if variables is None else variables
    service = given.get("ELKHOUND_SERVICE", service)
    if not str(service or "").strip():
        raise ConfigurationError("service must name the service: configure(service='checkout')")
    namespace = given.get("ELKHOUND_NAMESPACE", namespace)
    if not _NAMESPACE.fullmatch(namespace):
        raise ConfigurationError(
            f"namespace {namespace!r} must be 1 to 100 of: a-z, 0-9, '.' and '_'"
        )
    return Settings(
        service=service,
        version=given.get("ELKHOUND_SERVICE_VERSION", version),
        environment=given.get("ELKHOUND_ENVIRONMENT", environment),
        directory=destination_directory(given.get("ELKHOUND_TO", to)),
        namespace=namespace,
        level=level_number(given.get("ELKHOUND_LEVEL", level)),
        limits=limits or SpoolLimits(),
    )


def destination_directory(to: str) -> Path:
    """Return the folder that a ``file:`` destination names.

    Raises:
        ConfigurationError: If it is no ``file:`` destination or names no folder.
    """
    parts = urlsplit(to)
    if parts.scheme not in ("file", "") or parts.netloc not in ("", "localhost"):
        raise ConfigurationError(
            f"destination {to!r} must be file:FOLDER, such as file:elkhound-data"
        )
    folder = unquote(parts.path)
    if not folder:
        raise ConfigurationError(f"destination {to!r} names no folder: give file:FOLDER")
    return Path(folder).absolute()


def level_number(level: str | int) -> int:
    """Return a log level as a number.

    Raises:
        ConfigurationError: If there is no such level.
    """
    if isinstance(level, int):
        return level
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ConfigurationError(
            f"level {level!r} is unknown: use debug, info, warning, error or critical"
        )
    return number

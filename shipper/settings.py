"""Settings of the shipper: arguments of ``configure``, overridden by the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shipper.address import Address, parse_address
from shipper.credentials import Credentials, read_credentials
from shipper.errors import ConfigurationError
from shipper.limits import RecordLimits
from shipper.policies import DropOldest, Policy, level_number
from shipper.redaction import Redaction
from shipper.writer import SpoolLimits

__all__ = ["ConfigurationError", "Settings", "read_settings"]

DEFAULT_DESTINATION = "file:elkhound-data"
DEFAULT_SPOOL = "elkhound-spool"

Destination = str | Any
"""A URL, or a transport written for python-logstash-async."""

_NAMESPACE = re.compile(r"[a-z0-9._]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Checked settings of one process.

    Attributes:
        service: Name of the service.
        version: Release of the service.
        environment: Where it runs, such as ``production``.
        directory: Folder of the spool.
        targets: Where the spool is delivered to, in order of preference; none for a local store.
        credentials: What the receivers may ask for.
        keep: Whether segments stay when all of them was acknowledged.
        namespace: Namespace of the data streams.
        level: Lowest level of log calls to keep, as ``logging`` numbers it.
        limits: Bounds of the spool.
        when_full: What to do when memory or disk is full.
        redaction: What else to take out of records.
        record_limits: Bounds of a record.
        sync_errors: Whether a log call of an error waits until the disk holds its record.
    """

    service: str
    version: str | None
    environment: str | None
    directory: Path
    targets: tuple[Any, ...] = ()
    credentials: Credentials = field(default_factory=Credentials)
    keep: bool = False
    namespace: str
    level: int
    limits: SpoolLimits = field(default_factory=SpoolLimits)
    when_full: Policy = field(default_factory=DropOldest)
    redaction: Redaction = field(default_factory=Redaction)
    record_limits: RecordLimits = field(default_factory=RecordLimits)
    sync_errors: bool = False


def read_settings(
    *,
    service: str,
    version: str | None = None,
    environment: str | None = None,
    to: Destination | Sequence[Destination] = DEFAULT_DESTINATION,
    spool: str | os.PathLike[str] | None = None,
    keep: bool = False,
    namespace: str = "default",
    level: str | int = "info",
    limits: SpoolLimits | None = None,
    when_full: Policy | None = None,
    redaction: Redaction | None = None,
    record_limits: RecordLimits | None = None,
    sync_errors: bool = False,
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
    targets = read_destinations(given["ELKHOUND_TO"].split() if given.get("ELKHOUND_TO") else to)
    folder = given.get("ELKHOUND_SPOOL", spool)
    if targets and _is_folder(targets[0]):
        if folder is not None and Path(folder).absolute() != Path(targets[0].path):
            raise ConfigurationError(
                f"to={str(targets[0])!r} is a folder and needs no spool: "
                f"leave spool={str(folder)!r} out"
            )
        directory = Path(targets[0].path)
        targets = ()
    else:
        directory = Path(folder if folder is not None else DEFAULT_SPOOL).absolute()
    return Settings(
        service=service,
        version=given.get("ELKHOUND_SERVICE_VERSION", version),
        environment=given.get("ELKHOUND_ENVIRONMENT", environment),
        directory=directory,
        targets=targets,
        credentials=read_credentials(given),
        keep=keep,
        namespace=namespace,
        level=level_number(given.get("ELKHOUND_LEVEL", level)),
        limits=limits or SpoolLimits(),
        when_full=when_full or DropOldest(),
        redaction=redaction or Redaction(),
        record_limits=record_limits or RecordLimits(),
        sync_errors=sync_errors,
    )


def read_destinations(to: Destination | Sequence[Destination]) -> tuple[Any, ...]:
    """Return the addresses (or transports) that ``to`` names, in order of preference.

    Raises:
        ConfigurationError: If one is no address, there is none, or a folder is among several.
    """
    several = [to] if isinstance(to, str) or hasattr(to, "send") else list(to)
    targets = tuple(parse_address(one) if isinstance(one, str) else one for one in several)
    if not targets:
        raise ConfigurationError("to names no destination: give file:FOLDER or a URL")
    for target in targets:
        if not isinstance(target, Address) and not callable(getattr(target, "send", None)):
            raise ConfigurationError(
                f"destination {target!r} is neither a URL nor a transport with a send method"
            )
        if _is_folder(target) and len(targets) > 1:
            raise ConfigurationError(
                f"{target} among several destinations: "
                "records wait in the spool's folder without that"
            )
    return targets


def _is_folder(target: Any) -> bool:
    return isinstance(target, Address) and target.is_file

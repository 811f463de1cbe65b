"""Addresses: where records go, written as a URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from shipper.errors import ConfigurationError

DEFAULT_PORTS: Mapping[str, int | None] = {
    "beats": 5044,
    "beats+tls": 5044,
    "http": 8080,
    "https": 8080,
    "tcp": None,
    "tcp+tls": None,
    "elasticsearch": 9200,
    "elasticsearch+https": 9200,
}
"""The port of each kind of address, where the usual receiver has one."""

TLS = frozenset(("beats+tls", "https", "tcp+tls", "elasticsearch+https"))

_OPTIONS = {
    "ca": "file of the authorities to trust (PEM)",
    "certificate": "file of the client's certificate (PEM)",
    "key": "file of its private key (PEM)",
    "server_name": "name to expect in the server's certificate",
    "verify": "`no` turns the check of the server's certificate off",
    "timeout": "seconds to wait for a connection and for an answer",
    "compression": "0 (none) to 9 (smallest)",
    "max_event_bytes": "longest event that the receiver takes",
}
"""What may stand behind the ``?`` of an address."""

DEFAULT_TIMEOUT = 30.0

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A destination, checked.

    Attributes:
        scheme: Kind of the destination.
        host: Name or address of the machine; '' for files.
        port: Its port; 0 for files.
        path: Path of a URL, or of the folder.
        ca: File of the authorities to trust; those of the system otherwise.
        certificate: File of the client's certificate.
        key: File of its private key.
        server_name: Name to expect in the server's certificate, where it is not ``host``.
        verify: Whether the server's certificate is checked.
        timeout: Seconds to wait for a connection and for an answer.
        compression: Level of compression, or None for what suits the transport.
        maximum_event_bytes: Longest event that the receiver takes, or None for what is usual.
    """

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    server_name: str | None = None
    verify: bool = True
    timeout: float = DEFAULT_TIMEOUT
    compression: int | None = None
    maximum_event_bytes: int | None = None

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme in TLS

    @property
    def is_file(self) -> bool:
        """Whether this is a folder."""
        return self.scheme == "file"

    def __str__(self) -> str:
        if self.is_file:
            return f"file:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path if self.path != '/' else ''}"


def parse_address(text: str) -> Address:
    """Return the address that a URL stands for.

    Raises:
        ConfigurationError: If it is no address; the message says what would be one.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigurationError(f"destination {text!r} is no URL: {error}") from error
    if parts.scheme in ("file", ""):
        return _parse_folder(text, parts.netloc, parts.path)
    if parts.scheme not in DEFAULT_PORTS:
        known = ", ".join(f"{scheme}://" for scheme in DEFAULT_PORTS)
        raise ConfigurationError(
            f"destination {text!r} is of no known kind: use file:FOLDER, {known}"
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            f"destination {parts.scheme}://{host}: a URL is no place for a password, it shows in "
            "process lists and logs: set ELKHOUND_USERNAME and ELKHOUND_PASSWORD instead"
        )
    if not host:
        raise ConfigurationError(f"destination {text!r} names no host: {parts.scheme}://HOST:PORT")
    port = port if port is not None else DEFAULT_PORTS[parts.scheme]
    if port is None:
        raise ConfigurationError(f"destination {text!r} names no port: {parts.scheme}://HOST:PORT")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in given:
        if name not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            raise ConfigurationError(f"destination {text!r}: {name!r} is no option; known: {known}")
    if not parts.scheme.endswith(("tls", "https")) and {"ca", "certificate", "key"} & set(given):
        raise ConfigurationError(
            f"destination {text!r} gives certificates but is not encrypted: "
            f"write {_ENCRYPTED[parts.scheme]}://"
        )
    if ("key" in given) != ("certificate" in given):
        raise ConfigurationError(f"destination {text!r} needs both certificate= and key=")
    for name in ("ca", "certificate", "key"):
        if name in given and not Path(given[name]).is_file():
            raise ConfigurationError(f"destination {text!r}: {name} {given[name]!r} is no file")
    level = _number(text, given, "compression", 0, 9)
    longest = _number(text, given, "max_event_bytes", 1, 2**40)
    return Address(
        scheme=parts.scheme,
        host=host,
        port=port,
        path=parts.path,
        ca=given.get("ca"),
        certificate=given.get("certificate"),
        key=given.get("key"),
        server_name=given.get("server_name"),
        verify=given.get("verify", "yes").lower() not in ("no", "false", "0"),
        timeout=_number(text, given, "timeout", 0.05, 86400) or DEFAULT_TIMEOUT,
        compression=None if level is None else int(level),
        maximum_event_bytes=None if longest is None else int(longest),
    )


_ENCRYPTED = {
    "beats": "beats+tls",
    "http": "https",
    "tcp": "tcp+tls",
    "elasticsearch": "elasticsearch+https",
}


def _parse_folder(text: str, netloc: str, path: str) -> Address:
    if netloc not in ("", "localhost"):
        raise ConfigurationError(
            f"destination {text!r} must be file:FOLDER, such as file:elkhound-data"
        )
    folder = unquote(path)
    if not folder:
        raise ConfigurationError(f"destination {text!r} names no folder: give file:FOLDER")
    return Address(scheme="file", path=str(Path(folder).absolute()))


def _number(
    text: str, given: Mapping[str, str], name: str, lowest: float, highest: float
) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or not lowest <= float(value) <= highest:
        raise ConfigurationError(
            f"destination {text!r}: {name} must be a number from {lowest:g} to {highest:g}, "
            f"not {value!r}"
        )
    return float(value)

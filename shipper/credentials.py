"""Credentials: from the environment or from files that it names, never from code or URLs."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shipper.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a receiver may ask for.

    Attributes:
        username: Name for basic authentication.
        password: Its password.
        api_key: Elasticsearch API key, encoded as its API returns it.
        bearer: Token for bearer authentication.
        key_passphrase: Passphrase of the client's private key.
        hash_key: Key of the hashes that stand in place of what redaction takes out.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    key_passphrase: str | None = field(default=None, repr=False)
    hash_key: str | None = field(default=None, repr=False)

    def authorization(self) -> str | None:
        """Return the value of the ``Authorization`` header, or None."""
        if self.api_key is not None:
            return f"ApiKey {self.api_key}"
        if self.bearer is not None:
            return f"Bearer {self.bearer}"
        if self.username is not None and self.password is not None:
            pair = f"{self.username}:{self.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return None


def read_credentials(variables: Mapping[str, str] | None = None) -> Credentials:
    """Return the credentials that ``ELKHOUND_*`` variables give.

    ``ELKHOUND_USERNAME``, ``ELKHOUND_PASSWORD``, ``ELKHOUND_API_KEY``, ``ELKHOUND_BEARER``,
    ``ELKHOUND_KEY_PASSPHRASE`` and ``ELKHOUND_HASH_KEY``; with ``_FILE`` behind the name, the value
    is read from that file.

    Raises:
        ConfigurationError: If a file cannot be read, or a name comes without a password.
    """
    given = os.environ if variables is None else variables
    found = Credentials(
        username=_read(given, "ELKHOUND_USERNAME"),
        password=_read(given, "ELKHOUND_PASSWORD"),
        api_key=_read(given, "ELKHOUND_API_KEY"),
        bearer=_read(given, "ELKHOUND_BEARER"),
        key_passphrase=_read(given, "ELKHOUND_KEY_PASSPHRASE"),
        hash_key=_read(given, "ELKHOUND_HASH_KEY"),
    )
    if (found.username is None) != (found.password is None):
        raise ConfigurationError("ELKHOUND_USERNAME and ELKHOUND_PASSWORD must be set together")
    return found


def _read(given: Mapping[str, str], name: str) -> str | None:
    path = given.get(f"{name}_FILE")
    if not path:
        return given.get(name) or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}_FILE {path!r} cannot be read: {error}") from error

"""Locations of clusters: hosts, and the options behind the ``?``, from wherever they are given.

What stands in the URL wins, then ``ELKHOUND_*`` variables, then ``elkhound.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a connection.

    Attributes:
        meaning: One sentence.
        example: A value.
        variable: The environment variable for it, or ''.
    """

    meaning: str
    example: str
    variable: str = ""


OPTIONS: Mapping[str, Option] = {
    "ca": Option("File of the authorities to trust (PEM).", "/etc/ssl/elastic.pem", "ELKHOUND_CA"),
    "fingerprint": Option(
        "SHA-256 of the authority to trust, in place of a file.",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "ELKHOUND_FINGERPRINT",
    ),
    "verify": Option("`no` turns the check of certificate and host name off.", "yes"),
    "timeout": Option("Seconds to wait for an answer (60).", "120", "ELKHOUND_TIMEOUT"),
    "namespace": Option("Namespace of the data streams; all of them otherwise.", "production"),
    "api_key_file": Option(
        "File that holds an API key.", "/run/secrets/elkhound", "ELKHOUND_API_KEY_FILE"
    ),
    "bearer_file": Option(
        "File that holds a bearer token.", "/run/secrets/token", "ELKHOUND_BEARER_FILE"
    ),
    "username": Option("Name for basic authentication.", "elkhound", "ELKHOUND_USERNAME"),
    "password_file": Option(
        "File that holds its password.", "/run/secrets/password", "ELKHOUND_PASSWORD_FILE"
    ),
}
"""What may stand behind the ``?`` of a cluster's URL."""

_CREDENTIALS = ("api_key_file", "bearer_file", "username", "password_file")
_CREDENTIAL_VARIABLES = ("ELKHOUND_API_KEY", "ELKHOUND_BEARER", "ELKHOUND_USERNAME",
                         "ELKHOUND_API_KEY_FILE", "ELKHOUND_BEARER_FILE")  # fmt: skip


def options_of(location: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a location: those in the URL, and those that only variables give.

    Raises:
        ValueError: If there is no such option.
    """
    given = _in_url(location)
    for name in given:
        if name not in OPTIONS:
            raise ValueError(f"{name!r} is no option; known: {', '.join(OPTIONS)}")
    return {
        name: variables[option.variable]
        for name, option in OPTIONS.items()
        if option.variable and name not in _CREDENTIALS and variables.get(option.variable)
    } | given


def completed(location: str, defaults: Mapping[str, str], variables: Mapping[str, str]) -> str:
    """Return a location with the options that neither it nor the environment has.

    Credentials are taken together or not at all.
    """
    given = _in_url(location)
    has_credentials = any(name in given for name in _CREDENTIALS) or any(
        variables.get(name) for name in _CREDENTIAL_VARIABLES
    )
    added = {
        name: value
        for name, value in defaults.items()
        if name not in given
        and not variables.get(OPTIONS[name].variable)
        and not (name in _CREDENTIALS and has_credentials)
    }
    if not added:
        return location
    return f"{location}{'&' if given else '?'}{urlencode(added)}"


def _in_url(location: str) -> dict[str, str]:
    query = (
        location.partition("?")[2]
        if location.startswith("cloud:")
        else "&".join(urlsplit(one).query for one in location.split(","))
    )
    return dict(parse_qsl(query))

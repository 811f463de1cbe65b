"""Settings are checked once, with sentences that help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shipper.settings import ConfigurationError, Settings, read_settings


def read(variables: dict[str, str] | None = None, **changes: Any) -> Settings:
    """Return settings with some arguments changed."""
    arguments = {
        "service": "shop", "version": None, "environment": None, "to": "file:data",
        "namespace": "default", "level": "info", "limits": None, **changes,
    }  # fmt: skip
    return read_settings(**arguments, variables=variables or {})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"service": ""}, "service must name the service"),
        ({"service": None}, "service must name the service"),
        ({"to": "file:"}, "names no folder"),
        ({"to": "gopher://host:70"}, "is of no known kind: use file:FOLDER, beats://"),
        ({"to": "beats://user:secret@host"}, "no place for a password"),
        ({"to": "beats://"}, "names no host"),
        ({"to": "tcp://host"}, "names no port"),
        ({"to": "beats://host:99999"}, "is no URL"),
        ({"to": "beats://host?colour=red"}, "'colour' is no option; known: ca, certificate"),
        ({"to": "beats://host?ca=x.pem"}, r"not encrypted: write beats\+tls://"),
        ({"to": "https://host?ca=nowhere.pem"}, r"ca 'nowhere\.pem' is no file"),
        ({"to": "https://host?key=nowhere.pem"}, "needs both certificate= and key="),
        ({"to": "beats://host?timeout=soon"}, "timeout must be a number"),
        ({"to": []}, "names no destination"),
        ({"to": [3]}, "neither a URL nor a transport"),
        ({"to": ["beats://host", "file:data"]}, "among several destinations"),
        ({"spool": "elsewhere"}, "is a folder and needs no spool"),
        ({"variables": {"ELKHOUND_USERNAME": "me"}}, "must be set together"),
        ({"variables": {"ELKHOUND_PASSWORD_FILE": "/nowhere"}}, "cannot be read"),
        ({"to": "file://other/data"}, "must be file:FOLDER"),
        ({"namespace": "Not Good"}, "namespace 'Not Good'"),
        ({"level": "loud"}, "level 'loud' is unknown"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], sentence: str) -> None:
    """Each mistake is one sentence with what would be right."""
    with pytest.raises(ConfigurationError, match=sentence):
        read(**changes)


def test_a_network_destination_has_a_spool() -> None:
    """Records wait in a folder of their own, not in that of a local store."""
    settings = read(to="beats://logstash:5044")
    assert [str(target) for target in settings.targets] == ["beats://logstash:5044"]
    assert settings.directory == Path("elkhound-spool").absolute()
    assert read(to="beats://logstash", spool="/var/spool/ml").directory == Path("/var/spool/ml")


def test_several_destinations_come_from_the_environment_too() -> None:
    """Separated by spaces, in order of preference."""
    settings = read({"ELKHOUND_TO": "beats+tls://a https://b:443/in", "ELKHOUND_SPOOL": "/spool"})
    assert [str(target) for target in settings.targets] == [
        "beats+tls://a:5044",
        "https://b:443/in",
    ]
    assert settings.directory == Path("/spool")


def test_secrets_are_not_shown() -> None:
    """Settings may be printed."""
    settings = read(
        {
            "ELKHOUND_USERNAME": "me",
            "ELKHOUND_PASSWORD": "hunter2",
            "ELKHOUND_API_KEY": "k3y",
            "ELKHOUND_HASH_KEY": "salt",
        }
    )
    assert not [secret for secret in ("hunter2", "k3y", "salt") if secret in repr(settings)]


@pytest.mark.parametrize(
    ("to", "folder"),
    [
        ("file:/var/log/ml", "/var/log/ml"),
        ("file:///var/log/ml", "/var/log/ml"),
        ("file:/a%20b", "/a b"),
    ],
)
def test_destinations(to: str, folder: str) -> None:
    """File URLs with and without slashes, and with escapes."""
    assert read(to=to).directory == Path(folder)


def test_a_relative_folder_is_below_the_working_directory() -> None:
    """A service that changes its directory later keeps its spool."""
    assert read(to="file:data").directory == Path.cwd() / "data"


def test_variables_override_arguments() -> None:
    """Operations can change what the code says."""
    found = read(
        {
            "ELKHOUND_SERVICE": "till",
            "ELKHOUND_TO": "file:/x",
            "ELKHOUND_LEVEL": "error",
            "ELKHOUND_ENVIRONMENT": "p",
        },
        service="shop",
    )
    assert (found.service, found.directory, found.level, found.environment) == (
        "till",
        Path("/x"),
        40,
        "p",
    )

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
        ({"to": "beats://host:5044"}, "must be file:FOLDER"),
        ({"to": "file://other/data"}, "must be file:FOLDER"),
        ({"namespace": "Not Good"}, "namespace 'Not Good'"),
        ({"level": "loud"}, "level 'loud' is unknown"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], sentence: str) -> None:
    """Each mistake is one sentence with what would be right."""
    with pytest.raises(ConfigurationError, match=sentence):
        read(**changes)


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

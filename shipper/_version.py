"""The version of this package, read from its metadata where it is installed."""

from __future__ import annotations

from functools import cache


@cache
def package_version() -> str:
    """Return the installed version, or ``0+unknown`` in a bare source tree."""
    from importlib import metadata

    try:
        return metadata.version("elkhound")
    except metadata.PackageNotFoundError:
        return "0+unknown"

"""Print the oldest versions that pyproject.toml allows, as pip constraints.

The tests run with the newest versions and with these: a bound that is not tested is a guess.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?>=(?P<version>[0-9.]+)")
TESTED = ("analyzers", "gpu", "demo")
"""Extras that users install; the tools of the developers are always the newest."""


def oldest(pyproject: Path) -> list[str]:
    """Return ``name==version`` for each lower bound of the base install and the tested extras."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"]]
    for extra in TESTED:
        requirements += project["optional-dependencies"][extra]
    found = (REQUIREMENT.match(requirement) for requirement in requirements)
    return sorted(f"{item['name']}=={item['version']}" for item in found if item is not None)


if __name__ == "__main__":
    print("\n".join(oldest(Path(__file__).parent.parent / "pyproject.toml")))

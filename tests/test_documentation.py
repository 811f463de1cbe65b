"""Documentation that is wrong or missing fails here."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import tomllib
from pathlib import Path
from typing import get_args

import click
import pytest

import shipper
from analyzers.cli import COMMANDS
from analyzers.findings import Evidence, Finding
from analyzers.root_cause.error_report import ErrorReport
from analyzers.root_cause.incidents import IncidentReport
from docs.generate import PAGES
from docs.report_fields import attributes_of

ROOT = Path(__file__).parent.parent
PAGES_BY_HAND = sorted(
    path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")] if path.name not in PAGES
)


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_up_to_date(name: str) -> None:
    """Run ``make docs`` and commit what changed."""
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name]()


@pytest.mark.parametrize("target", COMMANDS.values())
def test_every_command_and_option_has_a_help_text(target: str) -> None:
    """An option cannot be added without a sentence about it."""
    module, _, name = target.partition(":")
    waiting: list[click.Command] = [getattr(importlib.import_module(module), name)]
    while waiting:
        command = waiting.pop()
        assert command.help, command.name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert (parameter.help or "").endswith("."), (command.name, parameter.name)
        if isinstance(command, click.Group):
            waiting.extend(command.commands.values())


@pytest.mark.parametrize("page", PAGES_BY_HAND, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Relative links and pictures exist."""
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_public_surface_is_documented_in_the_readme_or_the_guide() -> None:
    """What a service author can call is written down."""
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES_BY_HAND)
    for name in shipper.__all__:
        assert name in text, name


def test_python_examples_in_the_documentation_compile() -> None:
    """Code that a reader copies is code."""
    for page in PAGES_BY_HAND:
        for block in re.findall(
            r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
        ):
            ast.parse(block)


def test_commands_in_the_documentation_exist() -> None:
    """``elkhound ...`` and ``make ...`` lines name real commands."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES_BY_HAND:
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"^(?:\$ )?(?:\.venv/bin/)?elkhound ([a-z]+)", text, re.MULTILINE):
            assert name in COMMANDS, (page.name, name)
        for name in re.findall(r"^(?:\$ )?make ([a-z-]+)", text, re.MULTILINE):
            assert name in targets, (page.name, name)


@pytest.mark.parametrize("kind", [*get_args(Evidence), Finding, ErrorReport, IncidentReport])
def test_every_field_of_a_report_is_described(kind: type) -> None:
    """In its docstring, from which the page is made."""
    fields = {field.name for field in dataclasses.fields(kind)}
    assert fields == set(attributes_of(kind))


def test_the_changelog_knows_the_version() -> None:
    """A version cannot be released without a word about it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()

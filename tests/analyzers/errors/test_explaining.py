"""A group says what holds it together, and what keeps others out."""

from __future__ import annotations

from pathlib import Path

import orjson
from click.testing import CliRunner

from analyzers.cli import main
from analyzers.errors.explaining import explain_group, find_group
from analyzers.errors.groups import group_patterns
from tests.analyzers.conftest import Opener, error
from tests.analyzers.errors.test_groups import pattern

GROUPS = group_patterns(
    [
        pattern("a", message="row 17 is bad", count=9),
        pattern("b", message="row 18 is bad", count=2),
        pattern("c", template="column <*> has no name", message="column 3 has no name"),
        pattern("d", culprit="model:fit"),
        pattern("e", types=("KeyError",), type="KeyError", template="'x'", culprit="a:b"),
    ]
)


def test_what_holds_it_together() -> None:
    """Types, place and template, with the type of what changes."""
    group = GROUPS[0]
    explained = explain_group(group, GROUPS)
    assert explained.group.fingerprints == ("a", "b")
    assert explained.parameters == (("number", "17"),)


def test_what_keeps_others_out() -> None:
    """The most alike first; a group with nothing in common is not named."""
    explained = explain_group(GROUPS[0], GROUPS)
    first, second = explained.neighbours
    assert {first.same, second.same} == {("types", "place"), ("types", "template")}
    different = {item for other in explained.neighbours for item in other.different}
    assert different == {
        ("template", "row <*> is bad", "column <*> has no name"),
        ("place", "model:predict", "model:fit"),
    }


def test_the_beginning_of_an_id_will_do() -> None:
    """As long as it is one group's."""
    assert find_group(GROUPS, GROUPS[0].id[:6]) == GROUPS[0]
    assert find_group(GROUPS, "") is None
    assert find_group(GROUPS, "zzz") is None


def test_the_command_explains(open_local: Opener, tmp_path: Path) -> None:
    """In words and as JSON; an unknown id is bad input."""
    open_local([error(n, n) for n in range(3)] + [error(5, 5, "f2", culprit="model:fit")])
    place = ["--store", str(tmp_path)]
    found = CliRunner().invoke(main, ["errors", *place, "--format", "json"])
    group = orjson.loads(found.stdout)["findings"][0]["id"]
    told = CliRunner().invoke(main, ["errors", "explain", group[:8], *place])
    assert told.exit_code == 0, told.output
    assert "3 records with 1 fingerprint are group" in told.stdout
    assert "its place is: model:fit" in told.stdout
    document = CliRunner().invoke(main, ["errors", "explain", group, *place, "--format", "json"])
    assert orjson.loads(document.stdout)["group"]["count"] == 3
    unknown = CliRunner().invoke(main, ["errors", "explain", "zzz", *place])
    assert unknown.exit_code == 2
    assert "no one group of the window has the id 'zzz'" in unknown.stderr

"""A group keeps its id as its template widens, and when it falls apart its largest part does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from analyzers.cli import main
from analyzers.errors.grouping import Grouping, KnownGroup
from analyzers.errors.groups import group_patterns
from analyzers.errors.rules import GroupRule
from tests.analyzers.conftest import Opener, error
from tests.analyzers.errors.test_groups import pattern

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WORDS = ("amber", "blue", "coral", "dune", "ebony", "fern")


def users(names: tuple[str, ...]) -> list[object]:
    """Return errors about users, whose names become a parameter once there are enough."""
    return [
        pattern(f"f-{name}", template=f"user {name} is not known here at all", message=name)
        for name in names
    ]


def test_a_wider_template_keeps_the_id() -> None:
    """The first one's, with its template in the history."""
    grouping = Grouping()
    first = grouping.groups(users(WORDS[:1]))  # type: ignore[arg-type]
    grouping.learn(first, NOW)
    assert first[0].template == "user amber is not known here at all"
    (wider,) = grouping.groups(users(WORDS))  # type: ignore[arg-type]
    assert wider.template == "user <*> is not known here at all"
    assert wider.id == first[0].id
    assert group_patterns(users(WORDS))[0].id != wider.id  # type: ignore[arg-type]
    grouping.learn([wider], NOW)
    assert [text for _, text in grouping.history(wider)] == [first[0].template, wider.template]


def test_of_two_parts_the_larger_keeps_the_id() -> None:
    """The other one gets an id of its own, never the same."""
    known = KnownGroup("old", NOW, {"a", "b"})
    large, small = Grouping(known=[known]).groups(
        [pattern("a", count=9), pattern("b", template="column <*> has no name")]
    )
    assert large.id == "old"
    assert small.id not in ("old", "")


def test_of_two_groups_that_become_one_the_older_gives_the_id() -> None:
    """However large the younger one is."""
    known = [KnownGroup("young", NOW, {"b"}), KnownGroup("old", NOW.replace(year=2025), {"a"})]
    (group,) = Grouping(known=known).groups([pattern("a"), pattern("b", count=50)])
    assert group.id == "old"


def test_a_rule_wins() -> None:
    """Its key gives the id."""
    rule = GroupRule(types=("ValueError",), key="mine")
    known = [KnownGroup("old", NOW, {"a"})]
    (group,) = Grouping([rule], known).groups([pattern("a")])
    assert group.id == Grouping([rule]).groups([pattern("b")])[0].id != "old"


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, unique=True),
    st.lists(
        st.tuples(st.sampled_from(WORDS), st.sets(st.sampled_from(WORDS))), unique_by=lambda k: k[0]
    ),
)
def test_ids_are_never_given_twice(names: list[str], known: list[tuple[str, set[str]]]) -> None:
    """Whatever was known, and however it overlaps."""
    groups = [KnownGroup(name, NOW, {f"f-{word}" for word in words}) for name, words in known]
    patterns = [pattern(f"f-{name}", culprit=name) for name in names]
    found = Grouping(known=groups).groups(patterns)
    assert len({group.id for group in found}) == len(found) == len(names)


def test_a_later_run_finds_the_group_again(open_local: Opener, tmp_path: Path) -> None:
    """From the stored results: the id of the first run, and how the template widened."""
    place = ["--store", str(tmp_path)]
    first = [error(0, 0, "f-amber", **of("amber"))]
    open_local(first)
    saved = CliRunner().invoke(main, ["errors", *place, "--save", "--format", "json"])
    assert "saved 1 results" in saved.stderr, saved.output
    more = [error(3600 + n, n + 1, f"f-{word}", **of(word)) for n, word in enumerate(WORDS)]
    open_local([*first, *more])
    assert CliRunner().invoke(main, ["errors", *place, "--save"]).exit_code == 0
    found = CliRunner().invoke(main, ["errors", *place, "--format", "ndjson"])
    assert found.stdout.count('"kind":"error-group"') == 1
    identity = saved.stdout.split('"id": "')[1].split('"')[0]
    assert f'"id":"{identity}"' in found.stdout
    told = CliRunner().invoke(main, ["errors", "explain", identity, *place])
    assert "Its message in earlier runs:" in told.stdout
    assert "user amber is not known here at all" in told.stdout
    assert "user <*> is not known here at all" in told.stdout


def of(name: str) -> dict[str, str]:
    """Return message and template of an error about a user."""
    text = f"user {name} is not known here at all"
    return {"message": text, "template": text}

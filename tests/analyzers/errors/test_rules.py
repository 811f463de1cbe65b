"""Rules say what people know better: what belongs together, what does not, and whose it is."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from analyzers.cli import main
from analyzers.configuration import group_rules, read_file
from analyzers.configuration_keys import ConfigurationFileError
from analyzers.errors.groups import group_patterns
from analyzers.errors.rules import GroupRule
from tests.analyzers.conftest import Opener, error, prediction
from tests.analyzers.errors.test_groups import pattern

SLOW = pattern("a", type="TimeoutError", types=("TimeoutError",), culprit="shop.pay:charge")
REFUSED = pattern("b", type="OSError", types=("OSError",), culprit="shop.pay:refund", count=3)
OTHER = pattern("c", template="column <*> has no name", logger="shop.batch")


def test_a_key_merges() -> None:
    """Different exceptions in different places are one group, with one id, whatever comes."""
    rule = GroupRule(culprits=("shop.pay:*",), key="payments", name="Payments are down")
    merged, other = group_patterns([SLOW, REFUSED, OTHER], [rule])
    assert (merged.fingerprints, merged.name) == (("a", "b"), "Payments are down")
    assert merged.count == SLOW.count + REFUSED.count
    assert other.fingerprints == ("c",)
    assert group_patterns([SLOW], [rule])[0].id == merged.id


def test_a_key_splits() -> None:
    """What the key tells apart is apart, although it would be together."""
    here, there = pattern("a", logger="shop.web"), pattern("b", logger="shop.batch")
    assert len(group_patterns([here, there])) == 1
    rule = GroupRule(types=("ValueError",), key="{default}-{logger}")
    assert len(group_patterns([here, there], [rule])) == 2


def test_a_name_an_owner_and_ignore_leave_the_group_and_its_id() -> None:
    """Also where the rule means only some of its errors."""
    patterns = [pattern("a", message="row 1 is bad"), pattern("b", message="row 2 is bad")]
    (plain,) = group_patterns(patterns)
    rule = GroupRule(fingerprints=("b",), name="Bad rows", owner="data", ignore=True)
    (named,) = group_patterns(patterns, [rule])
    assert (named.id, named.count) == (plain.id, plain.count)
    assert (named.name, named.owner, named.is_ignored) == ("Bad rows", "data", True)


def test_the_first_rule_counts_and_only_a_star_is_special() -> None:
    """Brackets and dots mean themselves."""
    first = GroupRule(messages=("row [0-9]*",), name="no")
    second = GroupRule(messages=("row * is bad",), name="yes")
    third = GroupRule(types=("*",), name="never")
    (group,) = group_patterns([pattern("a")], [first, second, third])
    assert group.name == "yes"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[groups]]\nname = "x"\n', r"rule 1 \(line 1\): a rule needs a condition"),
        (
            'store = "a"\n[[groups]]\ntype = "x"\n',
            r"rule 1 \(line 2\): a rule needs something to do",
        ),
        ('[[groups]]\ntype = "x"\nkey = "{host}"\n', r"\{host\} is no placeholder of a key; known"),
        ('[[groups]]\ncolour = "x"\n', r"'colour' is no key of a rule; known: type, message"),
        ('[[groups]]\ntype = "x"\nignore = "yes"\n', "ignore must be true or false"),
        ('[groups]\ntype = "x"\n', r"each rule is a table of its own: \[\[groups\]\]"),
    ],
)
def test_mistakes_are_named(text: str, sentence: str, tmp_path: Path) -> None:
    """With the rule, its line, and what would be right."""
    path = tmp_path / "elkhound.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationFileError, match=sentence):
        read_file(path)


def test_the_file_rules_the_commands(
    open_local: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Report, incidents and explanation follow the rules; what is ignored is no incident."""
    records = [prediction(n, n, failed="f1" if n >= 300 else None) for n in range(400)]
    open_local([*records, *(error(n, n) for n in range(300, 400))])
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "elkhound.toml"
    file.write_text(
        'store = "."\n[[groups]]\nmessage = "row * is bad"\nname = "Bad rows"\n'
        'owner = "data"\nignore = true\n'
    )
    assert [rule.name for rule in group_rules(read_file(file))] == ["Bad rows"]
    found = CliRunner().invoke(main, ["errors", "--format", "json"])
    assert found.exit_code == 0, found.output
    (finding,) = orjson.loads(found.stdout)["findings"]
    assert (finding["subject"], finding["severity"]) == ("Bad rows", "info")
    state = finding["evidence"][-1]
    assert (state["state"], state["owner"], state["reason"]) == (
        "ignored",
        "data",
        "a rule says so",
    )
    assert "No incident" in CliRunner().invoke(main, ["incidents"]).stdout
    told = CliRunner().invoke(main, ["errors", "explain", finding["id"]])
    assert "(Bad rows)" in told.stdout
    file.write_text('store = "."\n')
    assert "1 incident" in CliRunner().invoke(main, ["incidents"]).stdout
    only = CliRunner().invoke(main, ["incidents", "--group", finding["id"][:6]])
    assert "1 incident" in only.stdout
    assert "No incident" in CliRunner().invoke(main, ["incidents", "--group", "zzz"]).stdout
    assert "No errors" in CliRunner().invoke(main, ["errors", "--group", "zzz"]).stdout

"""Alerting rules are written from one source, keep what people added, and go again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analyzers.alerts.conditions import CONDITIONS, AlertConditionError, asked_conditions
from analyzers.alerts.kibana_rules import connector, identity, new_rule
from analyzers.cli import main
from analyzers.setup.kibana import Kibana
from analyzers.setup.kibana_rules import KibanaRules
from analyzers.stores.base import StoreError
from shipper.schema import schema
from shipper.schema.validation import lookup
from tests.receivers.kibana import KibanaDouble, serving


def rules_of(double: KibanaDouble, url: str, **values: Any) -> KibanaRules:
    """Return the rules of all conditions, but for what ``elkhound.toml`` says."""
    return KibanaRules(Kibana(url), asked_conditions(values), "default")


def test_every_condition_is_a_rule() -> None:
    """Created, then changed, then gone; a rule of somebody else stays."""
    double = KibanaDouble()
    with serving(double) as url:
        rules = rules_of(double, url)
        assert {step.action for step in rules.apply()} == {"create"}
        assert len(double.rules) == len(CONDITIONS)
        assert len(double.connectors) == 1
        assert {step.action for step in rules.apply()} == {"change"}
        double.rules["default", "mine"] = {}
        assert len(list(rules.remove())) == len(CONDITIONS) + 1
        assert list(double.rules) == [("default", "mine")]
        assert list(rules.remove()) == []


def test_what_people_added_stays() -> None:
    """An action of theirs; and whether the rule is on."""
    double = KibanaDouble()
    with serving(double) as url:
        rules = rules_of(double, url)
        list(rules.apply())
        double.connectors["default", "theirs"] = {}
        key = ("default", identity("default", "drift"))
        held = double.rules[key]
        held["enabled"] = False
        held["actions"].append(
            {"id": "theirs", "group": "query matched", "params": {}, "connector_type_id": ".slack"}
        )
        list(rules.apply())
        actions = double.rules[key]["actions"]
        assert [action["id"] for action in actions] == [identity("default", "connector"), "theirs"]
        assert "connector_type_id" not in actions[1]
        assert double.rules[key]["enabled"] is False


def test_what_is_off_goes_and_thresholds_are_those_of_the_file() -> None:
    """By name."""
    double = KibanaDouble()
    with serving(double) as url:
        list(rules_of(double, url).apply())
        values = {
            "alerts.cpu.enabled": False, "alerts.latency.threshold": 5e8,
            "alerts.latency.window": "30m",
        }  # fmt: skip
        steps = list(rules_of(double, url, **values).apply())
        assert [s.name for s in steps if s.action == "remove"] == ["A processor is overloaded"]
        params = double.rules["default", identity("default", "latency")]["params"]
        assert (params["threshold"], params["timeWindowSize"], params["timeWindowUnit"]) == (
            [5e8], 30, "m",
        )  # fmt: skip


def test_setup_writes_them_too(
    elasticsearch_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless that is not wanted; mistakes in the file are named."""
    monkeypatch.chdir(tmp_path)
    Path("elkhound.toml").write_text("[alerts.drift]\nenabled = false\n")
    double = KibanaDouble()
    with serving(double) as url:
        place = ["setup", "--store", elasticsearch_url, "--kibana", url]
        assert CliRunner().invoke(main, [*place, "--no-rules"]).exit_code == 0
        assert not double.rules
        told = CliRunner().invoke(main, place)
        assert told.exit_code == 0, told.output
        assert "create  alerting rule No predictions arrive" in told.stdout
        assert len(double.rules) == len(CONDITIONS) - 1
        Path("elkhound.toml").write_text("[alerts.drift]\nwindow = 'soon'\n")
        wrong = CliRunner().invoke(main, place)
        assert wrong.exit_code == 2
        assert "alerts.drift.window is 'soon'" in wrong.stderr
        Path("elkhound.toml").write_text("[alerts.nothing]\nenabled = true\n")
        assert "'alerts.nothing.enabled' is no key" in CliRunner().invoke(main, place).stderr


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.name)
def test_conditions_speak_of_fields_there_are(condition: Any) -> None:
    """Of a type that fits what is done with them."""
    described = schema(condition.kind)
    for fields in condition.query.get("term", {}):
        assert described.field(fields) is not None
    if condition.field:
        found = described.field(condition.field)
        assert found is not None
        assert found.type in ("long", "double")
    assert bool(condition.field) == (condition.aggregate != "count")
    if condition.group_by:
        grouped = described.field(condition.group_by)
        assert grouped is not None
        assert grouped.type == "keyword"


def test_what_is_written_into_the_index_has_its_fields() -> None:
    """Every field of the document stands in the mapping."""
    (action,) = new_rule(CONDITIONS[0], "default")["actions"]
    (document,) = action["params"]["documents"]
    for name in document["ml"]["alert"]:
        assert schema("alerts").field(f"ml.alert.{name}") is not None
        assert lookup(document, f"ml.alert.{name}") is not None
    assert connector("eu")["config"]["index"] == "ml-alerts-eu"


def test_ids_are_the_same_in_every_run_and_look_random() -> None:
    """Another namespace has others."""
    assert identity("default", "drift") == identity("default", "drift")
    assert identity("default", "drift") != identity("eu", "drift")


def test_a_window_that_cannot_be() -> None:
    """A sentence."""
    with pytest.raises(AlertConditionError, match="give a time from 1m to 31d"):
        asked_conditions({"alerts.drift.window": "10s"})


def test_a_kibana_that_cannot_keep_secrets() -> None:
    """Is told what it lacks, and how to do without."""
    double = KibanaDouble()
    double.has_encryption_key = False
    with serving(double) as url, pytest.raises(StoreError, match="--no-rules"):
        list(rules_of(double, url).apply())

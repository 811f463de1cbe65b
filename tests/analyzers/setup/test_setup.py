"""``elkhound setup`` installs what is missing, changes what differs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from elasticsearch import Elasticsearch

import shipper
from analyzers.cli import main
from analyzers.setup.desired import Desired, desired_objects
from analyzers.setup.plan import compare
from shipper.schema import RESULTS, STREAMS
from tests.conftest import new_namespace, started_node
from tests.receivers.answers import answering


def setup(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["setup", *arguments])


@pytest.fixture(scope="module")
def fresh_url() -> Iterator[str]:
    """A node of its own, which nobody has set up: templates in use could not be removed."""
    with started_node() as url:
        yield url


@pytest.fixture
def client(fresh_url: str) -> Iterator[Elasticsearch]:
    """A client of that node."""
    with Elasticsearch(fresh_url, request_timeout=60) as found:
        yield found


@pytest.mark.elasticsearch
def test_a_plain_index_in_the_way_is_named(client: Elasticsearch, fresh_url: str) -> None:
    """Somebody wrote before the templates were there."""
    name = "logs-ml.error-plain"
    client.indices.create(index=name)
    try:
        result = setup("--store", fresh_url)
        assert result.exit_code == 2
        assert f"{name} is a plain index where a data stream should be" in result.stderr
    finally:
        client.indices.delete(index=name)
        assert setup("--store", fresh_url, "--remove").exit_code == 0
    assert not client.indices.exists_index_template(name="elkhound-error")


@pytest.mark.elasticsearch
def test_a_cluster_is_set_up_once(client: Elasticsearch, fresh_url: str) -> None:
    """The first run creates everything, the second has nothing to do, a dry run changes nothing."""
    planned = setup("--store", fresh_url, "--dry-run")
    assert planned.exit_code == 0, planned.output
    number = 2 * len(STREAMS) + 3 * len(RESULTS) + 2
    # the index of results is there after any earlier setup: it stays when templates go
    assert planned.output.count("create ") in (number - len(RESULTS), number)
    assert not client.indices.exists_index_template(name="elkhound-error")
    first = setup("--store", fresh_url)
    assert first.exit_code == 0, first.output
    assert client.indices.exists_index_template(name="elkhound-error")
    second = setup("--store", fresh_url)
    assert second.stdout == f"{number} objects are right already\n"


@pytest.mark.elasticsearch
def test_a_service_can_write_after_it(
    client: Elasticsearch, fresh_url: str, tmp_path: Path
) -> None:
    """From nothing to a record in its data stream: setup, configure, log."""
    assert setup("--store", fresh_url).exit_code == 0
    namespace = new_namespace()
    to = fresh_url.replace("http://", "elasticsearch://")
    shipper.configure(service="shop", to=to, spool=tmp_path, namespace=namespace)
    shipper.get_logger("shop").info("request served")
    assert shipper.flush(30, delivered=True)
    shipper.shutdown()
    stream = f"logs-ml.service-{namespace}"
    client.indices.refresh(index=stream)
    assert client.count(index=stream)["count"] == 1
    settings = client.indices.get_settings(index=stream).body
    (index,) = settings.values()
    assert index["settings"]["index"]["mode"] == "logsdb"


@pytest.mark.elasticsearch
def test_a_changed_template_is_shown_mended_and_applied(
    client: Elasticsearch, fresh_url: str, tmp_path: Path
) -> None:
    """An older version, or a hand at night: the difference is named, streams get a new index."""
    assert setup("--store", fresh_url).exit_code == 0
    namespace = new_namespace()
    stream = f"logs-ml.error-{namespace}"
    client.create(
        index=stream, id="1", document={"@timestamp": "2026-11-21T00:00:00Z"}, refresh=True
    )
    found = client.indices.get_index_template(name="elkhound-error").body
    changed: dict[str, Any] = found["index_templates"][0]["index_template"]
    changed = {
        key: value
        for key, value in changed.items()
        if not key.endswith("_date_millis") and not key.endswith("_date")
    }
    changed["priority"] = 200
    client.indices.put_index_template(name="elkhound-error", body=changed)
    planned = setup("--store", fresh_url, "--dry-run")
    assert "change  index template elkhound-error" in planned.output
    assert "priority: 200 -> 500" in planned.output
    assert setup("--store", fresh_url).exit_code == 0
    assert "right already" in setup("--store", fresh_url).output
    assert len(client.indices.get(index=stream).body) == 2


@pytest.mark.elasticsearch
def test_a_retention_that_was_chosen_stays(client: Elasticsearch, fresh_url: str) -> None:
    """A later run without the option must not let records go earlier."""

    def retention() -> str:
        found = client.indices.get_index_template(name="elkhound-error").body
        template = found["index_templates"][0]["index_template"]["template"]
        return str(template["lifecycle"]["data_retention"])

    assert setup("--store", fresh_url, "--retention", "error=180d").exit_code == 0
    assert retention() == "180d"
    assert "right already" in setup("--store", fresh_url).output
    assert retention() == "180d"
    assert setup("--store", fresh_url, "--retention", "error=30d").exit_code == 0
    assert retention() == "30d"


@pytest.mark.elasticsearch
def test_replicas_that_were_chosen_stay(client: Elasticsearch, fresh_url: str) -> None:
    """A single node needs none."""

    def replicas() -> str | None:
        found = client.indices.get_index_template(name="elkhound-error").body
        settings = found["index_templates"][0]["index_template"]["template"]["settings"]
        number: str | None = settings["index"].get("number_of_replicas")
        return number

    assert setup("--store", fresh_url).exit_code == 0
    assert replicas() is None
    assert setup("--store", fresh_url, "--replicas", "0").exit_code == 0
    assert "right already" in setup("--store", fresh_url).output
    assert replicas() == "0"


@pytest.mark.elasticsearch
def test_templates_in_use_are_not_removed(client: Elasticsearch, fresh_url: str) -> None:
    """The server protects the streams; the sentence says so."""
    result = setup("--store", fresh_url, "--remove")
    assert result.exit_code == 3
    assert "in use by" in result.stderr


def test_an_old_server_is_refused() -> None:
    """With its version and what is needed."""
    with answering(200, {"nodes": {"a": {"version": "8.19.2"}}}) as (url, _):
        result = setup("--store", url)
        assert result.exit_code == 3
        assert "is Elasticsearch 8.19.2: 9.0 or newer is needed" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--store", "folder"], 2, "is a folder, which needs no setup"),
        (["--store", "http://127.0.0.1:1"], 3, "nothing listens there"),
        (["--store", "http://127.0.0.1:1", "--retention", "error=long"], 2, "must be KIND=TIME"),
        (["--store", "http://me:secret@127.0.0.1:1"], 3, "a URL is no place for a password"),
    ],
)
def test_wrong_arguments(arguments: list[str], code: int, sentence: str) -> None:
    """One sentence; a password in a URL is not repeated."""
    result = setup(*arguments)
    assert result.exit_code == code
    assert sentence in result.stderr
    assert "secret" not in result.output


def test_what_a_server_adds_by_itself_is_no_difference() -> None:
    """Settings come back as texts, nested, and with defaults."""
    wanted = Desired(
        "index template",
        "x",
        {"template": {"settings": {"number_of_replicas": 0}}, "data_stream": {}},
    )
    found = {
        "template": {"settings": {"index": {"number_of_replicas": "0"}}, "lifecycle": {"enabled": True}},
        "data_stream": {"hidden": False, "allow_custom_routing": False},
    }  # fmt: skip
    assert compare(wanted, found).action == "keep"
    assert compare(wanted, {}).differences == (
        ("template.settings.index.number_of_replicas", None, "0"),
    )
    assert compare(wanted, None).action == "create"


def test_every_kind_has_a_retention() -> None:
    """And the audit trail is kept longest."""
    lifecycles = {
        o.name: o.body["template"]["lifecycle"]["data_retention"]
        for o in desired_objects()
        if o.category == "index template" and "template" in o.body
    }
    assert len(lifecycles) == len(STREAMS)
    assert (
        max(lifecycles.values(), key=lambda text: int(text[:-1]))
        == lifecycles["elkhound-lifecycle"]
    )

"""Result indices are made, brought up to date, and moved where their mapping cannot be changed."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result
from elasticsearch import Elasticsearch

from analyzers.cli import main
from analyzers.stores.base import Window
from analyzers.stores.elasticsearch_results import ElasticsearchResults
from analyzers.stores.result_indices import mappings_of, next_index
from tests.analyzers.stores.test_results import KIND, hour, result
from tests.conftest import new_namespace

pytestmark = pytest.mark.elasticsearch


def setup(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["setup", *arguments])


@pytest.fixture
def place(elasticsearch_url: str) -> tuple[str, str]:
    """The URL of a namespace of its own, and the alias of its error groups."""
    namespace = new_namespace()
    return f"{elasticsearch_url}?namespace={namespace}", f"ml-error-groups-{namespace}"


def mapping(client: Elasticsearch, alias: str) -> tuple[str, dict[str, Any]]:
    """Return the index behind an alias, and its mapping."""
    ((index, found),) = client.indices.get_mapping(index=alias).body.items()
    return index, found["mappings"]


def test_an_index_behind_an_alias(client: Elasticsearch, place: tuple[str, str]) -> None:
    """With the mapping of the schema, and a retention of its own that stays."""
    url, alias = place
    planned = setup("--store", url, "--dry-run")
    assert f"create  result index {alias}" in planned.stdout
    assert not client.indices.exists(index=alias)
    assert setup("--store", url, "--retention", "error-groups=730d").exit_code == 0
    index, found = mapping(client, alias)
    assert index == f"{alias}-v1"
    assert found["_meta"]["retention"] == "730d"
    assert found["properties"]["ml"]["properties"]["finding"]["properties"]["q"]["type"] == "double"
    again = setup("--store", url)
    assert alias not in again.stdout
    assert mapping(client, alias)[1]["_meta"]["retention"] == "730d"


def test_a_field_that_is_new_is_added(client: Elasticsearch, place: tuple[str, str]) -> None:
    """In place; the results stay where they are."""
    url, alias = place
    older = mappings_of(KIND)
    del older["properties"]["ml"]["properties"]["finding"]["properties"]["q"]
    older["_meta"]["schema_version"] = 0
    # otherwise the template would add the field at once
    client.options(ignore_status=404).indices.delete_index_template(name=f"elkhound-{KIND}")
    client.indices.create(index=f"{alias}-v1", mappings=older, aliases={alias: {}})
    planned = setup("--store", url, "--dry-run")
    assert f"change  result index {alias}" in planned.stdout
    assert "finding.properties.q.type: absent -> double" in planned.stdout
    assert setup("--store", url).exit_code == 0
    index, found = mapping(client, alias)
    assert index == f"{alias}-v1"
    assert found["_meta"]["schema_version"] == 1
    assert found["properties"]["ml"]["properties"]["finding"]["properties"]["q"]["type"] == "double"


def test_a_field_of_another_type_moves_the_results(
    client: Elasticsearch, place: tuple[str, str]
) -> None:
    """To a new index behind the same alias; nobody notices."""
    url, alias = place
    older = mappings_of(KIND)
    older["properties"]["ml"]["properties"]["finding"]["properties"]["n"] = {"type": "keyword"}
    client.indices.create(index=f"{alias}-v1", mappings=older, aliases={alias: {}})
    results = ElasticsearchResults(url)
    results.replace(KIND, hour(0), [result(f"g{n}", hour(0)) for n in range(5)])
    before = list(results.read(KIND, Window()))
    assert setup("--store", url).exit_code == 0
    index, found = mapping(client, alias)
    assert index == f"{alias}-v2"
    assert found["properties"]["ml"]["properties"]["finding"]["properties"]["n"]["type"] == "long"
    assert not client.indices.exists(index=f"{alias}-v1")
    assert list(results.read(KIND, Window())) == before
    results.replace(KIND, hour(1), [result("g", hour(1))])
    assert len(list(results.read(KIND, Window()))) == 6
    results.close()


def test_what_does_not_fit_stays_where_it_is(client: Elasticsearch, place: tuple[str, str]) -> None:
    """The sentence says what to do; the old index serves on."""
    url, alias = place
    older = mappings_of(KIND)
    older["properties"]["ml"]["properties"]["finding"]["properties"]["n"] = {"type": "keyword"}
    client.indices.create(index=f"{alias}-v1", mappings=older, aliases={alias: {}})
    results = ElasticsearchResults(url)
    results.replace(KIND, hour(0), [result("a", hour(0)), result("b", hour(0), n="many")])
    refused = setup("--store", url)
    assert refused.exit_code == 3
    assert f"1 results in {alias}-v1 do not fit the new mapping" in refused.stderr
    assert mapping(client, alias)[0] == f"{alias}-v1"
    assert not client.indices.exists(index=f"{alias}-v2")
    client.indices.delete(index=f"{alias}-v1")
    results.close()


def test_what_stands_in_the_way_is_named(client: Elasticsearch, place: tuple[str, str]) -> None:
    """A plain index, a closed index."""
    url, alias = place
    client.indices.create(index=alias)
    found = setup("--store", url)
    client.indices.delete(index=alias)
    assert found.exit_code == 2
    assert f"{alias} is an index where an alias should be" in found.stderr
    assert setup("--store", url).exit_code == 0
    client.indices.close(index=f"{alias}-v1")
    closed = setup("--store", url)
    client.indices.delete(index=f"{alias}-v1")
    assert closed.exit_code == 2
    assert f"{alias}-v1 is closed" in closed.stderr


def test_names_of_generations() -> None:
    """The number grows; a name without one gets the first."""
    assert next_index("ml-error-groups-v9") == "ml-error-groups-v10"
    assert next_index("ml-error-groups-default") == "ml-error-groups-default-v1"

"""Whatever is wrong with a connection is one sentence, and no secret is in it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analyzers.stores.base import StoreError
from analyzers.stores.connecting import connect, describe, namespace_of
from analyzers.stores.elasticsearch import ElasticsearchStore
from tests.receivers.answers import answering
from tests.receivers.certificates import make_certificates


def ask(location: str) -> None:
    """Ask a question."""
    with ElasticsearchStore(location) as store:
        store.last_before("error", UNTIL)


UNTIL = datetime(2026, 11, 21, tzinfo=UTC)
REFUSAL = {"error": {"type": "x", "root_cause": [{"type": "x", "reason": "too many buckets"}]}}


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, None, "does not accept the credentials: set ELKHOUND_API_KEY"),
        (403, REFUSAL, "does not allow this: too many buckets"),
        (400, REFUSAL, "refused: too many buckets"),
        (429, None, "is too busy"),
        (503, None, "is too busy"),
    ],
)
def test_answers_that_are_none(status: int, body: Any, sentence: str) -> None:
    """Each with what to do."""
    with answering(status, body) as (url, seen), pytest.raises(StoreError, match=sentence):
        ask(url)
    assert len(seen) == (4 if status in (429, 503) else 1)


def test_no_answer_in_time() -> None:
    """Says how to get one."""
    with (
        answering(200, seconds=2) as (url, _),
        pytest.raises(StoreError, match="did not answer in time"),
    ):
        ask(f"{url}?timeout=0.2")


def test_the_next_host_answers_when_one_is_down() -> None:
    """Several hosts, separated by commas."""
    with answering(200, {"hits": {"total": {"value": 0}, "hits": []}}) as (url, seen):
        ask(f"http://127.0.0.1:1,{url}")
        ask(f"{url},http://127.0.0.1:1")
    assert len(seen) == 2


def test_unknown_authorities_are_refused(tmp_path: Path) -> None:
    """And accepted when they are named."""
    certificates = make_certificates(tmp_path)
    body = {"hits": {"total": {"value": 0}, "hits": []}}
    with answering(200, body, context=certificates.server()) as (url, seen):
        with pytest.raises(StoreError, match=r"authority known here: give it as \?ca=FILE"):
            ask(url)
        assert seen == []
        ask(f"{url}?ca={certificates.ca}")
        assert len(seen) == 1


@pytest.mark.parametrize(
    ("variables", "header"),
    [
        ({"ELKHOUND_API_KEY": "k3y"}, "ApiKey k3y"),
        ({"ELKHOUND_BEARER": "t0ken"}, "Bearer t0ken"),
        ({"ELKHOUND_USERNAME": "me", "ELKHOUND_PASSWORD": "pw"}, "Basic bWU6cHc="),
    ],
)
def test_credentials_come_from_the_environment(
    variables: dict[str, str], header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In three ways."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with answering(200, {"hits": {"total": {"value": 0}, "hits": []}}) as (url, seen):
        ask(url)
    assert seen[0]["authorization"] == header


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("https://me:secret@host", "a URL is no place for a password"),
        ("https://host?colour=red", "'colour' is no option"),
        ("https://host?ca=/nowhere.pem", "nowhere"),
        ("https://:9200", "give https://HOST:9200"),
    ],
)
def test_wrong_locations(location: str, sentence: str) -> None:
    """Named, without what is secret."""
    with pytest.raises(StoreError, match=sentence) as caught:
        connect(location)
    assert "secret" not in str(caught.value)


def test_locations_are_shown_without_secrets() -> None:
    """Reports name the store."""
    assert describe("https://a:9200/x?ca=y,https://b") == "https://a:9200,https://b"
    assert namespace_of("https://a:9200?namespace=prod") == "prod"
    assert namespace_of("https://a:9200") == "*"


def test_a_cloud_id_stands_for_its_hosts() -> None:
    """As Elastic Cloud shows it; the namespace goes behind the ``?`` as ever."""
    encoded = base64.b64encode(b"eu.cloud.example$abc123$kibana").decode()
    location = f"cloud:shop:{encoded}?namespace=prod"
    with connect(location) as client:
        (node,) = client.transport.node_pool.all()
    assert node.base_url == "https://abc123.eu.cloud.example:443"
    assert describe(location) == "cloud:shop"
    assert namespace_of(location) == "prod"
    with pytest.raises(StoreError, match="cloud:shop"):
        connect("cloud:shop:%%%")

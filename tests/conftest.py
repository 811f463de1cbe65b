"""Fixtures that tests of several packages share."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

import shipper
from shipper import state
from shipper.schema import (
    COMMON,
    KINDS,
    component_template,
    component_template_name,
    index_template,
)

sys.path.insert(0, str(Path(__file__).parent))

Records = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """The URL of a real Elasticsearch: the user's own, or a node started from packages."""
    given = os.environ.get("ELKHOUND_TEST_ELASTICSEARCH")
    if given:
        yield given
        return
    with started_node() as url:
        yield url


@contextlib.contextmanager
def started_node() -> Iterator[str]:
    """Start a node from packages and give its URL; where that cannot be done, say why."""
    from elasticsearch_node import NodeUnavailableError, running_node  # type: ignore[import-not-found]

    try:
        with running_node() as url:
            yield url
    except NodeUnavailableError as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(f"no Elasticsearch: {reason}")


@pytest.fixture(scope="module")
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    """A client of a server that has the templates."""
    with Elasticsearch(elasticsearch_url, request_timeout=60) as found:
        install_templates(found)
        yield found


@pytest.fixture
def namespace() -> str:
    """A namespace of its own keeps a test's records apart."""
    return new_namespace()


def new_namespace() -> str:
    """Return a namespace that no other test uses."""
    return f"test{secrets.token_hex(6)}"


def install_templates(client: Elasticsearch) -> None:
    """Install the templates of all kinds."""
    for name in (COMMON, *KINDS):
        client.cluster.put_component_template(
            name=component_template_name(name), body=dict(component_template(name))
        )
    for kind in KINDS:
        client.indices.put_index_template(name=f"elkhound-{kind}", body=index_template(kind))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Path]:
    """A configured shipper that writes to this folder."""
    folder = tmp_path / "spool"
    shipper.configure(
        service="shop", version="7.1", environment="test", to=f"file:{folder}", level="debug"
    )
    yield folder
    state.shutdown()


@pytest.fixture
def records(spool: Path) -> Records:
    """Return the records of a kind that were written so far."""

    def read(kind: str) -> list[dict[str, Any]]:
        assert shipper.flush()
        folders = [spool / kind] if kind == "rejected" else spool.glob(f"*-ml.{kind}-*")
        return [
            orjson.loads(line)
            for folder in folders
            for path in sorted(folder.glob("*.ndjson"))
            for line in path.read_bytes().splitlines()
        ]

    return read


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that must not skip anything, and did."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if skipped and os.environ.get("ELKHOUND_NO_SKIPS"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

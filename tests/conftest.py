"""Fixtures that tests of several packages share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import shipper
from shipper import state

sys.path.insert(0, str(Path(__file__).parent))

Records = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """The URL of a real Elasticsearch: the user's own, or a node started from packages."""
    given = os.environ.get("ELKHOUND_TEST_ELASTICSEARCH")
    if given:
        yield given
        return
    from elasticsearch_node import NodeUnavailableError, running_node  # type: ignore[import-not-found]

    try:
        with running_node() as url:
            yield url
    except NodeUnavailableError as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(f"no Elasticsearch: {reason}")


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

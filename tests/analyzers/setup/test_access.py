"""Roles and keys are made once, follow the version, and allow no more than is needed."""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from analyzers.cli import main
from analyzers.setup.access import ROLES, Access
from analyzers.stores.connecting import connect
from shipper.schema import RESULTS, STREAMS, schema
from tests.receivers.proxy import faulty
from tests.receivers.security import Security


def setup(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["setup", *arguments])


@pytest.fixture
def security() -> Security:
    """Roles and keys, none yet."""
    return Security()


@pytest.fixture
def url(security: Security, elasticsearch_url: str) -> Iterator[str]:
    """The real node, with security in front of it."""
    with faulty(elasticsearch_url, security) as found:
        yield found


def test_roles_and_keys_are_made_once(url: str, security: Security, tmp_path: Path) -> None:
    """Keys in files that only their owner can read, in both ways of writing them."""
    folder = tmp_path / "keys"
    planned = setup("--store", url, "--keys", str(folder), "--dry-run")
    assert "create  role elkhound-writer" in planned.stdout
    assert not security.roles
    first = setup("--store", url, "--keys", str(folder))
    assert first.exit_code == 0, first.output
    assert set(security.roles) == {"elkhound-writer", "elkhound-analyzer", "elkhound-reader"}
    for role in ROLES:
        encoded = folder / role / "encoded"
        assert stat.S_IMODE(encoded.stat().st_mode) == 0o600
        assert base64.b64decode(encoded.read_text()).decode() == (
            (folder / role / "id-and-key").read_text()
        )
    again = setup("--store", url, "--keys", str(folder))
    assert "create" not in again.stdout
    assert len(security.keys) == 3
    assert "s3cret" not in first.output + again.output


def test_a_key_that_is_in_use_follows_the_version(
    url: str, security: Security, tmp_path: Path
) -> None:
    """It is changed, not replaced; one that was invalidated is replaced."""
    arguments = ("--store", url, "--keys", str(tmp_path))
    setup(*arguments)
    number = (tmp_path / "reader" / "id-and-key").read_text().partition(":")[0]
    security.keys[number]["metadata"] = security.roles["elkhound-reader"]["metadata"] = {}
    changed = setup(*arguments)
    assert "change  API key elkhound-reader" in changed.stdout
    assert "change  role elkhound-reader" in changed.stdout
    assert (tmp_path / "reader" / "id-and-key").read_text().startswith(f"{number}:")
    assert security.keys[number]["metadata"]["elkhound"]
    security.keys[number]["invalidated"] = True
    assert "create  API key elkhound-reader" in setup(*arguments).stdout
    assert not (tmp_path / "reader" / "id-and-key").read_text().startswith(f"{number}:")


def test_all_goes_with_remove(url: str, security: Security, tmp_path: Path) -> None:
    """Keys, roles and files."""
    setup("--store", url, "--keys", str(tmp_path))
    with connect(url) as client:
        access = Access(client, url, tmp_path)
        removed = [(step.category, step.name) for step in access.remove()]
        assert list(access.remove()) == []
    assert set(removed) == {
        (category, f"elkhound-{role}") for role in ROLES for category in ("API key", "role")
    }
    assert not security.roles
    assert all(key["invalidated"] for key in security.keys.values())
    assert not list(tmp_path.rglob("encoded"))


def test_a_cluster_without_security_says_so(elasticsearch_url: str, tmp_path: Path) -> None:
    """As the test node is."""
    result = setup("--store", elasticsearch_url, "--keys", str(tmp_path))
    assert result.exit_code == 3
    assert (
        "has no roles and keys (is its security switched off?): leave out --keys" in result.stderr
    )


def _privileges(role: str, index: str) -> set[str]:
    return {
        privilege
        for entry in ROLES[role]["indices"]
        if any(index.startswith(name.removesuffix("*")) for name in entry["names"])
        for privilege in entry["privileges"]
    }


@pytest.mark.parametrize(
    ("role", "records", "results"),
    [
        ("writer", {"auto_configure", "create_doc"}, set()),
        (
            "analyzer",
            {"read", "view_index_metadata"},
            {"read", "write", "view_index_metadata", "maintenance"},
        ),
        ("reader", {"read", "view_index_metadata"}, {"read", "view_index_metadata"}),
    ],
)
def test_no_role_may_more_than_it_needs(role: str, records: Any, results: Any) -> None:
    """A writer cannot read or change, an analyzer cannot touch records, a reader nothing."""
    for kind in STREAMS:
        assert _privileges(role, schema(kind).stream()) == records
    for kind in RESULTS:
        assert _privileges(role, schema(kind).stream()) == results
    assert ROLES[role]["cluster"] in ([], ["monitor"])
    assert _privileges(role, "logs-nginx-default") == set()

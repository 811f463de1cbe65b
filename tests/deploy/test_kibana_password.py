"""Kibana's own user gets its password before Kibana starts."""

from __future__ import annotations

import pytest

from deploy import kibana_password
from tests.receivers.proxy import faulty
from tests.receivers.security import Security


def test_the_password_is_set(elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment, through the documented API."""
    security = Security()
    with faulty(elasticsearch_url, security) as url:
        monkeypatch.setenv("ELKHOUND_STORE", url)
        monkeypatch.setenv("KIBANA_PASSWORD", "pw")
        kibana_password.main()
    assert security.passwords == {"kibana_system": "pw"}


def test_what_is_missing_is_named(elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable, or a cluster with security."""
    monkeypatch.setenv("ELKHOUND_STORE", elasticsearch_url)
    monkeypatch.delenv("KIBANA_PASSWORD", raising=False)
    with pytest.raises(SystemExit, match="set KIBANA_PASSWORD"):
        kibana_password.main()
    monkeypatch.setenv("KIBANA_PASSWORD", "pw")
    with pytest.raises(SystemExit, match="refused"):
        kibana_password.main()

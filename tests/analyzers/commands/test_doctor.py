"""``elkhound doctor`` says in one line each what is right, or wrong and how to mend it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import shipper
from analyzers.cli import main
from tests.receivers.beats import BeatsServer, never_acknowledge
from tests.receivers.certificates import make_certificates
from tests.receivers.http import HttpServer
from tests.receivers.index import wait_for
from tests.receivers.lines import LineServer


def doctor(*arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["doctor", *map(str, arguments)])


@pytest.mark.parametrize("kind", [BeatsServer, HttpServer, LineServer])
def test_a_healthy_receiver(kind: type[BeatsServer]) -> None:
    """Every step is right, and the test record is there, marked as one."""
    with kind() as server:
        result = doctor("--to", server.url)
        assert result.exit_code == 0, result.output
        assert [line.split()[1] for line in result.output.splitlines()] == [
            "name", "connection", "encryption", "protocol", "test",
        ]  # fmt: skip
        # TCP does not say when it has arrived
        (record,) = wait_for(lambda: list(server.index.documents.values()), bool, 5)
        assert record["tags"] == ["elkhound-doctor"]


def test_nothing_is_sent_when_not_wanted() -> None:
    """``--no-send`` leaves no trace in the index."""
    with BeatsServer() as server:
        assert doctor("--to", server.url, "--no-send").exit_code == 0
        assert server.index.received == 0


def test_tls_is_described(tmp_path: Path) -> None:
    """Version and date for a good certificate; the way out for a bad one."""
    certificates = make_certificates(tmp_path)
    with BeatsServer(context=certificates.server()) as server:
        good = doctor("--to", f"{server.url}?ca={certificates.ca}")
        assert good.exit_code == 0, good.output
        assert "TLSv1.3, certificate right and valid until" in good.output
        bad = doctor("--to", server.url)
        assert bad.exit_code == 3
        assert "give the authority's certificate as ?ca=FILE" in bad.output


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("beats://127.0.0.1:1", "WRONG  connection   nothing listens"),
        ("beats://nowhere.invalid", "WRONG  name         'nowhere.invalid' is not known"),
    ],
)
def test_the_step_that_fails_is_the_last(url: str, sentence: str) -> None:
    """Exit code 3, and how to mend it."""
    result = doctor("--to", url)
    assert result.exit_code == 3
    assert sentence in result.output.splitlines()[-1]


def test_a_receiver_that_does_not_answer() -> None:
    """Connected, but not a Logstash, or one whose queue is full."""
    with BeatsServer(never_acknowledge) as server:
        result = doctor("--to", f"{server.url}?timeout=0.3")
        assert result.exit_code == 3
        assert "did not answer in time" in result.output


def test_a_refused_password() -> None:
    """Says which variables to set."""
    with HttpServer(lambda server, events: 401) as server:
        result = doctor("--to", server.url)
        assert result.exit_code == 3
        assert "ELKHOUND_PASSWORD" in result.output


def test_the_spool_is_looked_at_too(tmp_path: Path) -> None:
    """How much waits, and what was set aside."""
    shipper.configure(service="shop", to="beats://127.0.0.1:1", spool=tmp_path)
    shipper.get_logger("shop").info("request served")
    shipper.get_logger("shop").feedback("p-1")
    shipper.shutdown()
    with BeatsServer() as server:
        result = doctor("--to", server.url, "--spool", tmp_path, "--format", "json")
    checks = {check["name"]: check for check in map(json.loads, result.stdout.splitlines())}
    assert "wait for delivery" in checks["spool"]["says"]
    assert checks["set aside"]["says"].startswith("1 records in")
    assert result.exit_code == 3


def test_a_wrong_url_is_bad_input() -> None:
    """Exit code 2."""
    assert doctor("--to", "beats://").exit_code == 2

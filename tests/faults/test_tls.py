"""A receiver that is not who it says it is gets nothing; the right one gets everything."""

from __future__ import annotations

from pathlib import Path

import pytest

import shipper
from tests.faults.tally import Matrix, Row
from tests.receivers.beats import BeatsServer
from tests.receivers.certificates import Certificates, make_certificates


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """An authority and what it signs."""
    return make_certificates(tmp_path)


@pytest.mark.parametrize(
    "what", ["a wrong host name", "an expired certificate", "an unknown authority"]
)
def test_a_wrong_certificate(
    what: str, tmp_path: Path, certificates: Certificates, matrix: Matrix
) -> None:
    """Records wait in the spool until the certificate is right."""
    (tmp_path / "other").mkdir()
    others = make_certificates(tmp_path / "other")
    wrong = {
        "a wrong host name": certificates.server("other.example"),
        "an expired certificate": certificates.server(expired=True),
        "an unknown authority": others.server(),
    }[what]
    with BeatsServer(context=wrong) as server:
        shipper.configure(
            service="faulty", to=f"{server.url}?ca={certificates.ca}", spool=tmp_path / "spool"
        )
        log = shipper.get_logger("faults")
        for number in range(200):
            log.info("request served", number=number)
        assert not shipper.flush(1.0, delivered=True)
        assert "certificate" in shipper.statistics().last_error
        assert server.index.received == 0
        server.kill()
        server.context = certificates.server()
        server.start()
        assert shipper.flush(30, delivered=True)
        shipper.shutdown()
        numbers = server.index.numbers()
        matrix.add(
            Row(
                f"TLS: {what}, mended later",
                200,
                len(set(numbers)),
                len(numbers) - len(set(numbers)),
                server.index.resent,
                0,
                "nothing was sent before",
            )
        )

"""The certificates of the compose file are ones that real TLS takes."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy import certificates
from deploy.certificates import make_certificates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Certificates for two hosts."""
    made = make_certificates(tmp_path / "c", ["elasticsearch", "logstash"], tmp_path / "a")
    assert made == ["ca", "elasticsearch", "logstash"]
    return tmp_path / "c"


def handshake(folder: Path, host: str, expected: str) -> None:
    """Connect to a server that has the certificate of a host, expecting a name."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / f"{host}.crt", folder / f"{host}.key")
    server.load_verify_locations(folder / "ca.crt")
    server.verify_mode = ssl.CERT_OPTIONAL
    client = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    one, other = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(other, server_side=True).close()
        except OSError:
            other.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(one, server_hostname=expected).close()
    finally:
        one.close()
        thread.join()


def test_clients_accept_them_for_their_host_alone(folder: Path) -> None:
    """Its own name, and those of the machine itself."""
    for name in ("elasticsearch", "localhost", "127.0.0.1"):
        handshake(folder, "elasticsearch", name)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(folder, "elasticsearch", "logstash")


def test_keys_are_what_logstash_asks_for(folder: Path) -> None:
    """PKCS#8, and for their owner alone."""
    for host in ("elasticsearch", "logstash"):
        key = folder / f"{host}.key"
        assert key.read_text().startswith("-----BEGIN PRIVATE KEY-----")
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_authority_signs_from_another_folder(folder: Path, tmp_path: Path) -> None:
    """Its key is not where the services look."""
    assert not (folder / "ca.key").exists()
    assert stat.S_IMODE((tmp_path / "a" / "ca.key").stat().st_mode) == 0o600


def test_what_is_there_stays(folder: Path, tmp_path: Path) -> None:
    """A new host is added; the others keep theirs."""
    before = (folder / "logstash.crt").read_bytes()
    assert make_certificates(folder, ["elasticsearch", "logstash"], tmp_path / "a") == []
    assert make_certificates(folder, ["logstash", "kibana"], tmp_path / "a") == ["kibana"]
    assert (folder / "logstash.crt").read_bytes() == before
    handshake(folder, "kibana", "kibana")


def test_what_expires_is_made_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month before; with a new authority, all."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=certificates.HOST_DAYS - 20)

    with monkeypatch.context() as patched:
        patched.setattr(certificates, "datetime", Later)
        made = make_certificates(folder, ["elasticsearch", "logstash"], tmp_path / "a")
    assert made == ["elasticsearch", "logstash"]
    (folder / "ca.crt").unlink()
    made = make_certificates(folder, ["elasticsearch", "logstash"], tmp_path / "a")
    assert made == ["ca", "elasticsearch", "logstash"]
    handshake(folder, "logstash", "logstash")

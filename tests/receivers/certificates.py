"""Certificates for the tests: right ones, and wrong in every way that matters."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass
class Certificates:
    """An authority, and what it signs.

    Attributes:
        folder: Where files go.
        authority: The authority.
    """

    folder: Path
    authority: trustme.CA

    @property
    def ca(self) -> str:
        """File of the authority's certificate."""
        path = self.folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(path))
        return str(path)

    def server(
        self, name: str = "127.0.0.1", expired: bool = False, asks_for_client: bool = False
    ) -> ssl.SSLContext:
        """Return the context of a server with a certificate for ``name``."""
        until = datetime.now(UTC) - timedelta(days=1) if expired else None
        issued = self.authority.issue_cert(name, not_after=until)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        if asks_for_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self.authority.configure_trust(context)
        return context

    def client(self) -> tuple[str, str]:
        """Return the files of a client's certificate and key."""
        issued = self.authority.issue_cert("client@elkhound.example")
        certificate, key = self.folder / "client.pem", self.folder / "client.key"
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        issued.private_key_pem.write_to_path(str(key))
        return str(certificate), str(key)


def make_certificates(folder: Path) -> Certificates:
    """Return an authority of its own."""
    return Certificates(folder, trustme.CA())

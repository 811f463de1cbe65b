"""Make an authority, and a certificate for each host of the compose file, once.

``python deploy/certificates.py FOLDER HOST... --authority FOLDER`` writes ``ca.crt`` and, for each
host, ``<host>.crt`` and ``<host>.key`` (PKCS#8, which Logstash asks for). What is there and valid
for another month stays as it is. The authority's own key stays in a folder of its own, ``ca.key``.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_BITS = 3072
AUTHORITY_DAYS = 3650
HOST_DAYS = 825
RENEWED_DAYS = 30


def make_certificates(folder: Path, hosts: list[str], authority_folder: Path) -> list[str]:
    """Make what is missing or about to expire, and return the names of what was made.

    Args:
        folder: Where to write.
        authority_folder: Where the authority's key is kept.
        hosts: Host names; each certificate is also valid for ``localhost`` and ``127.0.0.1``.

    Raises:
        OSError: If the folder cannot be written.
    """
    for path in (folder, authority_folder):
        path.mkdir(parents=True, exist_ok=True)
    made: list[str] = []
    key = authority_folder / "ca.key"
    if _expires_soon(folder / "ca.crt", None) or not key.is_file():
        _make_authority(folder, key)
        made.append("ca")
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    for host in hosts:
        if _expires_soon(folder / f"{host}.crt", authority):
            _make_host(folder, host, authority, key)
            made.append(host)
    return made


def _expires_soon(path: Path, authority: x509.Certificate | None) -> bool:
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return True
    if authority is not None and found.issuer != authority.subject:
        return True
    return found.not_valid_after_utc < datetime.now(UTC) + timedelta(days=RENEWED_DAYS)


def _make_authority(folder: Path, path: Path) -> None:
    key = rsa.generate_private_key(65537, KEY_BITS)
    # a number in the name: certificates of an earlier authority are known by it, and made again
    name = _name(f"Elkhound authority {x509.random_serial_number():x}"[:60])
    certificate = (
        _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(path, key)
    _write(folder / "ca.crt", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_host(folder: Path, host: str, authority: x509.Certificate, path: Path) -> None:
    signer = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(signer, rsa.RSAPrivateKey):
        raise OSError(f"{path} is no key of ours: remove it")
    key = rsa.generate_private_key(65537, KEY_BITS)
    names = [x509.DNSName(host), x509.DNSName("localhost")]
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _builder(_name(host), authority.subject, key.public_key(), HOST_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    _write_key(folder / f"{host}.key", key)
    _write(folder / f"{host}.crt", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not sign,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=sign,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(path, pem, 0o600)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a file in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)


def main() -> None:
    """Make the certificates that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("hosts", nargs="+", help="host names")
    parser.add_argument("--authority", type=Path, required=True, help="where its key is kept")
    arguments = parser.parse_args()
    try:
        made = make_certificates(arguments.folder, arguments.hosts, arguments.authority)
    except OSError as error:
        sys.exit(f"certificates cannot be made: {error}")
    print(f"made: {', '.join(made)}" if made else "all certificates are there")


if __name__ == "__main__":
    main()

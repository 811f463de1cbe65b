"""The doctor: goes the way of a record step by step, and says where it ends and why."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.cursors import read_offset
from shipper.encoding import encode
from shipper.envelope import Envelope
from shipper.errors import ConfigurationError
from shipper.records import ServiceLog
from shipper.segments import REJECTED, segment_paths
from shipper.transports import open_transport
from shipper.transports.base import DeliveryError
from shipper.transports.connection import Connection, describe
from shipper.transports.tls import tls_context

TEST_TAG = "elkhound-doctor"
_SOON_DAYS = 30
_LITTLE_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """One step.

    Attributes:
        name: What was looked at.
        passed: Whether it is right.
        says: What was found, and how to mend it where it is wrong.
    """

    name: str
    passed: bool
    says: str


def examine(address: Address, credentials: Credentials, send: bool = True) -> Iterator[Check]:
    """Yield the steps of a delivery until one is wrong.

    Args:
        address: Where to.
        credentials: What the receiver may ask for.
        send: Also send a test record, which stays in the index with the tag ``elkhound-doctor``.
    """
    if not address.is_file:
        for check in _examine_network(address, credentials):
            yield check
            if not check.passed:
                return
    transport = open_transport(address, credentials)
    try:
        yield Check("protocol", True, transport.connect())
        if send:
            yield _send(address, transport)
    except DeliveryError as error:
        yield Check("protocol", False, str(error))
    finally:
        transport.close()


def examine_spool(directory: Path) -> Iterator[Check]:
    """Yield what is to be said of a spool's folder.

    Args:
        directory: The folder.
    """
    nearest = directory
    while not nearest.exists():
        nearest = nearest.parent
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield Check("spool", False, f"{nearest} is not writable: give this user the right to")
        return
    free = shutil.disk_usage(nearest).free
    says = f"{directory} is writable, {free / 1e9:,.1f} GB free"
    if free < _LITTLE_BYTES:
        yield Check("spool", False, f"{says}: make room, or set SpoolLimits(disk_bytes=...)")
        return
    waiting = rejected = 0
    for folder in directory.iterdir() if directory.is_dir() else ():
        for path in segment_paths(folder) if folder.is_dir() else ():
            if folder.name == REJECTED:
                rejected += path.read_bytes().count(b"\n")
            else:
                waiting += path.stat().st_size - read_offset(path)
    yield Check("spool", True, f"{says}; {waiting / 1e6:,.1f} MB wait for delivery")
    if rejected:
        yield Check(
            "set aside",
            False,
            f"{rejected:,} records in {directory / REJECTED}: each says why it is there",
        )


def _examine_network(address: Address, credentials: Credentials) -> Iterator[Check]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        yield Check("name", False, f"{address.host!r} is not known here: {describe(error)}")
        return
    yield Check(
        "name", True, f"{address.host} is {', '.join(sorted({str(one[4][0]) for one in found}))}"
    )
    begun = time.monotonic()
    try:
        Connection(address, None).close()
    except DeliveryError as error:
        yield Check("connection", False, str(error))
        return
    took = (time.monotonic() - begun) * 1000
    yield Check("connection", True, f"{address.host}:{address.port} accepts, in {took:.1f} ms")
    if address.is_tls:
        yield _examine_tls(address, credentials)
    else:
        yield Check("encryption", True, f"none: {address.scheme}:// sends records in the clear")


def _examine_tls(address: Address, credentials: Credentials) -> Check:
    try:
        context = tls_context(address, credentials)
        connection = Connection(address, context)
    except (DeliveryError, ConfigurationError) as error:
        return Check("encryption", False, str(error))
    certificate: Any = connection.peer_certificate()
    version = connection.tls_version()
    connection.close()
    if not address.verify:
        return Check("encryption", False, "the certificate is not checked: drop verify=no")
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    left = (until - datetime.now(UTC)).days
    says = f"{version}, certificate right and valid until {until:%Y-%m-%d}"
    return Check(
        "encryption", left >= _SOON_DAYS, says + ("" if left >= _SOON_DAYS else ": renew it")
    )


def _send(address: Address, transport: Any) -> Check:
    stream, document = Envelope("elkhound-doctor", None, None, "default").complete(
        ServiceLog(
            message="test record of elkhound doctor",
            log={"level": "info", "logger": "elkhound.doctor"},
            fields={"tags": [TEST_TAG]},
        )
    )
    identity = document["event"]["id"]
    try:
        receipt = transport.send([encode(document).rstrip(b"\n")], streams=[stream])
    except DeliveryError as error:
        return Check("test record", False, str(error))
    if receipt.refused:
        return Check("test record", False, f"refused: {receipt.refused[0][1]}")
    if receipt.again:
        return Check("test record", False, f"{address} is too busy now: try again")
    if not transport.acknowledges:
        return Check(
            "test record",
            True,
            f"sent, event.id {identity}; TCP gives no acknowledgement: look for it in {stream}",
        )
    return Check("test record", True, f"acknowledged, event.id {identity} in {stream}")

"""Transports, chosen by the scheme of a URL: one file each, and one line here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from shipper.address import Address
from shipper.credentials import Credentials

if TYPE_CHECKING:
    from shipper.transports.base import DeliveryTransport

TRANSPORTS = {
    "beats": "shipper.transports.beats:BeatsTransport",
    "beats+tls": "shipper.transports.beats:BeatsTransport",
    "http": "shipper.transports.http:HttpTransport",
    "https": "shipper.transports.http:HttpTransport",
    "tcp": "shipper.transports.tcp:TcpTransport",
    "tcp+tls": "shipper.transports.tcp:TcpTransport",
    "elasticsearch": "shipper.transports.elasticsearch:ElasticsearchTransport",
    "elasticsearch+https": "shipper.transports.elasticsearch:ElasticsearchTransport",
    "file": "shipper.transports.file:FileTransport",
}


def open_transport(address: Address, credentials: Credentials) -> DeliveryTransport:
    """Return the transport for an address; it connects when it first sends.

    Raises:
        ConfigurationError: If a certificate or key cannot be loaded.
    """
    module, _, name = TRANSPORTS[address.scheme].partition(":")
    transport: DeliveryTransport = getattr(importlib.import_module(module), name)(
        address, credentials
    )
    return transport

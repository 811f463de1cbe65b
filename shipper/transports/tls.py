"""TLS: certificates and host names are checked, unless the address says otherwise."""

from __future__ import annotations

import ssl

from shipper.address import Address
from shipper.credentials import Credentials
from shipper.errors import ConfigurationError


def tls_context(address: Address, credentials: Credentials) -> ssl.SSLContext | None:
    """Return the context for connections to an address; None where it is not encrypted.

    Raises:
        ConfigurationError: If a certificate or key cannot be loaded.
    """
    if not address.is_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=address.ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"{address}: ca {address.ca!r} cannot be loaded: {error}"
        ) from error
    if not address.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if address.certificate is not None:
        try:
            # without a passphrase OpenSSL would ask for one on the terminal
            passphrase = credentials.key_passphrase or ""
            context.load_cert_chain(address.certificate, address.key, lambda: passphrase)
        except (OSError, ssl.SSLError, ValueError) as error:
            raise ConfigurationError(
                f"{address}: certificate {address.certificate!r} with key {address.key!r} cannot "
                f"be loaded: {error} (a passphrase goes into ELKHOUND_KEY_PASSPHRASE)"
            ) from error
    return context


def explain_tls_failure(address: Address, error: ssl.SSLError) -> str:
    """Return in one sentence why TLS failed and how to mend it."""
    host = address.server_name or address.host
    text = str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message
        if "hostname mismatch" in text.lower() or "ip address mismatch" in text.lower():
            return (
                f"the certificate of {address} is for another name than {host!r}: use the name "
                "in the certificate, or give it as ?server_name="
            )
        if "expired" in reason:
            return f"the certificate of {address} has expired: renew it on the receiver"
        if "not yet valid" in reason:
            return f"the certificate of {address} is not valid yet: compare the clocks"
        return (
            f"the certificate of {address} is not signed by an authority known here ({reason}): "
            "give the authority's certificate as ?ca=FILE"
        )
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER_FAILURE" in text:
        return f"{address} does not speak TLS on this port: drop the s or +tls from the URL"
    if "CERTIFICATE_REQUIRED" in text or "HANDSHAKE_FAILURE" in text or "ALERT" in text:
        return (
            f"{address} broke off the TLS handshake ({error.reason}): it may require a client "
            "certificate (?certificate=FILE&key=FILE)"
        )
    return f"TLS with {address} failed: {error.reason or text}"

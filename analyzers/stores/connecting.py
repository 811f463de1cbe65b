"""Connect to an Elasticsearch cluster, and say in one sentence why that failed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    Elasticsearch,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch import ConnectionError as ClusterConnectionError

from analyzers.stores.base import NotAllowedError, StoreError
from analyzers.stores.locations import OPTIONS, options_of
from shipper.credentials import Credentials, read_credentials
from shipper.errors import ConfigurationError

OLDEST_SERVER = (9, 0)
REQUEST_SECONDS = 60.0

_RETRIED = (429, 502, 503, 504)


def connect(location: str, variables: Mapping[str, str] | None = None) -> Elasticsearch:
    """Return a client for ``https://HOST:9200`` (several separated by commas), or ``cloud:ID``.

    Behind the ``?`` of the last host may stand what ``locations.OPTIONS`` names, such as
    ``ca=FILE``. ``ELKHOUND_API_KEY``, ``ELKHOUND_BEARER``, or ``ELKHOUND_USERNAME`` and
    ``ELKHOUND_PASSWORD`` authenticate; each may end in ``_FILE``. Nothing is sent yet.

    Raises:
        StoreError: If the location is wrong.
    """
    given = dict(os.environ if variables is None else variables)
    try:
        options = options_of(location, given)
        credentials = read_credentials(given | _credential_files(options))
        where = _hosts(location)
        return Elasticsearch(
            **where,
            http_compress=True,
            request_timeout=float(options.get("timeout", REQUEST_SECONDS)),
            retry_on_status=_RETRIED,
            retry_on_timeout=False,
            max_retries=3,
            **_security(where, options),
            **_authentication(credentials),
        )
    except (ConfigurationError, ValueError, OSError) as error:
        raise StoreError(f"{describe(location)}: {error}") from error


def namespace_of(location: str) -> str:
    """Return the namespace that a location names, or ``*``."""
    return options_of(location, {}).get("namespace", "*")


def describe(location: str) -> str:
    """Return a location without anything that may be secret."""
    if location.startswith("cloud:"):
        return ":".join(location.partition("?")[0].split(":")[:2])
    return ",".join(
        f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
        for parts in map(urlsplit, location.split(","))
    )


@contextlib.contextmanager
def explained(location: str) -> Iterator[None]:
    """Turn what a cluster answers when it does not answer into one sentence.

    Raises:
        StoreError: In place of the client's exceptions.
    """
    where = describe(location)
    try:
        yield
    except AuthenticationException as error:
        raise StoreError(
            f"{where} does not accept the credentials: set ELKHOUND_API_KEY, or ELKHOUND_USERNAME "
            "and ELKHOUND_PASSWORD"
        ) from error
    except AuthorizationException as error:
        raise NotAllowedError(f"{where} does not allow this: {_reason(error)}") from error
    except UnsupportedProductError as error:
        raise StoreError(f"{where} is no Elasticsearch") from error
    except ConnectionTimeout as error:
        raise StoreError(
            f"{where} did not answer in time: try a shorter window (--since), or ?timeout=SECONDS"
        ) from error
    except ClusterConnectionError as error:
        raise StoreError(f"{where} cannot be reached: {_cause(error)}") from error
    except ApiError as error:
        if error.status_code in _RETRIED:
            raise StoreError(
                f"{where} is too busy (status {error.status_code}, four times): try again later"
            ) from error
        raise StoreError(f"{where} refused: {_reason(error)}") from error
    except TransportError as error:
        raise StoreError(f"{where}: {error}") from error


def _hosts(location: str) -> dict[str, Any]:
    """Return the client's arguments for the place."""
    if location.startswith("cloud:"):
        return {"cloud_id": location.removeprefix("cloud:").partition("?")[0]}
    hosts: list[str] = []
    for one in location.split(","):
        parts = urlsplit(one if "://" in one else f"https://{one}")
        if parts.username is not None:
            raise ValueError(
                "a URL is no place for a password: set ELKHOUND_USERNAME and ELKHOUND_PASSWORD"
            )
        if not parts.hostname:
            raise ValueError("give https://HOST:9200")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        default = 443 if parts.scheme == "https" else 80
        hosts.append(f"{parts.scheme}://{host}:{parts.port or default}{parts.path.rstrip('/')}")
    return {"hosts": hosts}


def _credential_files(options: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a location's credentials stand for."""
    return {
        OPTIONS[name].variable: options[name]
        for name in ("api_key_file", "bearer_file", "username", "password_file")
        if name in options
    }


def _security(where: Mapping[str, Any], options: Mapping[str, str]) -> dict[str, Any]:
    if "hosts" in where and not where["hosts"][0].startswith("https"):
        return {}
    security: dict[str, Any] = {}
    if options.get("verify") == "no":
        security |= {"verify_certs": False, "ssl_show_warn": False}
    if "ca" in options:
        if not Path(options["ca"]).is_file():
            raise ValueError(f"ca {options['ca']!r} is no file")
        security["ca_certs"] = options["ca"]
    if "fingerprint" in options:
        security["ssl_assert_fingerprint"] = options["fingerprint"]
    return security


def _authentication(credentials: Credentials) -> dict[str, Any]:
    if credentials.api_key is not None:
        return {"api_key": credentials.api_key}
    if credentials.bearer is not None:
        return {"bearer_auth": credentials.bearer}
    if credentials.username is not None and credentials.password is not None:
        return {"basic_auth": (credentials.username, credentials.password)}
    return {}


def _reason(error: ApiError) -> str:
    body: Any = error.body
    try:
        cause = body["error"]
        root = (cause.get("root_cause") or [cause])[0]
        return str(root.get("reason") or cause.get("type"))
    except (TypeError, KeyError, AttributeError, IndexError):
        return f"status {error.status_code}"


def _cause(error: TransportError) -> str:
    text = str(error.errors[0] if error.errors else error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        return "its certificate is not signed by an authority known here: give it as ?ca=FILE"
    if "Name or service not known" in text or "nodename nor servname" in text:
        return "the name is not known here"
    if "refused" in text:
        return "nothing listens there"
    return text.split("\n")[0][:200]

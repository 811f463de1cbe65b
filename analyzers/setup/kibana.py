"""Import data views and dashboards into Kibana, through its documented HTTP API."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import urllib3

from analyzers.setup.bundled import bundled
from analyzers.setup.desired import Category
from analyzers.setup.plan import Action, Step
from analyzers.stores.base import StoreError
from analyzers.stores.connecting import OLDEST_SERVER
from shipper.credentials import read_credentials
from shipper.errors import ConfigurationError

FILE = "elkhound.ndjson"

_SECONDS = 60.0
_CATEGORY: Mapping[str, Category] = {
    "index-pattern": "data view",
    "search": "Discover session",
    "dashboard": "dashboard",
}


class Kibana:
    """A Kibana that is to show Elkhound's dashboards.

    Args:
        url: Such as ``https://localhost:5601``; behind the ``?`` may stand ``ca=FILE``.
        space: Its space; the default one otherwise.
        ca: File of the authorities to trust (PEM).

    Raises:
        StoreError: If it cannot be reached, is no Kibana, or is too old.
    """

    def __init__(self, url: str, space: str | None = None, ca: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise StoreError("--kibana must be https://HOST:5601, without a password")
        self._url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._base = f"{self._url}/s/{quote(space, safe='')}" if space else self._url
        try:
            self._pool = urllib3.PoolManager(ca_certs=ca, retries=False, timeout=_SECONDS)
            authorization = read_credentials(os.environ).authorization()
        except (OSError, ConfigurationError) as error:
            raise StoreError(f"{self._url}: {error}") from error
        self._headers = {"kbn-xsrf": "elkhound"}
        if authorization is not None:
            self._headers["Authorization"] = authorization
        self._check_version()

    def plan(self) -> list[Step]:
        """Return what has to happen: every object is imported, whatever is there."""
        return [Step("create", _CATEGORY[item["type"]], _title(item)) for item in _objects()]

    def apply(self) -> Iterator[Step]:
        """Import all objects, in place of those that are there under the same ids.

        Raises:
            StoreError: If Kibana refuses one of them.
        """
        data = (bundled("kibana") / FILE).read_bytes()
        answer = self.ask(
            "POST",
            "/api/saved_objects/_import?overwrite=true",
            fields={"file": (FILE, data, "application/ndjson")},
        )
        refused = answer.get("errors", [])
        if refused:
            named = f"{refused[0].get('type')} {refused[0].get('id')}"
            reason = refused[0].get("error", {}).get("type", "no reason is given")
            raise StoreError(f"{self._url} refused {len(refused)} objects, first {named}: {reason}")
        titles = {(item["type"], item["id"]): _title(item) for item in _objects()}
        for item in answer.get("successResults", []):
            action: Action = "change" if item.get("overwrite") else "create"
            title = titles.get((item["type"], item["id"]), item["id"])
            yield Step(action, _CATEGORY[item["type"]], title)

    def remove(self) -> Iterator[Step]:
        """Remove the objects; copies that users made stay.

        Raises:
            StoreError: If Kibana refuses.
        """
        for item in reversed(_objects()):
            path = f"/api/saved_objects/{item['type']}/{quote(item['id'], safe='')}?force=true"
            if self.ask("DELETE", path, missing_ok=True) is not None:
                yield Step("remove", _CATEGORY[item["type"]], _title(item))

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _check_version(self) -> None:
        answer = self.ask("GET", "/api/status")
        number = answer.get("version", {}).get("number") if isinstance(answer, dict) else None
        if not isinstance(number, str):
            raise StoreError(f"{self._url} is no Kibana, or does not accept the credentials")
        if tuple(map(int, re.findall(r"\d+", number)[:2])) < OLDEST_SERVER:
            raise StoreError(f"{self._url} is Kibana {number}: 9.0 or newer is needed")

    def ask(
        self,
        method: str,
        path: str,
        fields: Mapping[str, Any] | None = None,
        missing_ok: bool = False,
        document: Mapping[str, Any] | None = None,
    ) -> Any:
        """Ask Kibana, in its space.

        Args:
            method: HTTP method.
            path: Path behind the space.
            fields: Fields of a form.
            missing_ok: Whether a missing object is None, not an error.
            document: JSON to send.

        Returns:
            What it answered; None where that is nothing.

        Raises:
            StoreError: If it cannot be reached, or refuses.
        """
        sent: dict[str, Any] = {"headers": self._headers}
        if fields:
            sent["fields"] = dict(fields)
        if document is not None:
            sent["body"] = orjson.dumps(document)
            sent["headers"] = self._headers | {"Content-Type": "application/json"}
        try:
            answer = self._pool.request(method, f"{self._base}{path}", **sent)
        except urllib3.exceptions.SSLError as error:
            raise StoreError(
                f"{self._url}: its certificate is not trusted here: set ELKHOUND_CA"
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise StoreError(f"{self._url} cannot be reached: {error}") from error
        if answer.status == 404 and missing_ok:
            return None
        if answer.status in (401, 403):
            raise StoreError(
                f"{self._url} does not accept the credentials (status {answer.status}): "
                "set ELKHOUND_API_KEY, or ELKHOUND_USERNAME and ELKHOUND_PASSWORD"
            )
        if answer.status >= 300:
            raise StoreError(f"{self._url} refused: {_reason(answer.data, answer.status)}")
        if answer.status == 204 or not answer.data:
            return {}
        try:
            return orjson.loads(answer.data)
        except ValueError as error:
            raise StoreError(f"{self._url} is no Kibana") from error


def _objects() -> list[dict[str, Any]]:
    data = (bundled("kibana") / FILE).read_bytes()
    return [orjson.loads(line) for line in data.splitlines()]


def _title(item: Mapping[str, Any]) -> str:
    attributes = item["attributes"]
    title: str = attributes.get("name") or attributes["title"]
    return title


def _reason(body: bytes, status: int) -> str:
    try:
        return str(orjson.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {status}"

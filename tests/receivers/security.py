"""Roles and API keys as Elasticsearch's documented API has them; the test node has no security."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Security:
    """Answers ``/_security/...``; everything else is for the real node.

    Attributes:
        roles: Roles by name.
        keys: API keys by id.
        passwords: Passwords that were set, by user.
    """

    def __init__(self) -> None:
        self.roles: dict[str, Any] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.passwords: dict[str, str] = {}

    def __call__(self, method: str, target: str, body: bytes) -> tuple[int, Any] | None:
        """Answer one request."""
        parts = urlsplit(target)
        if not parts.path.startswith("/_security/"):
            return None
        raw = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        given = json.loads(raw) if raw else {}
        kind, *rest = parts.path.removeprefix("/_security/").split("/")
        if kind == "role":
            return self._role(method, rest[0], given)
        if (kind, rest[1:]) == ("user", ["_password"]):
            self.passwords[rest[0]] = given["password"]
            return 200, {}
        if kind == "api_key":
            return self._key(method, rest, parse_qs(parts.query), given)
        return 400, {"error": {"reason": f"no handler found for uri [{target}]"}, "status": 400}

    def _role(self, method: str, name: str, given: Any) -> tuple[int, Any]:
        if method == "PUT":
            created = name not in self.roles
            self.roles[name] = given
            return 200, {"role": {"created": created}}
        if name not in self.roles:
            return 404, {"found": False} if method == "DELETE" else {}
        if method == "DELETE":
            del self.roles[name]
            return 200, {"found": True}
        return 200, {name: self.roles[name]}

    def _key(
        self, method: str, rest: list[str], query: dict[str, list[str]], given: Any
    ) -> tuple[int, Any]:
        if method in ("PUT", "POST") and rest:
            self.keys[rest[0]].update(given)
            return 200, {"updated": True}
        if method in ("PUT", "POST"):
            number = f"id{len(self.keys)}"
            self.keys[number] = {"id": number, "invalidated": False, **given}
            encoded = base64.b64encode(f"{number}:s3cret".encode()).decode()
            return 200, {"id": number, "api_key": "s3cret", "encoded": encoded, **given}
        if method == "DELETE":
            hit = [
                key
                for key in self.keys.values()
                if key["name"] == given["name"] and not key["invalidated"]
            ]
            for key in hit:
                key["invalidated"] = True
            return 200, {"invalidated_api_keys": [key["id"] for key in hit], "error_count": 0}
        found = [self.keys[number] for number in query["id"] if number in self.keys]
        return (200, {"api_keys": found}) if found else (404, {"api_keys": []})

"""Kibana's saved-objects API as it is documented; no Kibana can run where the tests do."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class KibanaDouble:
    """A Kibana with nothing in it.

    Attributes:
        version: What it says it is.
        password: The ``Authorization`` header it wants, or None.
        objects: What was imported, by space, type and id.
        refuse: Ids that it does not take.
        rules: Alerting rules, by space and id.
        connectors: Connectors, by space and id.
        has_encryption_key: Whether it can keep secrets, which connectors and rules need.
    """

    def __init__(self, version: str = "9.5.3", password: str | None = None) -> None:
        self.version = version
        self.password = password
        self.objects: dict[tuple[str, str, str], Any] = {}
        self.refuse: set[str] = set()
        self.rules: dict[tuple[str, str], Any] = {}
        self.connectors: dict[tuple[str, str], Any] = {}
        self.has_encryption_key = True

    def answer(self, method: str, target: str, headers: Message, body: bytes) -> tuple[int, Any]:
        """Answer one request."""
        parts = urlsplit(target)
        path, space = parts.path, "default"
        if path.startswith("/s/"):
            _, _, space, *rest = path.split("/")
            path = "/" + "/".join(rest)
        if self.password is not None and headers.get("Authorization") != self.password:
            return 401, {"statusCode": 401, "error": "Unauthorized", "message": "no"}
        if path == "/api/status":
            return 200, {"version": {"number": self.version}, "status": {}}
        if method != "GET" and "kbn-xsrf" not in headers:
            return 400, {"statusCode": 400, "message": "Request must contain a kbn-xsrf header."}
        if (method, path) == ("POST", "/api/saved_objects/_import"):
            return self._import(space, parse_qs(parts.query), headers, body)
        if method == "DELETE" and path.startswith("/api/saved_objects/"):
            kind, identity = path.split("/")[3:5]
            found = self.objects.pop((space, kind, identity), None)
            return (200, {}) if found else (404, {"statusCode": 404, "message": "Not Found"})
        for head, held, check in (
            ("/api/alerting/rule/", self.rules, self._wrong_rule),
            ("/api/actions/connector/", self.connectors, _wrong_connector),
        ):
            if path.startswith(head) and method == "POST" and not self.has_encryption_key:
                return 500, {"message": "Encrypted Saved Objects plugin is missing encryption key"}
            if path.startswith(head):
                return _kept(method, (space, path.removeprefix(head)), held, body, check)
        return 404, {"statusCode": 404, "message": "Not Found"}

    def _wrong_rule(self, space: str, document: dict[str, Any], is_new: bool) -> str:
        """Return what is wrong with a rule, as the strict schema of the rule type has it."""
        fixed = {"rule_type_id", "consumer", "enabled"}
        allowed = {"name", "tags", "schedule", "params", "actions"} | (fixed if is_new else set())
        if set(document) != allowed:
            return f"definition for these keys is wrong: {set(document) ^ allowed}"
        if is_new and document["rule_type_id"] != ".es-query":
            return "Rule type is not registered"
        params = document["params"]
        needed = {
            "searchType", "esQuery", "index", "timeField", "timeWindowSize", "timeWindowUnit",
            "size", "threshold", "thresholdComparator", "aggType", "groupBy",
            "excludeHitsFromPreviousRun",
        }  # fmt: skip
        if not needed <= set(params) <= needed | {"aggField", "termField", "termSize"}:
            return f"params invalid: {set(params) ^ needed}"
        if "query" not in json.loads(params["esQuery"]):
            return '[esQuery]: must contain "query"'
        if params["timeWindowUnit"] not in "smhd" or params["timeWindowSize"] < 1:
            return "[timeWindowSize]: wrong"
        if (params["aggType"] != "count") != ("aggField" in params):
            return "[aggField]: must have a value when [aggType] is avg or max"
        if (params["groupBy"] == "top") != ("termField" in params):
            return "[termField]: termField required when [groupBy] is top"
        for action in document["actions"]:
            if (space, action["id"]) not in self.connectors:
                return f"Saved object [action/{action['id']}] not found"
            if action["group"] not in ("query matched", "recovered"):
                return "Invalid action groups"
        return ""

    def _import(
        self, space: str, query: dict[str, list[str]], headers: Message, body: bytes
    ) -> tuple[int, Any]:
        head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
        (part,) = list(BytesParser().parsebytes(head + body).walk())[1:]
        if not str(part.get_filename()).endswith(".ndjson"):
            return 415, {"statusCode": 415, "message": "Invalid file extension"}
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        items = [json.loads(line) for line in payload.splitlines()]
        known = {(i["type"], i["id"]) for i in items} | {(t, i) for _, t, i in self.objects}
        good: list[Any] = []
        errors: list[Any] = []
        for item in items:
            key = (space, item["type"], item["id"])
            missing = [
                r for r in item["references"]
                if r["type"] == "index-pattern" and (r["type"], r["id"]) not in known
            ]  # fmt: skip
            about = {"type": item["type"], "id": item["id"], "meta": {}}
            if missing:
                errors.append({**about, "error": {"type": "missing_references"}})
            elif item["id"] in self.refuse:
                errors.append({**about, "error": {"type": "unsupported_type"}})
            elif key in self.objects and query.get("overwrite") != ["true"]:
                errors.append({**about, "error": {"type": "conflict"}})
            else:
                good.append({**about, "overwrite": key in self.objects})
                self.objects[key] = item
        answer = {"success": not errors, "successCount": len(good), "successResults": good}
        return 200, answer | ({"errors": errors} if errors else {})


Check = Callable[[str, dict[str, Any], bool], str]


def _kept(
    method: str, key: tuple[str, str], held: dict[tuple[str, str], Any], body: bytes, check: Check
) -> tuple[int, Any]:
    """Answer a request about one object that is kept under an id."""
    if method in ("GET", "DELETE", "PUT") and key not in held:
        return 404, {"statusCode": 404, "message": "Not Found"}
    if method == "GET":
        return 200, held[key]
    if method == "DELETE":
        del held[key]
        return 204, None
    if method == "POST" and key in held:
        return 409, {"statusCode": 409, "message": "conflict"}
    if uuid.UUID(key[1]).version != 4:
        return 400, {"statusCode": 400, "message": "Predefined IDs must look random"}
    document = json.loads(body)
    wrong = check(key[0], document, method == "POST")
    if wrong:
        return 400, {"statusCode": 400, "message": wrong}
    held[key] = {**held.get(key, {}), **document, "id": key[1]}
    return 200, held[key]


def _wrong_connector(space: str, document: dict[str, Any], is_new: bool) -> str:
    """Return what is wrong with a connector: only that of an index is free."""
    allowed = {"name", "config", "secrets"} | ({"connector_type_id"} if is_new else set())
    if set(document) != allowed:
        return f"definition for these keys is wrong: {set(document) ^ allowed}"
    if is_new and document["connector_type_id"] != ".index":
        return "Action type is disabled because your basic license does not support it"
    if set(document["config"]) != {"index", "refresh", "executionTimeField"}:
        return "error validating action type config"
    return ""


@contextmanager
def serving(double: KibanaDouble) -> Iterator[str]:
    """Serve a double and give its URL."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, told = double.answer(self.command, self.path, self.headers, body)
            data = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

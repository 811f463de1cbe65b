"""What an index would hold: each record once, by its id."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any


class Index:
    """Keeps the records that a receiver took, by ``event.id`` as Elasticsearch does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.received = 0
        self.documents: dict[str, dict[str, Any]] = {}

    def take(self, line: bytes) -> None:
        """Take one record."""
        document = json.loads(line)
        if not isinstance(document, dict):
            raise ValueError("not an object")
        with self._lock:
            self.received += 1
            self.documents.setdefault(document["event"]["id"], document)

    @property
    def resent(self) -> int:
        """Records that came more than once; none of them is in the index twice."""
        return self.received - len(self.documents)

    def service_logs(self) -> list[dict[str, Any]]:
        """Return the service logs, in the order of their arrival."""
        with self._lock:
            documents = list(self.documents.values())
        return [d for d in documents if d["data_stream"]["dataset"] == "ml.service"]

    def numbers(self) -> list[int]:
        """Return the numbers that the tests put into their log calls, in order of arrival."""
        return [
            int(d["numeric_labels"]["number"])
            for d in self.service_logs()
            if "number" in d.get("numeric_labels", {})
        ]

    def await_numbers(self, count: int, seconds: float = 30.0) -> list[int]:
        """Wait until so many different log calls have arrived, or time has run out."""
        wait_for(self.numbers, lambda found: len(found) >= count, seconds)
        return self.numbers()


def wait_for(
    read: Callable[[], Any], is_right: Callable[[Any], bool], seconds: float = 30.0
) -> Any:
    """Read again and again until the result is right or time has run out; return the last."""
    deadline = time.monotonic() + seconds
    while True:
        found = read()
        if is_right(found) or time.monotonic() > deadline:
            return found
        time.sleep(0.02)

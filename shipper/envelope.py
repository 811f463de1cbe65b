"""What every record carries: ids, times, service, host, process and data stream."""

from __future__ import annotations

import itertools
import os
import platform
import sys
import threading
import time

import orjson

from shipper._version import package_version
from shipper.correlation import correlation_fields
from shipper.identifiers import format_time, new_event_id, sampling_key
from shipper.records import Record
from shipper.schema import ECS_VERSION, SCHEMA_VERSION, schema
from shipper.segments import host_name
from shipper.values import Document, merge

_MERGED = ("host", "service", "process", "agent")


class Envelope:
    """Completes records; built once for a process, cheap for each record.

    What never changes is encoded once and pasted into each record (``orjson.Fragment``).

    Args:
        service: Name of the service.
        version: Release of the service.
        environment: Where it runs.
        namespace: Namespace of the data streams.
    """

    __slots__ = ("_constant", "_kinds", "_namespace", "_process", "_sequence", "_thread")

    def __init__(
        self, service: str, version: str | None, environment: str | None, namespace: str
    ) -> None:
        described: Document = {"name": service, "node": {"name": f"{host_name()}:{os.getpid()}"}}
        if version is not None:
            described["version"] = version
        if environment is not None:
            described["environment"] = environment
        self._constant: Document = {
            "ecs": {"version": ECS_VERSION},
            "agent": {"type": "elkhound", "version": package_version()},
            "service": described,
            "host": {
                "name": host_name(),
                "architecture": platform.machine(),
                "os": {"type": platform.system().lower(), "version": platform.release()},
            },
        }
        name = os.path.basename(sys.argv[0] if sys.argv else "") or "python"
        self._process: Document = {"pid": os.getpid(), "name": name}
        self._namespace = namespace
        self._kinds: dict[str, tuple[str, Document]] = {}
        self._sequence = itertools.count()
        self._thread = threading.local()

    def complete(
        self, record: Record, event_id: str | None = None, now: int | None = None
    ) -> tuple[str, Document]:
        """Return the stream of a record and its whole document, ready for ``orjson``.

        Args:
            record: The record.
            event_id: Its id, where it was minted earlier; a new one otherwise.
            now: Time of the event in nanoseconds since the epoch; this moment otherwise.

        Raises:
            SchemaError: If the record breaks its schema.
        """
        own = record.document()
        correlation = correlation_fields()
        if correlation is not None:
            own = merge(correlation, own)
        stream, constant = self._kinds.get(record.kind) or self._describe(record.kind)
        created = time.time_ns()
        moment = created if now is None else now
        identity = event_id or new_event_id(moment)
        timestamp = format_time(moment)
        document: Document = {
            "@timestamp": timestamp,
            **constant,
            "process": self._process_of_thread(),
            **own,
        }
        document["event"] = {
            "id": identity,
            "created": timestamp
            if created // _MILLISECOND == moment // _MILLISECOND
            else format_time(created),
            "sequence": next(self._sequence),
            **own["event"],
        }
        document["ml"] = {
            "schema": _SCHEMA,
            "sampling": {"rate": 1.0, "key": sampling_key(identity)},
            **own.get("ml", {}),
        }
        for key in _MERGED:
            if key in own:
                base = self._process if key == "process" else self._constant[key]
                document[key] = merge(base, own[key])
        return stream, document

    def _describe(self, kind: str) -> tuple[str, Document]:
        described = schema(kind)
        stream: Document = {
            "type": described.stream_type,
            "dataset": described.dataset,
            "namespace": self._namespace,
        }
        constant = {**self._constant, "data_stream": stream}
        encoded: Document = {
            key: orjson.Fragment(orjson.dumps(value)) for key, value in constant.items()
        }
        self._kinds[kind] = (described.stream(self._namespace), encoded)
        return self._kinds[kind]

    def _process_of_thread(self) -> orjson.Fragment:
        known: orjson.Fragment | None = getattr(self._thread, "process", None)
        if known is None:
            thread = threading.current_thread()
            described = {**self._process, "thread": {"id": thread.ident, "name": thread.name}}
            known = self._thread.process = orjson.Fragment(orjson.dumps(described))
        return known


_MILLISECOND = 1_000_000
_SCHEMA = orjson.Fragment(orjson.dumps({"version": SCHEMA_VERSION}))

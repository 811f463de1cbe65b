"""The way of a record: complete, check, encode, append. Never raises into the service."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from shipper.envelope import Envelope
from shipper.forking import begin_anew_after_fork
from shipper.identifiers import format_time
from shipper.records import Record
from shipper.redaction import Redactor
from shipper.schema.validation import SchemaError
from shipper.segments import REJECTED
from shipper.settings import Settings
from shipper.spool import Spool

_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
_COMPLAINT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of one process since it began (or forked).

    Attributes:
        accepted: Records taken from the service.
        written: Lines on disk; those set aside are among them.
        waiting: Lines in memory.
        dropped: Lines given up because memory was full.
        rejected: Records that broke their schema and were set aside.
        failed: Records lost to an unexpected failure in the shipper itself.
        write_errors: Failed attempts to write.
        last_error: What went wrong last, or ''.
    """

    accepted: int
    written: int
    waiting: int
    dropped: int
    rejected: int
    failed: int
    write_errors: int
    last_error: str


class Pipeline:
    """Takes records and appends them to the spool.

    Args:
        settings: Checked settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redactor = Redactor()
        self.spool = Spool(settings.directory, settings.limits)
        self._complaints: dict[str, float] = {}
        self._start_afresh()
        begin_anew_after_fork(self)

    def _start_afresh(self) -> None:
        settings = self.settings
        self._envelope = Envelope(
            settings.service, settings.version, settings.environment, settings.namespace
        )
        self._lock = threading.Lock()
        self._accepted = 0
        self._rejected = 0
        self._failed = 0
        self._last_error = ""

    def send(
        self,
        record: Record,
        *,
        event_id: str | None = None,
        now: int | None = None,
        urgent: bool = False,
        given: Mapping[str, Any] | None = None,
    ) -> bool:
        """Store a record; whatever goes wrong is counted and never raised.

        Args:
            record: The record.
            event_id: Its id, where it was minted earlier.
            now: Time of the event in nanoseconds since the epoch; this moment otherwise.
            urgent: Write without waiting for more records to come.
            given: What the service gave, to be kept where the record is set aside.

        Returns:
            Whether the record was taken.
        """
        try:
            stream, document = self._envelope.complete(record, event_id, now)
            taken = self.spool.append(stream, encode(document), urgent)
        except SchemaError as error:
            self.reject(str(error), record.kind, given)
            return False
        except Exception as error:
            self.count_failure(error)
            return False
        with self._lock:
            self._accepted += 1
        if not taken:
            self.complain("dropped", "records are dropped: memory for waiting records is full")
        return taken

    def make_and_send(
        self,
        kind: str,
        make: Callable[[], Record],
        given: Mapping[str, Any],
        urgent: bool = False,
    ) -> None:
        """Make a record of what the service gave and store it; never raises.

        Args:
            kind: Kind of record, for the note where it cannot be made.
            make: Makes the record.
            given: What the service gave.
            urgent: Write without waiting for more records to come.
        """
        try:
            record = make()
        except SchemaError as error:
            self.reject(str(error), kind, given)
        except Exception as error:
            self.count_failure(error)
        else:
            self.send(record, urgent=urgent, given=given)

    def reject(self, reason: str, kind: str, given: Mapping[str, Any] | None = None) -> None:
        """Set a record aside that broke its schema, with the reason, and count it."""
        try:
            with self._lock:
                self._rejected += 1
            line: dict[str, Any] = {
                "@timestamp": format_time(time.time_ns()),
                "reason": reason,
                "kind": kind,
            }
            if given:
                line["record"] = self.redactor.mapping(given)
            self.spool.append(REJECTED, encode(line))
            self.complain("rejected", f"a {kind} record was set aside: {reason}")
        except Exception as error:
            self.count_failure(error)

    def count_failure(self, error: BaseException) -> None:
        """Count a record lost to a failure in the shipper itself, and say so once a minute."""
        with self._lock:
            self._failed += 1
            self._last_error = f"{type(error).__name__}: {error}"
        self.complain("failed", f"a record was lost: {type(error).__name__}: {error}")

    def complain(self, topic: str, message: str) -> None:
        """Write one line to standard error, at most once a minute for a topic."""
        now = time.monotonic()
        if now - self._complaints.get(topic, -_COMPLAINT_SECONDS) < _COMPLAINT_SECONDS:
            return
        self._complaints[topic] = now
        try:
            print(f"elkhound: {message}", file=sys.stderr)
        except Exception:  # standard error may be closed in a daemon
            return

    def statistics(self) -> Statistics:
        """Return the counts so far."""
        spool = self.spool.statistics()
        with self._lock:
            return Statistics(
                accepted=self._accepted,
                written=spool.written,
                waiting=spool.waiting,
                dropped=spool.dropped,
                rejected=self._rejected,
                failed=self._failed,
                write_errors=spool.write_errors,
                last_error=self._last_error or spool.last_error,
            )

    def after_fork(self) -> None:
        """Begin anew in a child process."""
        self._start_afresh()


def encode(document: Mapping[str, Any]) -> bytes:
    """Return a document as one line of JSON; NaN and infinity become null.

    Strange values are stored as their text and lone surrogates as ``?``: a log call must not
    fail because of what it logs.
    """
    try:
        return orjson.dumps(document, default=str, option=_OPTIONS)
    except TypeError:
        return orjson.dumps(_mend(document, 0), default=str, option=_OPTIONS)


_MAXIMUM_DEPTH = 50


def _mend(value: Any, depth: int) -> Any:
    if depth > _MAXIMUM_DEPTH:
        return "[too deep]"
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_mend(str(key), depth): _mend(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mend(item, depth + 1) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value

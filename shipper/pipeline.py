"""The way of a record: complete, check, encode, append. Never raises into the service."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from shipper.accounting import Reporter, Statistics
from shipper.encoding import encode
from shipper.endings import close_with_child
from shipper.envelope import Envelope
from shipper.forking import begin_anew_after_fork
from shipper.identifiers import SAMPLING_BUCKETS, format_time
from shipper.limits import TooLargeError, name_cut, shortened_fields, shrink
from shipper.records import Record
from shipper.redaction import Redactor
from shipper.schema.validation import SchemaError
from shipper.segments import REJECTED
from shipper.settings import Settings
from shipper.spool import Spool, runs_event_loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from shipper.courier import Courier

_COMPLAINT_SECONDS = 60.0

SHUTDOWN_SECONDS = 5.0
"""Time for everything at the end of the process."""
SYNC_SECONDS = 0.25
"""Longest time that a log call waits for the disk, where the service has asked for that."""

# How much records matter to a policy; errors and log calls have a level of their own.
_IMPORTANCE = {"feedback": logging.WARNING, "lifecycle": logging.WARNING}


class Pipeline:
    """Takes records and appends them to the spool.

    Args:
        settings: Checked settings.

    Raises:
        ConfigurationError: If a certificate or key of a destination cannot be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redactor = Redactor(
            settings.redaction, settings.record_limits, settings.credentials.hash_key
        )
        self._complaints: dict[str, float] = {}
        self.courier = _open_courier(settings, self)
        self.spool = Spool(
            settings.directory, settings.limits, settings.when_full, self.courier, self._look
        )
        self._is_new_child = False
        self._start_afresh()
        begin_anew_after_fork(self)

    def _start_afresh(self) -> None:
        settings = self.settings
        self._envelope = Envelope(
            settings.service, settings.version, settings.environment, settings.namespace
        )
        self._lock = threading.Lock()
        self._reporter = Reporter()
        self._accepted = 0
        self._sampled = 0
        self._rejected = 0
        self._failed = 0
        self._last_error = ""
        self._told_errors = 0
        self._told_dropped = 0

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
            if self._is_new_child:
                self._is_new_child = False
                close_with_child(self.close)
            stream, document = self._envelope.complete(record, event_id, now)
            if self.spool.pressed and not self._is_sampled(record, document):
                with self._lock:
                    self._sampled += 1
                return False
            sync = urgent and self.settings.sync_errors
            taken = self.spool.append(stream, self._encode(document), urgent, sync)
        except (SchemaError, TooLargeError) as error:
            self.reject(str(error), record.kind, given)
            return False
        except Exception as error:
            self.count_failure(error)
            return False
        with self._lock:
            self._accepted += 1
        if not taken:
            self.complain("dropped", "records are dropped: memory for waiting records is full")
        elif sync:
            self._await_disk()
        return taken

    def make_and_send(
        self,
        kind: str,
        make: Callable[[], Record],
        given: Mapping[str, Any],
        urgent: bool = False,
        now: int | None = None,
    ) -> None:
        """Make a record of what the service gave and store it; never raises.

        Args:
            kind: Kind of record, for the note where it cannot be made.
            make: Makes the record.
            given: What the service gave.
            urgent: Write without waiting for more records to come.
            now: Time of the event in nanoseconds since the epoch; this moment otherwise.
        """
        try:
            record = make()
        except SchemaError as error:
            self.reject(str(error), kind, given)
        except Exception as error:
            self.count_failure(error)
        else:
            self.send(record, urgent=urgent, given=given, now=now)

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
            encoded = encode(line)
            if len(encoded) > self.settings.record_limits.record_bytes:
                encoded = encode({key: line[key] for key in ("@timestamp", "reason", "kind")})
            self.spool.append(REJECTED, encoded)
            self.complain("rejected", f"a {kind} record was set aside: {reason}")
        except Exception as error:
            self.count_failure(error)

    def set_aside(self, line: bytes, reason: str) -> None:
        """Keep a line that no destination takes, with the reason."""
        self.spool.set_aside(line, reason)
        self.complain("set aside", f"a record was set aside: {reason}")

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

    def flush(self, seconds: float, delivered: bool = False) -> bool:
        """Wait until all records so far are on disk, or delivered; False when time ran out."""
        deadline = time.monotonic() + seconds
        done = self.spool.flush(seconds)
        if delivered and done and self.courier is not None:
            return self.courier.flush(max(0.0, deadline - time.monotonic()))
        return done

    def close(self, seconds: float = SHUTDOWN_SECONDS, is_final: bool = False) -> bool:
        """Write what waits, deliver what can be delivered, and stop, all within a deadline.

        Returns:
            Whether every record is on disk; what was not delivered waits there.
        """
        deadline = time.monotonic() + seconds
        self._report(is_last=True)
        done = self.spool.close(seconds, is_final)
        if self.courier is not None:
            self.courier.close(max(0.0, deadline - time.monotonic()))
        return done

    def statistics(self) -> Statistics:
        """Return the counts so far."""
        spool = self.spool.statistics()
        courier = self.courier
        counts = None if courier is None else courier.counts
        destinations = None if courier is None else courier.destinations
        current = None if destinations is None else destinations.current
        undelivered = 0 if courier is None else courier.outbox.undelivered_bytes()
        with self._lock:
            return Statistics(
                accepted=self._accepted,
                written=spool.written,
                waiting=spool.waiting,
                dropped=spool.dropped,
                sampled=self._sampled,
                rejected=self._rejected,
                failed=self._failed,
                expired=spool.expired,
                write_errors=spool.write_errors,
                delivered=0 if counts is None else counts.delivered,
                duplicates=0 if counts is None else counts.duplicates,
                set_aside=0 if counts is None else counts.set_aside,
                delivery_failures=0 if destinations is None else destinations.failures,
                memory_bytes=spool.memory_bytes,
                spool_bytes=spool.disk_bytes,
                undelivered_bytes=undelivered,
                destination="" if current is None else current.name,
                last_error=self._last_error
                or spool.last_error
                or ("" if courier is None else courier.last_error)
                or ("" if destinations is None else destinations.last_error),
            )

    def after_fork(self) -> None:
        """Begin anew in a child process."""
        self._start_afresh()
        self._is_new_child = True

    def _encode(self, document: dict[str, Any]) -> bytes:
        if self.redactor.take_cut():
            name_cut(document, *shortened_fields(document, self.redactor.limits))
        line = encode(document)
        limit = self.redactor.limits.record_bytes
        return line if len(line) <= limit else shrink(document, limit, encode)

    def _is_sampled(self, record: Record, document: dict[str, Any]) -> bool:
        """Return whether the policy takes a record under pressure, and note the rate in it."""
        if record.kind == "resource" and record.metricset == "shipper":  # type: ignore[attr-defined]
            return True
        route = document.get("url", {}).get("path", "")
        share = self.settings.when_full.share(importance(document, record.kind), route)
        if share >= 1.0:
            return True
        sampling = document["ml"]["sampling"]
        if sampling["key"] >= share * SAMPLING_BUCKETS:
            return False
        sampling["rate"] = share
        return True

    def _await_disk(self) -> None:
        """Wait a little until the disk holds the record; never in the thread of an event loop."""
        if not runs_event_loop():
            self.spool.flush(SYNC_SECONDS)

    def _look(self) -> None:
        """Say what is wrong with the spool, and report; called by its thread now and then."""
        spool = self.spool.statistics()
        if spool.write_errors > self._told_errors:
            self._told_errors = spool.write_errors
            self.complain("spool", f"records wait in memory: {spool.last_error}")
        if spool.dropped > self._told_dropped:
            self._told_dropped = spool.dropped
            self.complain("dropped", f"{spool.dropped} records were dropped so far: no room")
        self._report()

    def _report(self, is_last: bool = False) -> None:
        """Ship the shipper's own counts, now and then and whenever something was lost."""
        try:
            record = self._reporter.record(self.statistics, is_last)
            if record is not None:
                self.send(record)
        except Exception as error:
            self.count_failure(error)


def importance(document: Mapping[str, Any], kind: str) -> int:
    """Return how much a record matters to a policy, as ``logging`` numbers levels.

    Errors and log calls have their own level; a failed prediction is an error, feedback and life
    cycle are warnings, everything else is info.
    """
    log = document.get("log")
    if isinstance(log, Mapping) and "level" in log:
        return logging.getLevelNamesMapping().get(str(log["level"]).upper(), logging.INFO)
    if kind == "prediction" and document["event"].get("outcome") == "failure":
        return logging.ERROR
    return _IMPORTANCE.get(kind, logging.INFO)


def _open_courier(settings: Settings, pipeline: Pipeline) -> Courier | None:
    """Return who delivers; None for a local store, which needs none of that code."""
    if not settings.targets:
        return None
    from shipper.courier import Courier
    from shipper.destinations import Destinations

    for target in settings.targets:
        if not getattr(target, "verify", True):
            pipeline.complain(f"verify {target}", f"the certificate of {target} is not checked")
    destinations = Destinations(settings.targets, settings.credentials, pipeline.complain)
    return Courier(settings.directory, destinations, pipeline.set_aside, keep=settings.keep)

"""The process's one pipeline, and the calls that begin, flush and end it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from types import TracebackType

from shipper.accounting import Statistics
from shipper.endings import close_at_exit, close_with_child, is_pool_child
from shipper.limits import RecordLimits
from shipper.pipeline import SHUTDOWN_SECONDS, Pipeline
from shipper.policies import Policy
from shipper.redaction import Redaction
from shipper.settings import DEFAULT_DESTINATION, Destination, read_settings
from shipper.spool import SpoolLimits

_lock = threading.Lock()
_pipeline: Pipeline | None = None
_warned = False
_hooks_installed = False


def configure(
    *,
    service: str,
    version: str | None = None,
    environment: str | None = None,
    to: Destination | Sequence[Destination] = DEFAULT_DESTINATION,
    spool: str | os.PathLike[str] | None = None,
    keep: bool = False,
    namespace: str = "default",
    level: str | int = "info",
    limits: SpoolLimits | None = None,
    when_full: Policy | None = None,
    redaction: Redaction | None = None,
    record_limits: RecordLimits | None = None,
    sync_errors: bool = False,
    capture_uncaught: bool = True,
    handle_sigterm: bool = True,
) -> None:
    """Begin to ship this process's records; call it once, before the service starts its work.

    The variables ``ELKHOUND_SERVICE``, ``ELKHOUND_SERVICE_VERSION``, ``ELKHOUND_ENVIRONMENT``,
    ``ELKHOUND_TO`` (several: separated by spaces), ``ELKHOUND_SPOOL``, ``ELKHOUND_NAMESPACE`` and
    ``ELKHOUND_LEVEL`` override the arguments.

    Args:
        service: Name of the service.
        version: Release of the service.
        environment: Where it runs, such as ``production``.
        to: Destination, or several in order of preference: ``file:FOLDER`` writes the folder that
            ``elkhound`` reads; ``beats://``, ``http://``, ``tcp://`` and ``elasticsearch://``
            deliver over the network, also encrypted; a transport object of python-logstash-async.
        spool: Folder in which records wait for delivery; ``elkhound-spool`` when omitted.
        keep: Leave delivered records in the spool, within its bounds.
        namespace: Namespace of the data streams.
        level: Lowest level of log calls to keep.
        limits: Bounds on memory and disk.
        when_full: What to do when they are reached: ``DropOldest()``, ``DropBelow(level)``,
            ``Sample(rate)`` or ``Block(seconds)``.
        redaction: What to take out beside what is always taken out.
        record_limits: Bounds of a single record.
        sync_errors: Let a log call of an error wait (at most 0.25 s) until the disk holds it.
        capture_uncaught: Also record exceptions that end the process or a thread.
        handle_sigterm: Write what waits when ``SIGTERM`` ends the process and nobody handles it.

    Raises:
        ConfigurationError: If an argument is wrong. This is the only call of the shipper that
            raises: nothing is running yet, and a typing error should be seen.
    """
    global _pipeline
    settings = read_settings(
        service=service,
        version=version,
        environment=environment,
        to=to,
        spool=spool,
        keep=keep,
        namespace=namespace,
        level=level,
        limits=limits,
        when_full=when_full,
        redaction=redaction,
        record_limits=record_limits,
        sync_errors=sync_errors,
    )
    made = Pipeline(settings)
    with _lock:
        previous, _pipeline = _pipeline, made
    if previous is not None:
        previous.close(SHUTDOWN_SECONDS)
    _install_hooks(capture_uncaught, handle_sigterm)


def current() -> Pipeline | None:
    """Return the pipeline, or None (said once on standard error) before ``configure``."""
    global _warned
    if _pipeline is None and not _warned:
        _warned = True
        print(
            "elkhound: records are dropped until shipper.configure(service=...) is called",
            file=sys.stderr,
        )
    return _pipeline


def flush(seconds: float = SHUTDOWN_SECONDS, delivered: bool = False) -> bool:
    """Wait until all records so far are on disk; False when time ran out first.

    Args:
        seconds: How long to wait at most.
        delivered: Wait until a destination has acknowledged them, too.
    """
    return True if _pipeline is None else _pipeline.flush(seconds, delivered)


def shutdown(seconds: float = SHUTDOWN_SECONDS) -> bool:
    """Write what waits, deliver what can be delivered, and stop; also happens by itself at exit.

    Args:
        seconds: The deadline for all of it.

    Returns:
        Whether every record is on disk or delivered; what is not delivered waits in the spool.
    """
    return _close(False, seconds)


def statistics() -> Statistics:
    """Return what became of the records so far."""
    return Statistics() if _pipeline is None else _pipeline.statistics()


def _close(is_final: bool = False, seconds: float = SHUTDOWN_SECONDS) -> bool:
    global _pipeline
    with _lock:
        pipeline = _pipeline
        if not is_final:
            _pipeline = None
    return True if pipeline is None else pipeline.close(seconds, is_final)


def _install_hooks(capture_uncaught: bool, handle_sigterm: bool) -> None:
    global _hooks_installed
    if not _hooks_installed:
        _hooks_installed = True
        close_at_exit(_close, handle_sigterm)
        if is_pool_child():
            close_with_child(_close)
        if capture_uncaught:
            _capture_uncaught()


def _capture_uncaught() -> None:
    previous = sys.excepthook
    previous_in_thread = threading.excepthook

    def in_process(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        _record_uncaught(error)
        previous(kind, error, trace)

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            _record_uncaught(arguments.exc_value)
        previous_in_thread(arguments)

    sys.excepthook = in_process
    threading.excepthook = in_thread


def _record_uncaught(error: BaseException) -> None:
    from shipper.events import log_event

    if _pipeline is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
        message = f"uncaught {type(error).__name__}"
        log_event(_pipeline, "critical", "uncaught", message, {}, error, handled=False)

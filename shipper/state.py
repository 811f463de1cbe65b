"""The process's one pipeline, and the calls that begin, flush and end it."""

from __future__ import annotations

import atexit
import sys
import threading
from types import TracebackType

from shipper.pipeline import Pipeline, Statistics
from shipper.settings import DEFAULT_DESTINATION, read_settings
from shipper.spool import SpoolLimits

_lock = threading.Lock()
_pipeline: Pipeline | None = None
_warned = False
_hooks_installed = False

SHUTDOWN_SECONDS = 5.0


def configure(
    *,
    service: str,
    version: str | None = None,
    environment: str | None = None,
    to: str = DEFAULT_DESTINATION,
    namespace: str = "default",
    level: str | int = "info",
    limits: SpoolLimits | None = None,
    capture_uncaught: bool = True,
) -> None:
    """Begin to ship this process's records; call it once, before the service starts its work.

    The variables ``ELKHOUND_SERVICE``, ``ELKHOUND_SERVICE_VERSION``, ``ELKHOUND_ENVIRONMENT``,
    ``ELKHOUND_TO``, ``ELKHOUND_NAMESPACE`` and ``ELKHOUND_LEVEL`` override the arguments.

    Args:
        service: Name of the service.
        version: Release of the service.
        environment: Where it runs, such as ``production``.
        to: Destination: ``file:FOLDER`` writes the folder that ``elkhound`` reads.
        namespace: Namespace of the data streams.
        level: Lowest level of log calls to keep.
        limits: Bounds on memory and disk.
        capture_uncaught: Also record exceptions that end the process or a thread.

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
        namespace=namespace,
        level=level,
        limits=limits,
    )
    with _lock:
        previous, _pipeline = _pipeline, Pipeline(settings)
    if previous is not None:
        previous.spool.close(SHUTDOWN_SECONDS)
    _install_hooks(capture_uncaught)


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


def flush(seconds: float = SHUTDOWN_SECONDS) -> bool:
    """Wait until all records so far are on disk; False when time ran out first."""
    return True if _pipeline is None else _pipeline.spool.flush(seconds)


def shutdown(seconds: float = SHUTDOWN_SECONDS) -> bool:
    """Write what waits, within a deadline, and stop; also happens by itself at exit.

    Returns:
        Whether everything was written.
    """
    global _pipeline
    with _lock:
        pipeline, _pipeline = _pipeline, None
    return True if pipeline is None else pipeline.spool.close(seconds)


def statistics() -> Statistics:
    """Return how many records were taken, written, dropped, set aside and lost."""
    if _pipeline is None:
        return Statistics(0, 0, 0, 0, 0, 0, 0, "")
    return _pipeline.statistics()


def _install_hooks(capture_uncaught: bool) -> None:
    global _hooks_installed
    if not _hooks_installed:
        _hooks_installed = True
        atexit.register(shutdown)
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

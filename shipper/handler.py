"""The log handler for ``logging``, and the processor for services that configure structlog."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import MutableMapping
from types import CodeType, FrameType
from typing import Any

from structlog.contextvars import get_contextvars

from shipper.events import find_exception, is_own_logger, level_name, log_event
from shipper.pipeline import Pipeline
from shipper.state import current
from shipper.values import Document

_STANDARD = frozenset(
    (*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", "color_message")
)
_NOT_CALLERS = ("structlog", "shipper", "logging")
# what the delivery's own HTTP client logs would otherwise be delivered, and so on for ever
_OWN_THREADS = "elkhound-"


class LogHandler(logging.Handler):
    """Turns every log call and exception into a record.

    Add it to the root logger, and the whole service is covered::

        logging.getLogger().addHandler(shipper.LogHandler())

    Args:
        level: Lowest level to keep; the level given to ``configure`` applies as well.
    """

    def __init__(self, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)

    def createLock(self) -> None:  # noqa: N802 (the name is logging's)
        """Need no lock: appending to the spool is safe from any thread."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record; failures are counted and never raised."""
        if is_own_logger(record.name) or (record.threadName or "").startswith(_OWN_THREADS):
            return
        pipeline = current()
        if pipeline is None or record.levelno < pipeline.settings.level:
            return
        try:
            fields: dict[str, Any] = dict(get_contextvars())
            for key, value in record.__dict__.items():
                if key not in _STANDARD:
                    fields[key] = value
            log_event(
                pipeline,
                level_name(record.levelno),
                record.name,
                _message(record),
                fields,
                find_exception(record.exc_info),
                origin={
                    "file": {"name": record.filename, "line": record.lineno},
                    "function": record.funcName or "",
                },
                now=int(record.created * 1e9),
            )
        except Exception as error:
            pipeline.count_failure(error)


class StructlogProcessor:
    """A structlog processor that sends each event and hands it on unchanged.

    Put it into your own chain, before the renderer::

        structlog.configure(processors=[..., shipper.StructlogProcessor(), JSONRenderer()])
    """

    __slots__ = ()

    def __call__(
        self, logger: Any, method_name: str, event_dict: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Send the event; failures are counted and never raised."""
        pipeline = current()
        if pipeline is not None:
            name = str(event_dict.get("logger") or getattr(logger, "name", None) or "structlog")
            send_structlog_event(pipeline, name, method_name, dict(event_dict))
        return event_dict


_LEVELS = {
    "debug": ("debug", logging.DEBUG),
    "info": ("info", logging.INFO),
    "msg": ("info", logging.INFO),
    "warning": ("warning", logging.WARNING),
    "warn": ("warning", logging.WARNING),
    "error": ("error", logging.ERROR),
    "exception": ("error", logging.ERROR),
    "critical": ("critical", logging.CRITICAL),
    "fatal": ("critical", logging.CRITICAL),
}


def send_structlog_event(
    pipeline: Pipeline, logger: str, method_name: str, event: dict[str, Any]
) -> None:
    """Send one structlog event. ``event`` is used up."""
    try:
        level, number = _LEVELS.get(method_name, ("info", logging.INFO))
        if number < pipeline.settings.level:
            return
        now = time.time_ns()
        given = event.pop("exc_info", None)
        if given is None and method_name == "exception":
            given = True
        message = event.pop("event", "")
        for name in ("logger", "level", "timestamp"):
            event.pop(name, None)
        log_event(
            pipeline,
            level,
            logger,
            message if type(message) is str else str(message),
            event,
            find_exception(given),
            origin=_origin(),
            now=now,
        )
    except Exception as error:
        pipeline.count_failure(error)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # arguments that do not fit the format are the service's mistake
        return f"{record.msg} {record.args!r}"


_MAXIMUM_CACHED_CODES = 10_000
_callers: dict[CodeType, tuple[str, str] | None] = {}


def _origin() -> Document | None:
    """Return file, line and function of the service's own call."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        try:
            caller = _callers[code]
        except KeyError:
            caller = _describe_code(code, frame.f_globals.get("__name__") or "")
        if caller is not None:
            file, function = caller
            return {"file": {"name": file, "line": frame.f_lineno}, "function": function}
        frame = frame.f_back
    return None


def _describe_code(code: CodeType, module: str) -> tuple[str, str] | None:
    caller = None
    if module.partition(".")[0] not in _NOT_CALLERS:
        caller = (code.co_filename.rpartition("/")[2], code.co_name)
    if len(_callers) >= _MAXIMUM_CACHED_CODES:
        _callers.clear()
    _callers[code] = caller
    return caller

"""Make a record of a log call: an error record where something failed, a service log otherwise."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from math import isfinite
from typing import Any

import orjson

from shipper.context import current_prediction
from shipper.exceptions import ErrorDescription, describe, mark_recorded, recorded_as
from shipper.features import clean_name
from shipper.fingerprint import message_fingerprint
from shipper.identifiers import new_event_id
from shipper.masking import mask
from shipper.pipeline import Pipeline
from shipper.records import Error, ServiceLog
from shipper.redaction import Redactor
from shipper.schema import cut_keyword, schema
from shipper.values import Document

_ERROR_LEVELS = frozenset(("error", "critical"))
_OWN_LOGGERS = ("elkhound", "shipper")


def log_event(
    pipeline: Pipeline,
    level: str,
    logger: str,
    message: str,
    fields: Mapping[str, Any],
    error: BaseException | None = None,
    *,
    origin: Document | None = None,
    now: int | None = None,
    handled: bool | None = None,
    described: ErrorDescription | None = None,
) -> None:
    """Send the record of one log call; never raises.

    An exception gets one error record: where the same exception is logged again on its way up,
    the later calls become service logs that name its fingerprint.

    Args:
        pipeline: Where to.
        level: Lower-case level.
        logger: Name of the logger.
        message: The message, formatted.
        fields: The call's own fields; known ECS names go to their place, others to ``labels``.
        error: The exception, if any.
        origin: File, line and function of the call.
        now: Time of the call in nanoseconds since the epoch.
        handled: False when nothing caught the exception.
        described: The exception's description, where the caller has made it already.
    """
    try:
        log: Document = {"level": level, "logger": logger}
        if origin is not None:
            log["origin"] = origin
        text = pipeline.redactor.short_text(message)
        extra = _sort_fields(fields, pipeline.redactor)
        identity = new_event_id(now)
        if error is not None:
            described = described or describe(error, pipeline.redactor)
            if recorded_as(error) is None:
                mark_recorded(error, identity)
                found = described.document()
            else:
                found = None
                extra["error"] = {"type": described.type, "fingerprint": described.fingerprint}
        else:
            found = _describe_message(logger, text) if level in _ERROR_LEVELS else None
        if found is None:
            pipeline.send(
                ServiceLog(message=text, log=log, fields=extra), event_id=identity, now=now
            )
        else:
            record = _error_record(found, text, log, extra, handled)
            pipeline.send(record, event_id=identity, now=now, urgent=True)
    except Exception as failure:
        pipeline.count_failure(failure)


def _describe_message(logger: str, message: str) -> Document:
    """Return the ``error`` object of an error that was logged without an exception."""
    return {
        "message": message,
        "template": cut_keyword(mask(message)),
        "fingerprint": message_fingerprint(logger, message),
        "type": "log",
    }


def _error_record(
    error: Document, message: str, log: Document, fields: Document, handled: bool | None
) -> Error:
    """Return an error record, tied to the prediction that is being made."""
    context = current_prediction.get()
    if context is None:
        return Error(error=error, message=message, log=log, handled=handled, fields=fields)
    return Error(
        error=error,
        message=message,
        log=log,
        handled=handled,
        model=context.model,
        version=context.version,
        prediction_id=context.prediction_id,
        request_id=context.request_id,
        segments=context.segments,
        features=context.features,
        fields=fields,
    )


def is_own_logger(name: str) -> bool:
    """Return whether a logger is the shipper's, whose messages must not come back to it."""
    return name in _OWN_LOGGERS or name.startswith("elkhound.")


def level_name(number: int) -> str:
    """Return a level's lower-case name; an unnamed one gets the next lower name."""
    if number >= logging.CRITICAL:
        return "critical"
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"


def find_exception(given: Any) -> BaseException | None:
    """Return the exception that an ``exc_info`` means: True, an exception or a triple."""
    if not given:
        return None
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if len(given) == 3 and isinstance(given[1], BaseException) else None
    return sys.exc_info()[1]


# What a log call may set itself, beside its labels.
_SETTABLE = (
    "trace.",
    "span.",
    "transaction.",
    "http.",
    "url.",
    "user.",
    "ml.",
    "error.code",
    "event.",
)
_PROTECTED = ("event.id", "event.created", "event.sequence", "event.ingested", "event.kind")

_MAXIMUM_CACHED_KEYS = 10_000
_keys: dict[str, tuple[str, str | None, bool]] = {}


def _sort_fields(fields: Mapping[str, Any], redactor: Redactor) -> Document:
    document: Document = {}
    labels: dict[str, str] = {}
    numeric: dict[str, float] = {}
    harmless = redactor.harmless
    for key, value in fields.items():
        name, known_type, is_secret = _keys.get(key) or _describe_key(key, redactor)
        kind = type(value)
        if value is None:
            continue
        if is_secret:
            labels[name] = redactor.hide(value)
        elif known_type is not None and _place_known(document, key, known_type, value, redactor):
            continue
        elif kind is str:
            if value not in harmless:
                value = redactor.short_text(value)
            labels[name] = value
        elif kind is bool:
            labels[name] = "true" if value else "false"
        elif (kind is int or kind is float) and isfinite(value):
            numeric[name] = value
        else:
            _place_object(labels, numeric, name, value, redactor)
    if labels:
        document["labels"] = labels
    if numeric:
        document["numeric_labels"] = numeric
    return document


def _describe_key(key: Any, redactor: Redactor) -> tuple[str, str | None, bool]:
    """Return the label for a key, the type of the known field it names, and if it is a secret."""
    text = str(key)
    name = clean_name(text)
    known_type = None
    if text.startswith(_SETTABLE) and not text.startswith(_PROTECTED):
        field = schema("error").field(text)
        known_type = None if field is None or field.is_array else field.type
    described = (name, known_type, redactor.is_secret_key(name))
    if len(_keys) >= _MAXIMUM_CACHED_KEYS:
        _keys.clear()
    _keys[key] = described
    return described


def _place_object(
    labels: dict[str, str], numeric: dict[str, float], name: str, value: Any, redactor: Redactor
) -> None:
    """Place a NumPy scalar as a number, and anything else as redacted JSON or text."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            numeric[name] = value
            return
    if isinstance(value, Mapping | list | tuple):
        plain = redactor.value(name, value)
        try:
            text = orjson.dumps(plain, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:
            text = str(plain)
    else:
        text = redactor.short_text(str(value))
    labels[name] = cut_keyword(text)


def _place_known(document: Document, name: str, kind: str, value: Any, redactor: Redactor) -> bool:
    """Put the value of a known ECS name into its place; False leaves it to the labels."""
    converted = _convert(kind, value, redactor)
    if converted is None:
        return False
    node = document
    *parents, leaf = name.split(".")
    for part in parents:
        node = node.setdefault(part, {})
    node[leaf] = converted
    return True


def _convert(kind: str, value: Any, redactor: Redactor) -> Any:
    if kind == "keyword":
        return redactor.short_text(str(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if kind == "long" and isinstance(value, int):
        return value
    return value if kind == "double" and isfinite(value) else None

"""What ties a record to its request and trace: set by the integrations, carried by every record."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from shipper.identifiers import new_event_id
from shipper.values import Document, merge

REQUEST_ID_HEADER = "X-Request-ID"
_LONGEST_ID = 128
_LONGEST_PATH = 2048

_fields: ContextVar[Document | None] = ContextVar("elkhound_correlation", default=None)


@contextmanager
def correlated(fields: Document) -> Iterator[None]:
    """Let every record made inside carry these fields, beside those of an outer block.

    Args:
        fields: Nested ECS fields, such as ``{"http": {"request": {"id": "r-1"}}}``.
    """
    outer = _fields.get()
    token = _fields.set(fields if outer is None else merge(outer, fields))
    try:
        yield
    finally:
        _fields.reset(token)


def correlation_fields() -> Document | None:
    """Return the fields that tie a record to its request and trace, or None."""
    fields = _fields.get()
    trace = _open_telemetry_fields()
    if trace is None:
        return fields
    return trace if fields is None else merge(fields, trace)


def request_fields(method: str, path: str, request_id: str | None) -> Document:
    """Return the fields of an HTTP request.

    Args:
        method: HTTP method.
        path: Path without host and query, which may hold secrets.
        request_id: Id that the caller sent; one that is no short plain text is replaced.
    """
    identity = request_id if is_plain_id(request_id) else new_event_id()
    return {
        "http": {"request": {"id": identity, "method": method}},
        "url": {"path": _redacted(path)},
    }


def _redacted(path: str) -> str:
    from shipper.state import current  # which imports this module

    pipeline = current()
    return (
        path[:_LONGEST_PATH]
        if pipeline is None
        else pipeline.redactor.short_text(path, _LONGEST_PATH)
    )


def is_plain_id(request_id: str | None) -> bool:
    """Return whether an id from outside may be stored and sent back as it is."""
    return (
        request_id is not None
        and 0 < len(request_id) <= _LONGEST_ID
        and request_id.isascii()
        and request_id.isprintable()
        and " " not in request_id
    )


def _open_telemetry_fields() -> Document | None:
    """Return ids of the current span, where the service uses OpenTelemetry."""
    library: Any = sys.modules.get("opentelemetry.trace")
    if library is None:
        return None
    try:
        context = library.get_current_span().get_span_context()
        if not context.is_valid:
            return None
        return {
            "trace": {"id": f"{context.trace_id:032x}"},
            "span": {"id": f"{context.span_id:016x}"},
        }
    except Exception:  # a foreign library must not cost the record
        return None

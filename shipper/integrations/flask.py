"""Flask: request ids on every record, and failed requests as error records.

Usage::

    from shipper.integrations.flask import instrument

    instrument(app)
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import flask

from shipper.correlation import REQUEST_ID_HEADER, correlated, request_fields
from shipper.integrations.failures import record_failure

_KEY = "elkhound_request"


def instrument(app: flask.Flask) -> None:
    """Record the requests of an application; call it once, after the application is made."""
    app.before_request(_begin)
    app.after_request(_answer)
    app.teardown_request(_end)
    flask.got_request_exception.connect(_failed, app)


def _begin() -> None:
    request = flask.request
    fields = request_fields(request.method, request.path, request.headers.get(REQUEST_ID_HEADER))
    stack = ExitStack()
    stack.enter_context(correlated(fields))
    flask.g.setdefault(_KEY, (stack, fields["http"]["request"]["id"]))


def _answer(response: flask.Response) -> flask.Response:
    begun = flask.g.get(_KEY)
    if begun is not None:
        response.headers[REQUEST_ID_HEADER] = begun[1]
    return response


def _end(error: BaseException | None) -> None:
    begun = flask.g.pop(_KEY, None)
    if begun is not None:
        begun[0].close()


def _failed(sender: flask.Flask, exception: BaseException, **_: Any) -> None:
    request = flask.request
    record_failure("flask", f"{request.method} {request.path} failed", exception)

"""Each integration with the real framework: ids on every record, failures once, answers unchanged."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import shipper
from shipper.correlation import correlated, request_fields
from tests.conftest import Records

pytestmark = pytest.mark.usefixtures("spool")


@shipper.observe(model="m", version="1")
def predict(row: dict[str, Any]) -> float:
    """Half of ``a``, or an exception."""
    return float(row["a"]) / 2


def check_answer(records: Records, request_id: str, path: str) -> None:
    """Check that the prediction of a request carries it."""
    (record,) = records("prediction")
    assert record["http"]["request"] == {"id": request_id, "method": "POST"}
    assert record["url"] == {"path": path}


def check_failure(records: Records, path: str) -> None:
    """Check that a failed request is one error, tied to its request and its prediction."""
    (error,) = records("error")
    assert error["error"]["type"] == "KeyError"
    assert error["url"] == {"path": path}
    assert error["ml"]["prediction"]["id"] == records("prediction")[0]["ml"]["prediction"]["id"]


def fastapi_client() -> Any:
    """A FastAPI application with a plain and an asynchronous endpoint."""
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from shipper.integrations.starlette import RequestMiddleware

    app = FastAPI()
    app.add_middleware(RequestMiddleware)

    @app.post("/plain")
    def plain(row: dict[str, Any]) -> float:
        return predict(row)

    @app.post("/asynchronous")
    async def asynchronous(row: dict[str, Any]) -> float:
        return predict(row)

    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("path", ["/plain", "/asynchronous"])
def test_fastapi(records: Records, path: str) -> None:
    """The caller's id comes back, and is on the prediction."""
    answer = fastapi_client().post(path, json={"a": 3}, headers={"X-Request-ID": "r-1"})
    assert (answer.json(), answer.headers["x-request-id"]) == (1.5, "r-1")
    check_answer(records, "r-1", path)


@pytest.mark.parametrize("path", ["/plain", "/asynchronous"])
def test_fastapi_failure(records: Records, path: str) -> None:
    """A failure is answered with 500 and recorded once."""
    assert fastapi_client().post(path, json={}).status_code == 500
    check_failure(records, path)


def flask_client() -> Any:
    """A Flask application."""
    import flask

    from shipper.integrations.flask import instrument

    app = flask.Flask("shop")
    instrument(app)

    @app.post("/predict")
    def answer() -> Any:
        return flask.jsonify(predict(flask.request.get_json()))

    return app.test_client()


def test_flask(records: Records) -> None:
    """The caller's id comes back, and is on the prediction; none is left for the next request."""
    client = flask_client()
    answer = client.post("/predict", json={"a": 3}, headers={"X-Request-ID": "r-1"})
    assert (answer.get_json(), answer.headers["X-Request-ID"]) == (1.5, "r-1")
    check_answer(records, "r-1", "/predict")
    shipper.get_logger().info("outside")
    assert "http" not in records("service")[-1]


def test_flask_failure(records: Records) -> None:
    """A failure is answered with 500 and recorded once, although Flask logs it too."""
    logging.getLogger("shop").addHandler(shipper.LogHandler())
    assert flask_client().post("/predict", json={}).status_code == 500
    logging.getLogger("shop").handlers.clear()
    check_failure(records, "/predict")


@pytest.fixture(scope="module")
def django_client() -> Any:
    """A Django application in one module."""
    import django
    from django.conf import settings
    from django.http import JsonResponse
    from django.test import Client
    from django.urls import path

    settings.configure(
        SECRET_KEY="tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=(
            path(
                "predict",
                lambda request: JsonResponse(predict(dict(request.POST.items())), safe=False),
            ),
        ),
        MIDDLEWARE=["shipper.integrations.django.RequestMiddleware"],
        LOGGING_CONFIG=None,
    )
    django.setup()
    return Client(raise_request_exception=False)


def test_django(django_client: Any, records: Records) -> None:
    """The caller's id comes back, and is on the prediction."""
    answer = django_client.post("/predict", {"a": "3"}, headers={"X-Request-ID": "r-1"})
    assert (answer.json(), answer.headers["X-Request-ID"]) == (1.5, "r-1")
    check_answer(records, "r-1", "/predict")


def test_django_failure(django_client: Any, records: Records) -> None:
    """A failure is answered with 500 and recorded once."""
    assert django_client.post("/predict", {}).status_code == 500
    check_failure(records, "/predict")


def test_celery(records: Records) -> None:
    """A real worker: the task's id is on what it records, and its failure is an error."""
    from celery import Celery
    from celery.contrib.testing.worker import start_worker

    from shipper.integrations.celery import instrument

    app = Celery("shop", broker="memory://", backend="cache+memory://")
    log = shipper.get_logger()

    @app.task(name="shop.predict")  # type: ignore[untyped-decorator]
    def failing(row: dict[str, Any]) -> float:
        return float(row["a"])

    @app.task(name="shop.speak")  # type: ignore[untyped-decorator]
    def speak() -> None:
        log.info("working")

    instrument()
    with start_worker(app, perform_ping_check=False, pool="solo"):
        said = speak.delay()
        said.get(timeout=20)
        failed = failing.delay({})
        with pytest.raises(KeyError):
            failed.get(timeout=20)
    (working,) = [record for record in records("service") if record["message"] == "working"]
    assert working["transaction"] == {"id": said.id}
    assert working["labels"] == {"task": "shop.speak"}
    (error,) = records("error")
    assert (error["error"]["type"], error["transaction"]["id"]) == ("KeyError", failed.id)


def test_open_telemetry(records: Records) -> None:
    """Inside a span, trace and span ids are on every record."""
    from opentelemetry import trace

    context = trace.SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=trace.TraceFlags(1))
    with trace.use_span(trace.NonRecordingSpan(context)):
        shipper.get_logger().info("inside")
        predict({"a": 1})
    for record in (*records("service"), *records("prediction")):
        assert record["trace"] == {"id": f"{0xABC:032x}"}
        assert record["span"] == {"id": f"{0xDEF:016x}"}


@pytest.mark.parametrize("given", [None, "", "x" * 200, "two words", "é", "line\nbreak"])
def test_ids_that_could_do_harm_are_replaced(given: str | None) -> None:
    """An id from outside is stored and sent back only if it is short plain text."""
    found = request_fields("GET", "/", given)["http"]["request"]["id"]
    assert found != given
    assert len(found) == 36


def test_blocks_may_be_nested(records: Records) -> None:
    """The inner block adds to the outer one and leaves nothing behind."""
    log = shipper.get_logger()
    with correlated({"http": {"request": {"id": "r"}}}), correlated({"labels": {"step": "two"}}):
        log.info("inside", step_count=2)
    log.info("outside")
    inside, outside = records("service")
    assert inside["http"] == {"request": {"id": "r"}}
    assert inside["labels"] == {"step": "two"}
    assert "http" not in outside

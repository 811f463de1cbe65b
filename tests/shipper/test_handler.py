"""The log handler turns calls and exceptions into records and never disturbs the service."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import structlog

import shipper
from shipper import state
from tests.conftest import Records


@pytest.fixture
def logger(spool: object) -> Iterator[logging.Logger]:
    """A logger with our handler."""
    found = logging.getLogger("tests.shop")
    found.setLevel(logging.DEBUG)
    found.propagate = False
    found.addHandler(shipper.LogHandler())
    yield found
    found.handlers.clear()


def test_a_log_call_becomes_a_service_record(logger: logging.Logger, records: Records) -> None:
    """Message, level, logger, origin, service and ids are where ECS wants them."""
    logger.info("served %d items", 3)
    (record,) = records("service")
    assert record["message"] == "served 3 items"
    assert record["log"]["level"] == "info"
    assert record["log"]["logger"] == "tests.shop"
    assert record["log"]["origin"]["file"]["name"] == "test_handler.py"
    assert record["service"] | {"node": None} == {
        "name": "shop",
        "version": "7.1",
        "environment": "test",
        "node": None,
    }
    assert record["data_stream"] == {
        "type": "logs",
        "dataset": "ml.service",
        "namespace": "default",
    }
    assert record["event"]["id"]
    assert record["@timestamp"].endswith("Z")


def test_extra_fields_become_labels_numbers_and_known_fields(
    logger: logging.Logger, records: Records
) -> None:
    """Texts go to ``labels``, numbers to ``numeric_labels``, ECS names to their own place."""
    logger.info(
        "x",
        extra={
            "shop": "north",
            "items": 3,
            "np": np.float64(0.5),
            "ok": True,
            "none": None,
            "list": [1],
            "trace.id": "t1",
            "http.response.status_code": 200,
        },
    )
    (record,) = records("service")
    assert record["labels"] == {"shop": "north", "ok": "true", "list": "[1]"}
    assert record["numeric_labels"] == {"items": 3, "np": 0.5}
    assert record["trace"] == {"id": "t1"}
    assert record["http"] == {"response": {"status_code": 200}}


def test_secrets_are_redacted_before_they_are_stored(
    logger: logging.Logger, records: Records
) -> None:
    """Neither message nor fields nor exception carry a secret to the disk."""
    try:
        raise ValueError("cannot reach postgres://jo:s3cretword@db/x")
    except ValueError:
        logger.exception("login of jane@shop.example failed", extra={"password": "hunter2222"})
    text = str(records("error"))
    for secret in ("s3cretword", "jane@shop.example", "hunter2222"):
        assert secret not in text


def test_an_exception_becomes_an_error_record_with_its_chain(
    logger: logging.Logger, records: Records
) -> None:
    """The chain names each exception, how it came about and its frames."""
    try:
        try:
            dict[str, int]()["price"]
        except KeyError as missing:
            raise ValueError("row 12 has no price") from missing
    except ValueError:
        logger.exception("cannot price")
    (record,) = records("error")
    error = record["error"]
    assert error["type"] == "ValueError"
    assert error["types"] == ["ValueError", "KeyError"]
    assert error["template"] == "row <*> has no price"
    assert [(e["type"], e["relation"]) for e in error["chain"]] == [
        ("ValueError", "raised"),
        ("KeyError", "cause"),
    ]
    assert (
        error["chain"][0]["frames"][0]["function"]
        == "test_an_exception_becomes_an_error_record_with_its_chain"
    )
    assert "direct cause" in error["stack_trace"]
    assert record["message"] == "cannot price"
    assert len(error["fingerprint"]) == 16


def test_exception_groups_are_described_with_all_their_parts(
    logger: logging.Logger, records: Records
) -> None:
    """Each exception of a group is in the chain."""
    try:
        raise ExceptionGroup("two", [ValueError("a"), TypeError("b")])
    except ExceptionGroup:
        logger.exception("group")
    (record,) = records("error")
    assert record["error"]["types"] == ["ExceptionGroup", "ValueError", "TypeError"]


def test_an_exception_logged_twice_is_one_error(logger: logging.Logger, records: Records) -> None:
    """A framework that logs the same exception again makes a service log, not a second error."""
    try:
        raise ValueError("once")
    except ValueError as error:
        logger.exception("here")
        logger.error("and in the framework", exc_info=error)
    assert len(records("error")) == 1
    (again,) = records("service")
    assert again["error"]["fingerprint"] == records("error")[0]["error"]["fingerprint"]


def test_an_error_without_an_exception_is_an_error_record(
    logger: logging.Logger, records: Records
) -> None:
    """Level error is enough, and numbers do not split its fingerprint."""
    logger.error("queue %s is full", 1)
    logger.error("queue %s is full", 2)
    first, second = records("error")
    assert first["error"]["type"] == "log"
    assert first["error"]["fingerprint"] == second["error"]["fingerprint"]


class Unprintable(Exception):
    """An exception whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class UnprintableValue:
    """A value whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def test_hostile_values_never_raise_into_the_service(
    logger: logging.Logger, records: Records
) -> None:
    """Whatever is logged, the call returns; what could not be recorded is counted."""
    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    logger.info("bad format %d", "text")
    logger.info("surrogate \ud800", extra={"cycle": cycle, "big": 2**100, "inf": float("inf")})
    logger.info("value", extra={"x": UnprintableValue()})
    try:
        raise Unprintable
    except Unprintable:
        logger.exception("unprintable")
    found = [record["message"] for record in records("service")]
    assert "bad format %d ('text',)" in found
    statistics = shipper.statistics()
    assert statistics.accepted + statistics.failed == 4
    assert records("error")[0]["error"]["type"].endswith("Unprintable")


def test_levels_below_the_configured_one_are_left(spool: object, records: Records) -> None:
    """The level given to ``configure`` holds for the handler too."""
    state.shutdown()
    shipper.configure(service="shop", to=f"file:{spool}", level="warning")
    handler = shipper.LogHandler()
    handler.handle(logging.makeLogRecord({"msg": "low", "levelno": logging.INFO, "name": "x"}))
    handler.handle(logging.makeLogRecord({"msg": "high", "levelno": logging.WARNING, "name": "x"}))
    assert [record["message"] for record in records("service")] == ["high"]


def test_context_variables_are_recorded(logger: logging.Logger, records: Records) -> None:
    """What is bound with structlog's context variables is on every record."""
    with structlog.contextvars.bound_contextvars(**{"http.request.id": "r-1"}):
        logger.info("x")
    assert records("service")[0]["http"] == {"request": {"id": "r-1"}}


def test_the_structlog_processor_sends_and_hands_on(spool: object, records: Records) -> None:
    """A service with its own structlog chain adds one processor and keeps its output."""
    output = structlog.testing.CapturingLogger()
    logger = structlog.wrap_logger(
        output, processors=[shipper.StructlogProcessor(), structlog.processors.KeyValueRenderer()]
    )
    logger.warning("stock is low", items=2)
    assert "stock is low" in str(output.calls)
    (record,) = records("service")
    assert (record["message"], record["log"]["level"]) == ("stock is low", "warning")
    assert record["numeric_labels"] == {"items": 2}


def test_our_own_log_messages_do_not_come_back(records: Records) -> None:
    """The shipper never ships what it says about itself."""
    shipper.LogHandler().handle(
        logging.makeLogRecord({"msg": "x", "name": "elkhound.gpu", "levelno": 40})
    )
    assert records("error") == []

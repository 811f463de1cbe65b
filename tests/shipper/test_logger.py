"""The structlog logger: one method for each kind of record."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import shipper
from shipper import state
from tests.conftest import Records


@pytest.fixture
def log(spool: object) -> shipper.Logger:
    """A logger."""
    return shipper.get_logger("tests.shop", region="north")


def test_events_become_service_records(log: shipper.Logger, records: Records) -> None:
    """Bound and given fields are on the record, and the origin is the caller's."""
    log.bind(shelf=4).info("sold", items=2)
    (record,) = records("service")
    assert record["message"] == "sold"
    assert record["labels"] == {"region": "north"}
    assert record["numeric_labels"] == {"shelf": 4, "items": 2}
    assert record["log"]["origin"]["function"] == "test_events_become_service_records"
    assert record["log"]["logger"] == "tests.shop"


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_levels(log: shipper.Logger, records: Records, level: str) -> None:
    """Each level has its name; from error on it is an error record."""
    getattr(log, level)("hello")
    kind = "error" if level in ("error", "critical") else "service"
    assert records(kind)[0]["log"]["level"] == level


def test_exception_takes_the_current_exception(log: shipper.Logger, records: Records) -> None:
    """``exception`` needs no argument."""
    try:
        raise LookupError("no shelf 12")
    except LookupError:
        log.exception("search failed")
    (record,) = records("error")
    assert record["error"]["type"] == "LookupError"
    assert record["labels"] == {"region": "north"}


def test_asynchronous_calls(log: shipper.Logger, records: Records) -> None:
    """``ainfo`` ships too."""
    asyncio.run(log.ainfo("later"))
    assert [record["message"] for record in records("service")] == ["later"]


def test_a_prediction_is_recorded_and_its_id_returned(
    log: shipper.Logger, records: Records
) -> None:
    """The id given back is that of the record."""
    identity = log.prediction(
        model="fraud",
        version="1.3",
        features={"amount": 12.5, "country": "DE", "age": None},
        label=True,
        score=0.9,
        latency_seconds=0.25,
        segments={"channel": "web"},
        attributions={"amount": 0.4},
        cost=0.002,
        currency="EUR",
    )
    (record,) = records("prediction")
    assert record["ml"]["prediction"] == {"id": identity, "label": "true", "score": 0.9}
    assert record["ml"]["features"] == {
        "number": {"amount": 12.5},
        "category": {"country": "DE"},
        "missing": ["age"],
    }
    assert record["ml"]["segment"] == {"channel": "web"}
    assert record["ml"]["cost"] == {"amount": 0.002, "currency": "EUR"}
    assert record["event"]["duration"] == 250_000_000
    assert record["event"]["outcome"] == "success"


def test_feedback_refers_to_its_prediction(log: shipper.Logger, records: Records) -> None:
    """Truth, rating, comment and business results."""
    log.feedback(
        "p-1", label=1, rating=4, comment="mail me@shop.example", business={"revenue": 12.5}
    )
    (record,) = records("feedback")
    assert record["ml"]["prediction"]["id"] == "p-1"
    assert record["ml"]["actual"] == {"label": "1"}
    assert record["ml"]["feedback"] == {"rating": 4, "comment": "mail [REDACTED]"}
    assert record["ml"]["business"] == {"revenue": 12.5}


def test_lifecycle_events_are_the_audit_trail(log: shipper.Logger, records: Records) -> None:
    """Who changed what, from which version to which, and why."""
    log.lifecycle(
        "model-promoted",
        model="fraud",
        version="1.4",
        previous_version="1.3",
        stage="production",
        hosts=["a", "b"],
        user="jo",
        reason="better recall",
        hyperparameters={"depth": 3, "db_password": "x"},
        metrics={"auc": 0.9},
    )
    (record,) = records("lifecycle")
    assert record["event"]["action"] == "model-promoted"
    assert record["ml"]["lifecycle"]["version"] == {"before": "1.3", "after": "1.4"}
    assert record["ml"]["lifecycle"]["hosts"] == ["a", "b"]
    assert record["ml"]["hyperparameters"] == {"depth": "3", "db_password": "[REDACTED]"}
    assert record["user"] == {"name": "jo"}


@pytest.mark.parametrize(
    ("method", "arguments", "field"),
    [
        ("prediction", {"model": "m", "version": "1", "score": "high"}, "ml.prediction.score"),
        ("prediction", {"model": None, "version": "1"}, "ml.model.name"),
        ("feedback", {"prediction_id": "p"}, "says nothing"),
        ("lifecycle", {"action": "model-deplyed", "model": "m"}, "event.action"),
    ],
)
def test_a_record_that_breaks_its_schema_is_set_aside(
    log: shipper.Logger,
    records: Records,
    capsys: Any,
    method: str,
    arguments: dict[str, Any],
    field: str,
) -> None:
    """Nothing is raised: the record is kept aside with the reason, counted, and said once."""
    getattr(log, method)(**arguments)
    assert records(method) == []
    (aside,) = records("rejected")
    assert field in aside["reason"]
    assert shipper.statistics().rejected == 1
    assert field in capsys.readouterr().err


def test_before_configure_records_are_dropped_and_said_once(
    capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forgotten ``configure`` is noticed, and hurts nobody."""
    state.shutdown()
    monkeypatch.setattr(state, "_warned", False)
    log = shipper.get_logger()
    log.info("one")
    assert log.prediction(model="m", version="1")
    assert capsys.readouterr().err.count("until shipper.configure") == 1

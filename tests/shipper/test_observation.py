"""``observe`` records what a predict function does and changes nothing about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import shipper
from shipper import state
from tests.conftest import Records

pytestmark = pytest.mark.usefixtures("spool")


def test_one_row(records: Records) -> None:
    """Inputs, output, latency and segments of a plain function."""

    @shipper.observe(model="m", version="1", features=["a", "c", "gone"], segments=["c"])
    def predict(row: dict[str, Any]) -> float:
        time.sleep(0.01)
        return 0.5

    assert predict({"a": 1.0, "c": "x"}) == 0.5
    (record,) = records("prediction")
    assert record["ml"]["model"] == {"name": "m", "version": "1"}
    assert record["ml"]["prediction"]["value"] == 0.5
    assert record["ml"]["features"] == {
        "number": {"a": 1.0},
        "category": {"c": "x"},
        "missing": ["gone"],
    }
    assert record["ml"]["segment"] == {"c": "x"}
    assert record["event"]["outcome"] == "success"
    assert record["event"]["duration"] >= 10_000_000


@pytest.mark.parametrize(
    "batch",
    [
        pd.DataFrame({"a": [1.0, None, 3.0], "c": ["x", "y", None]}),
        pl.DataFrame({"a": [1.0, None, 3.0], "c": ["x", "y", None]}),
        [{"a": 1.0, "c": "x"}, {"a": None, "c": "y"}, {"a": 3.0, "c": None}],
    ],
)
def test_a_batch_is_one_record_a_row(records: Records, batch: Any) -> None:
    """Rows share their request and keep their places."""

    @shipper.observe(model="m", version="1", returns="score")
    def predict(rows: Any) -> Any:
        return np.array([0.1, 0.2, 0.3])

    predict(batch)
    found = records("prediction")
    assert [record["ml"]["prediction"]["score"] for record in found] == [0.1, 0.2, 0.3]
    assert [record["ml"]["request"]["row"] for record in found] == [0, 1, 2]
    assert len({record["ml"]["request"]["id"] for record in found}) == 1
    assert [record["ml"]["features"].get("missing") for record in found] == [None, ["a"], ["c"]]


def test_an_array(records: Records) -> None:
    """Columns take the names of ``features``."""

    @shipper.observe(model="m", version="1", features=["a", "b"], classes=["no", "yes"])
    def predict_proba(rows: Any) -> Any:
        return np.array([[0.9, 0.1]] * len(rows))

    predict_proba(np.array([[1.0, np.nan], [2.0, np.inf]]))
    first, second = records("prediction")
    assert first["ml"]["prediction"] | {"id": ""} == {
        "id": "",
        "label": "no",
        "score": 0.1,
        "probabilities": {"no": 0.9, "yes": 0.1},
    }
    assert first["ml"]["features"] == {"number": {"a": 1.0}, "missing": ["b"]}
    assert second["ml"]["features"] == {"number": {"a": 2.0}, "invalid": ["b"]}


def test_a_failure_is_recorded_and_raised(records: Records) -> None:
    """The prediction has its outcome, the error its prediction: both carry the fingerprint."""

    @shipper.observe(model="m", version="2", segments=["c"])
    def predict(row: dict[str, Any]) -> float:
        return float(row["missing"])

    with pytest.raises(KeyError, match="missing"):
        predict({"a": 1.0, "c": "x"})
    (prediction,) = records("prediction")
    (error,) = records("error")
    assert prediction["event"]["outcome"] == "failure"
    assert prediction["error"] == {"type": "KeyError", "fingerprint": error["error"]["fingerprint"]}
    assert error["ml"]["prediction"]["id"] == prediction["ml"]["prediction"]["id"]
    assert error["ml"]["model"] == {"name": "m", "version": "2"}
    assert error["ml"]["segment"] == {"c": "x"}
    assert error["error"]["culprit"] == "test_observation:predict"
    assert "observation.py" not in str(error["error"]["chain"]).replace("test_observation.py", "")


def test_a_failed_batch_is_one_error_and_a_failed_record_a_row(records: Records) -> None:
    """No row is lost when the whole batch fails."""

    @shipper.observe(model="m", version="1")
    def predict(rows: Any) -> Any:
        raise ValueError("bad batch")

    with pytest.raises(ValueError, match="bad batch"):
        predict(pd.DataFrame({"a": [1, 2]}))
    assert [record["event"]["outcome"] for record in records("prediction")] == ["failure"] * 2
    (error,) = records("error")
    assert error["ml"]["request"]["id"] == records("prediction")[0]["ml"]["request"]["id"]


def test_coroutines(records: Records) -> None:
    """Latency covers the wait, and calls side by side do not mix."""

    @shipper.observe(model="m", version="1")
    async def predict(row: dict[str, Any]) -> str:
        await asyncio.sleep(0.01)
        return shipper.prediction_ids()[0]

    async def both() -> tuple[str, ...]:
        return await asyncio.gather(predict({"a": 1}), predict({"a": 2}))

    answers = asyncio.run(both())
    found = records("prediction")
    assert sorted(answers) == sorted(record["ml"]["prediction"]["id"] for record in found)
    assert all(record["event"]["duration"] >= 10_000_000 for record in found)


def test_a_cancelled_call_is_no_error(records: Records) -> None:
    """A client that went away is neither a success nor a failure."""

    @shipper.observe(model="m", version="1")
    async def predict(row: dict[str, Any]) -> float:
        await asyncio.sleep(10)
        return 1.0

    async def give_up() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(predict({"a": 1}), 0.02)

    asyncio.run(give_up())
    assert [record["event"]["outcome"] for record in records("prediction")] == ["unknown"]
    assert records("error") == []


def test_generators(records: Records) -> None:
    """A stream of text is one answer; a stream of rows is one record each."""

    @shipper.observe(model="m", version="1")
    def speak(prompt: str) -> Iterator[str]:
        yield "hel"
        yield "lo"

    @shipper.observe(model="m", version="1")
    def score(rows: list[dict[str, Any]]) -> Iterator[float]:
        for row in rows:
            yield row["a"] / 2

    assert list(speak("say hello")) == ["hel", "lo"]
    assert list(score([{"a": 1.0}, {"a": 3.0}])) == [0.5, 1.5]
    text, first, second = (record["ml"]["prediction"] for record in records("prediction"))
    assert text["text"] == "hello"
    assert (first["value"], second["value"]) == (0.5, 1.5)


def test_a_generator_is_driven_as_if_it_were_not_observed(records: Records) -> None:
    """What is sent and thrown into it arrives, and its return value comes back."""

    @shipper.observe(model="m", version="1")
    def talk(prompt: str) -> Any:
        heard = yield "question"
        try:
            yield f"heard {heard}"
        except KeyError:
            return "sorry"

    talking = talk("begin")
    assert next(talking) == "question"
    assert talking.send("yes") == "heard yes"
    with pytest.raises(StopIteration) as end:
        talking.throw(KeyError("stop"))
    assert end.value.value == "sorry"
    assert records("prediction")[0]["ml"]["prediction"]["text"] == "questionheard yes"


def test_asynchronous_generators(records: Records) -> None:
    """A failure half-way is recorded."""

    @shipper.observe(model="m", version="1")
    async def speak(prompt: str) -> AsyncIterator[str]:
        yield "hel"
        raise RuntimeError("lost the model")

    async def listen() -> None:
        with pytest.raises(RuntimeError):
            async for _ in speak("hello"):
                pass

    asyncio.run(listen())
    assert records("prediction")[0]["event"]["outcome"] == "failure"


def test_methods_and_changing_versions(records: Records) -> None:
    """``self`` is no input, and a version may be asked for at each call."""
    served = ["1"]

    class Model:
        @shipper.observe(model="m", version=lambda: served[-1])
        def predict(self, row: dict[str, Any]) -> int:
            return 1

    Model().predict({"a": 1})
    served.append("2")
    Model().predict(row={"a": 1})
    assert [record["ml"]["model"]["version"] for record in records("prediction")] == ["1", "2"]
    assert records("prediction")[1]["ml"]["features"] == {"number": {"a": 1}}


def test_inputs_are_recorded_as_they_came(records: Records) -> None:
    """A function that changes its input does not change the record."""

    @shipper.observe(model="m", version="1")
    def predict(row: dict[str, Any]) -> int:
        row.clear()
        return 1

    predict({"a": 1})
    assert records("prediction")[0]["ml"]["features"] == {"number": {"a": 1}}


def test_the_prediction_id_is_at_hand_for_feedback(records: Records) -> None:
    """Inside the call and after it; ``id`` names your own."""

    @shipper.observe(model="m", version="1", id=lambda row: row["order"])
    def predict(row: dict[str, Any]) -> int:
        assert shipper.prediction_ids() == ("o-7",)
        return 1

    predict({"order": "o-7"})
    assert shipper.prediction_ids() == ("o-7",)
    assert records("prediction")[0]["ml"]["prediction"]["id"] == "o-7"


def test_errors_logged_inside_a_prediction_know_it(records: Records) -> None:
    """A handled error carries model, version and prediction id."""
    log = shipper.get_logger()

    @shipper.observe(model="m", version="1")
    def predict(row: dict[str, Any]) -> int:
        log.error("fell back to the default")
        return 0

    predict({"a": 1})
    (error,) = records("error")
    assert error["ml"]["model"]["name"] == "m"
    assert error["ml"]["prediction"]["id"] == shipper.prediction_ids()[0]


def test_what_goes_wrong_in_recording_stays_there(records: Records) -> None:
    """A broken ``segments`` or ``id`` costs the record, never the prediction."""

    @shipper.observe(model="m", version="1", segments=lambda row: 1 / 0)  # type: ignore[arg-type,return-value]
    def predict(row: dict[str, Any]) -> int:
        return 1

    assert predict({"a": 1}) == 1
    assert shipper.statistics().failed == 1


def test_unconfigured_functions_just_run() -> None:
    """Without ``configure`` the decorator only calls."""
    state.shutdown()

    @shipper.observe(model="m", version="1")
    def predict(row: dict[str, Any]) -> int:
        return 1

    assert predict({"a": 1}) == 1


def test_a_model_without_a_name_is_refused_at_once() -> None:
    """A mistake in the decorator shows when the module is imported."""
    with pytest.raises(TypeError, match="model's name"):
        shipper.observe(model="", version="1")

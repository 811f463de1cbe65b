"""Whatever a service logs, a record stays within its limits and says what was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import shipper
from shipper import state
from shipper.encoding import encode
from shipper.errors import ConfigurationError
from shipper.limits import RecordLimits, TooLargeError, shrink
from shipper.schema import schema
from shipper.schema.validation import validate


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """A shipper with small limits; returns the only record of a kind."""
    limits = RecordLimits(
        text_characters=100, category_characters=20, stack_frames=4, stack_characters=400,
        features=5, record_bytes=8192,
    )  # fmt: skip
    shipper.configure(service="shop", to=f"file:{tmp_path}", record_limits=limits)

    def only(kind: str) -> dict[str, Any]:
        assert shipper.flush()
        (path,) = tmp_path.glob(f"*-ml.{kind}-*/*.ndjson")
        (line,) = path.read_bytes().splitlines()
        assert len(line) < 8192
        document: dict[str, Any] = orjson.loads(line)
        validate(document, schema(kind))
        return document

    yield only
    state.shutdown()


def test_nothing_is_cut_from_an_ordinary_record(read: Callable[[str], dict[str, Any]]) -> None:
    """``ml.cut`` is there only where something is missing."""
    shipper.get_logger("shop").info("short", field="value")
    assert "cut" not in read("service")["ml"]


def test_long_texts_are_cut_and_named(read: Callable[[str], dict[str, Any]]) -> None:
    """Message and labels."""
    shipper.get_logger("shop").info("m" * 5000, field="f" * 5000, other="short")
    record = read("service")
    assert record["ml"]["cut"] == ["labels.field", "message"]
    assert record["message"] == "m" * 100


def test_deep_stacks_keep_both_ends(read: Callable[[str], dict[str, Any]]) -> None:
    """The frames in the middle of a recursion say the least."""

    def recurse(depth: int) -> None:
        if depth == 0:
            raise ValueError("at the bottom")
        recurse(depth - 1)

    try:
        recurse(100)
    except ValueError:
        shipper.get_logger("shop").exception("it failed")
    error = read("error")
    assert "error.stack_trace" in error["ml"]["cut"]
    assert len(error["error"]["chain"][0]["frames"]) == 4
    assert error["error"]["stack_trace"].endswith("ValueError: at the bottom")
    assert "characters cut" in error["error"]["stack_trace"]


def test_too_many_and_too_long_inputs(read: Callable[[str], dict[str, Any]]) -> None:
    """The first inputs are kept; a long category is shortened."""
    features: dict[str, Any] = {"text": "x" * 200, **{f"f{n}": n for n in range(50)}}
    shipper.get_logger("shop").prediction(model="m", version="1", features=features, label="a")
    record = read("prediction")
    assert record["ml"]["cut"] == ["ml.features", "ml.features.category.text"]
    assert record["ml"]["features"] == {
        "category": {"text": "x" * 20}, "number": {"f0": 0, "f1": 1, "f2": 2, "f3": 3},
    }  # fmt: skip


def test_a_record_that_is_too_large_loses_what_tells_least(
    read: Callable[[str], dict[str, Any]],
) -> None:
    """Vectors go first; the answer stays."""
    shipper.get_logger("shop").prediction(
        model="m", version="1", label="a", features={"image": [0.5] * 5000, "age": 3}
    )
    record = read("prediction")
    assert record["ml"]["cut"] == ["ml.features.vector"]
    assert set(record["ml"]["features"]["number"]) == {"age", "image_norm"}
    assert "vector" not in record["ml"]["features"]
    assert record["ml"]["prediction"]["label"] == "a"


def test_a_record_that_cannot_be_made_small_is_set_aside(tmp_path: Path) -> None:
    """Counted, with the reason."""
    with pytest.raises(TooLargeError, match="more than 100 bytes"):
        shrink({"message": "x" * 200, "labels": {"a": "b"}}, 100, encode)


@pytest.mark.parametrize(
    "changes",
    [{"text_characters": 9000}, {"features": -1}, {"record_bytes": 10}, {"stack_frames": "many"}],
)
def test_wrong_limits_are_named(changes: dict[str, Any]) -> None:
    """Seen at ``configure``."""
    with pytest.raises(ConfigurationError, match=f"{next(iter(changes))} must be"):
        RecordLimits(**changes)


def test_the_path_of_a_request_is_redacted(tmp_path: Path) -> None:
    """It may hold an address or a token."""
    from shipper.correlation import correlated, request_fields

    shipper.configure(service="shop", to=f"file:{tmp_path}")
    with correlated(request_fields("GET", "/users/jane@shop.example/orders", None)):
        shipper.get_logger("shop").info("served")
    shipper.shutdown()
    (path,) = tmp_path.glob("logs-ml.service-*/*.ndjson")
    assert orjson.loads(path.read_bytes())["url"]["path"] == "/users/[REDACTED]/orders"


def test_an_error_inside_observe_carries_its_redacted_inputs(tmp_path: Path) -> None:
    """What the model was asked, beside model, version and prediction id."""
    shipper.configure(
        service="shop", to=f"file:{tmp_path}", redaction=shipper.Redaction(deny_features=["name"])
    )

    @shipper.observe(model="fraud", version="1", features=["amount"])
    def predict(row: dict[str, Any]) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        predict({"amount": None, "name": "Jane", "age": 3})
    shipper.shutdown()
    (path,) = tmp_path.glob("logs-ml.error-*/*.ndjson")
    ml = orjson.loads(path.read_bytes())["ml"]
    assert ml["model"] == {"name": "fraud", "version": "1"}
    assert ml["prediction"]["id"]
    assert ml["features"] == {
        "number": {"age": 3}, "category": {"name": "[REDACTED]"}, "missing": ["amount"],
    }  # fmt: skip

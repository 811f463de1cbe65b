"""Errors of ONNX Runtime in a service that runs an exported model."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from tests.corpus.causes import RootCauses, each

FLOATS = np.float32


def linear_model() -> bytes:
    """Return a model that multiplies rows of three features."""
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 3])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, 2])
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [3, 2], [0.1] * 6)
    node = helper.make_node("MatMul", ["rows", "weights"], ["scores"])
    graph = helper.make_graph([node], "linear", [rows], [scores], [weights])
    return _exported(graph)


def lookup_model() -> bytes:
    """Return a model that looks rows of an embedding up."""
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, [None])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [None, 2])
    table = helper.make_tensor("table", TensorProto.FLOAT, [4, 2], [0.5] * 8)
    node = helper.make_node("Gather", ["table", "ids"], ["vectors"], name="look_up")
    return _exported(helper.make_graph([node], "lookup", [ids], [vectors], [table]))


def _exported(graph: Any) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    exported: bytes = model.SerializeToString()
    return exported


def open_session(model: bytes | str) -> Any:
    """Open a model, quietly."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@cache
def linear() -> Any:
    """Return the linear model's session."""
    return open_session(linear_model())


@cache
def lookup() -> Any:
    """Return the embedding's session."""
    return open_session(lookup_model())


def infer(rows: Any, name: str = "rows", kind: Any = FLOATS, output: str = "scores") -> Any:
    """Run the model: where most requests end."""
    return linear().run([output], {name: np.asarray(rows, dtype=kind)})


def infer_request(row: list[float]) -> Any:
    """One request."""
    return infer([row])


def infer_batch(rows: list[list[float]]) -> Any:
    """A batch of requests."""
    return infer(rows)


def embed(ids: list[int]) -> Any:
    """Look users up."""
    return lookup().run(None, {"ids": np.asarray(ids, dtype=np.int64)})


def embed_users(users: list[int]) -> Any:
    """Look users up for a recommendation."""
    return embed(users)


def load_model(name: str) -> Any:
    """Load a model by name from where models are kept."""
    return open_session(f"/nonexistent/models/{name}.onnx")


def load_torn(content: bytes) -> Any:
    """Load a model whose upload was cut off."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(content)
        return open_session(str(path))


ROOT_CAUSES: RootCauses = {
    "a row with too many features for the exported model": [
        *each(infer_request, [1.0] * 4, [1.0] * 7),
        *each(infer_batch, [[1.0] * 5] * 2),
    ],
    "rows without a batch dimension": each(infer, [1.0, 2.0, 3.0], [0.0] * 5),
    "doubles where floats are wanted": each(
        infer, ([[1.0] * 3], "rows", np.float64), ([[2.0] * 3] * 4, "rows", np.float64)
    ),
    "an input under another name": each(infer, ([[1.0] * 3], "X"), ([[1.0] * 3], "features")),
    "an output that the model has not": each(
        infer,
        ([[1.0] * 3], "rows", FLOATS, "probabilities"),
        ([[1.0] * 3], "rows", FLOATS, "label"),
    ),
    "a user beyond the embedding": [
        *each(embed, [9], [1, 2, 77]),
        *each(embed_users, [4], [12345]),
    ],
    "a model file that is not there": each(load_model, "churn-17", "ranker-3"),
    "a model file that is torn": each(load_torn, b"not a model", linear_model()[:40]),
}

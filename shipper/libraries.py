"""Which libraries a service runs on: those that a model's behaviour depends on."""

from __future__ import annotations

import platform
import sys

MODULES = (
    "catboost",
    "fastapi",
    "jax",
    "keras",
    "lightgbm",
    "numpy",
    "onnxruntime",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "scipy",
    "sklearn",
    "statsmodels",
    "tensorflow",
    "tokenizers",
    "torch",
    "transformers",
    "vllm",
    "xgboost",
)
"""Modules whose version is recorded where a service has imported them."""


def loaded_libraries() -> dict[str, str]:
    """Return the versions of Python and of the known libraries that are imported, by name.

    Nothing is imported for it.
    """
    found = {"python": platform.python_version()}
    for name in MODULES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found

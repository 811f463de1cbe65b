"""Versions of what is imported, and of nothing else."""

from __future__ import annotations

import platform
import sys
from types import ModuleType

import pytest

from shipper.libraries import loaded_libraries


def test_what_is_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python always; a module without a version, or with a strange one, is left out."""
    fine, strange = ModuleType("torch"), ModuleType("jax")
    fine.__version__ = "9.9.9"  # type: ignore[attr-defined]
    strange.__version__ = object()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", fine)
    monkeypatch.setitem(sys.modules, "jax", strange)
    monkeypatch.delitem(sys.modules, "vllm", raising=False)
    found = loaded_libraries()
    assert found["python"] == platform.python_version()
    assert found["torch"] == "9.9.9"
    assert "jax" not in found
    assert "vllm" not in found
    assert "vllm" not in sys.modules

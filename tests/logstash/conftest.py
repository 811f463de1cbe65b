"""Run the scripts of the pipelines in a real Ruby."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LOGSTASH = Path(__file__).parent.parent.parent / "logstash"
HARNESS = Path(__file__).parent / "harness.rb"

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run_script() -> Run:
    """Return a function that sends events through a script and returns what comes out."""
    ruby = shutil.which("ruby")
    if ruby is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Ruby")
        pytest.skip("there is no Ruby to run the pipelines' scripts (ruby)")

    def run(
        script: str, *events: dict[str, Any], namespace: str = "default"
    ) -> list[dict[str, Any]]:
        found = subprocess.run(
            [ruby, str(HARNESS), str(LOGSTASH / "pipeline" / script), namespace],
            input="".join(json.dumps(event) + "\n" for event in events),
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return [json.loads(line) for line in found.stdout.splitlines()]

    return run

"""What users install is complete, and small where it runs hot."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_the_schema_the_page_and_the_types(wheel: Path) -> None:
    """Data files travel with the code; tests and examples do not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in (
        "shipper/schema/prediction.json",
        "shipper/py.typed",
        "analyzers/py.typed",
        "analyzers/reports/templates/error_report.html",
        "analyzers/reports/templates/incident_report.html",
        "analyzers/reports/templates/report.css",
        "analyzers/reports/templates/report.js",
        "analyzers/bundled/kibana/elkhound.ndjson",
        "analyzers/bundled/logstash/pipelines.yml",
        "analyzers/bundled/logstash/pipeline/guard.rb",
    ):
        assert needed in names
    assert not [name for name in names if name.startswith(("tests/", "examples/", "docs/"))]


def test_the_base_install_is_the_shipper() -> None:
    """A model service gets six small packages, and no analyzer."""
    names = {requirement.partition(">")[0] for requirement in PROJECT["dependencies"]}
    assert names == {"click", "orjson", "psutil", "python-logstash-async", "structlog", "urllib3"}


def test_every_extra_has_lower_bounds() -> None:
    """A dependency without a bound cannot be tested at its oldest."""
    for requirements in PROJECT["optional-dependencies"].values():
        for requirement in requirements:
            assert ">=" in requirement or requirement.startswith("elkhound["), requirement

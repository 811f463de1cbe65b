"""The demo is real: the report names each fault that was switched on, with version and time."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from analyzers.findings import Contrast
from analyzers.reports.wording import evidence_of
from analyzers.root_cause.error_report import ErrorReport
from analyzers.stores.base import Window
from examples.flight_delay.demo import (
    Injected,
    find_group,
    is_the_same,
    report_on,
    run_demo,
    versions_of,
)
from tests.conftest import new_namespace

PHASE_SECONDS = 2.5
CAUSES = {
    "IndexError": ("ml.model.version", "2.0.0"),
    "columns are missing": ("ml.features.missing", "dep_delay"),
    "contains NaN": ("ml.features.missing", "temp"),
    "unknown categories": ("ml.features.category.carrier", "G4"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo writes."""
    return tmp_path_factory.mktemp("demo") / "run"


@pytest.fixture(scope="module")
def outcome(folder: Path) -> tuple[list[Injected], ErrorReport]:
    """A short run of the whole demo."""
    found = run_demo(folder, PHASE_SECONDS, 60.0, Console(file=io.StringIO()))
    assert (folder / "report.html").stat().st_size > 10_000
    return found


def test_every_fault_is_a_group_with_its_version(
    outcome: tuple[list[Injected], ErrorReport],
) -> None:
    """Nothing is missed, and the version is the one that failed."""
    injected, report = outcome
    assert len(injected) == 5
    for fault in injected:
        finding = find_group(report, fault)
        assert finding is not None, fault.name
        assert versions_of(finding) == [fault.version], fault.name


def test_every_group_begins_when_its_fault_was_switched_on(
    outcome: tuple[list[Injected], ErrorReport],
) -> None:
    """The onset lies behind the switch and close to it; memory takes its time to fill."""
    injected, report = outcome
    for fault in injected:
        finding = find_group(report, fault)
        assert finding is not None
        patience = PHASE_SECONDS * (1.5 if fault.exception == "MemoryBudgetError" else 1.0)
        late = finding.onset[1] - fault.time
        assert timedelta(0) <= late <= timedelta(seconds=patience), (fault.name, late)


def test_every_cause_is_named(outcome: tuple[list[Injected], ErrorReport]) -> None:
    """The version, the missing features and the new category come first in the evidence."""
    _, report = outcome
    found = {
        clue: [(item.field, item.value) for item in evidence_of(finding, Contrast)]
        for finding in report.findings
        for clue in CAUSES
        if clue in finding.subject
    }
    for clue, cause in CAUSES.items():
        assert cause in found[clue], (clue, found)


def test_no_group_is_there_without_a_fault(outcome: tuple[list[Injected], ErrorReport]) -> None:
    """Five faults, five groups."""
    assert len(outcome[1].findings) == 5


@pytest.mark.elasticsearch
def test_a_cluster_says_the_same(tmp_path: Path, elasticsearch_url: str) -> None:
    """With ``--store`` the service ships to a real Elasticsearch, which finds what the disk does."""
    url = f"{elasticsearch_url}?namespace={new_namespace()}"
    console = Console(file=io.StringIO())
    injected, report = run_demo(tmp_path / "run", PHASE_SECONDS, 60.0, console, store=url)
    assert report.store == elasticsearch_url
    assert all(find_group(report, fault) is not None for fault in injected)
    assert len(report.findings) == 5
    local = report_on(str(tmp_path / "run" / "data"), Window(report.since))
    assert is_the_same(report, local)
    assert local.store != report.store

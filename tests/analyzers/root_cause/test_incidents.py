"""Groups with one cause become one incident, said in one sentence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analyzers.cli import main
from analyzers.findings import Cause, Member
from analyzers.reports.incidents_json import incidents_document
from analyzers.reports.incidents_markdown import render_incidents_markdown
from analyzers.reports.incidents_terminal import incidents_text
from analyzers.reports.wording import evidence_of
from analyzers.root_cause.incidents import IncidentReport, report_incidents
from analyzers.root_cause.ranking import rank
from analyzers.stores.base import Window
from analyzers.stores.local import LocalStore
from benchmarks.root_cause.__main__ import run
from tests.analyzers.conftest import START, Opener, error, prediction
from tests.analyzers.reports.conftest import HOSTILE


def incidents(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["incidents", *arguments])


def report_of(name: str, folder: Path, seed: int = 3) -> IncidentReport:
    """Return the incidents of a fault of the bench."""
    run(name, seed, folder)
    with LocalStore(folder) as store:
        return report_incidents(store, Window())


def cause(category: str = "value", score: float = 0.5, **changes: object) -> Cause:
    """Return a cause."""
    fields: dict[str, object] = {
        "field": "host.name", "value": "a", "share": 1.0, "other_share": 0.5, "lift": 2.0,
        "p": 1e-9, "q": 1e-8, "sentence": "the host is a", **changes,
    }  # fmt: skip
    return Cause(category=category, score=score, **fields)  # type: ignore[arg-type]


def test_a_leak_is_one_incident_with_one_sentence(tmp_path: Path) -> None:
    """What ran out, where, and since when; the host alone is only an alternative."""
    report = report_of("memory leak", tmp_path)
    (incident,) = report.incidents
    assert incident.severity == "critical"
    first, *others = evidence_of(incident, Cause)
    assert (first.category, first.field) == ("resource", "system.memory.actual.used.pct")
    assert incident.summary.startswith("Began ")
    assert "Most likely: memory ran out on " in incident.summary
    assert all(other.score <= first.score for other in others)
    assert len(report.steady) == 3  # the noise


def test_a_symptom_is_folded_under_its_cause(tmp_path: Path) -> None:
    """The service's error follows the store's: one incident of two groups."""
    report = report_of("slow dependency", tmp_path)
    (incident,) = report.incidents
    members = evidence_of(incident, Member)
    assert [member.is_symptom for member in members] == [False, True]
    assert "QueryTimeout" in members[0].subject
    assert "TimeoutError" in members[1].subject


def test_two_faults_are_two_incidents(tmp_path: Path) -> None:
    """With causes of their own."""
    report = report_of("two at once", tmp_path)
    assert len(report.incidents) == 2
    sentences = {evidence_of(i, Cause)[0].sentence for i in report.incidents}
    assert len(sentences) == 2


def test_no_cause_is_said_to_be_none(open_local: Opener) -> None:
    """Failures at random, from one moment on."""
    records = [
        prediction(n, n, failed="f1" if n >= 300 and n % 3 == 0 else None) for n in range(600)
    ]
    records += [error(n, n) for n in range(300, 600, 3)]
    (incident,) = report_incidents(open_local(records), Window()).incidents
    assert "No cause found" in incident.summary
    assert evidence_of(incident, Cause) == []
    assert incident.onset[1] == START + timedelta(seconds=300)


def test_an_outage_that_began_before_the_window_is_an_incident(open_local: Opener) -> None:
    """Whoever looks at the last half hour must not read that nothing began."""
    records = [
        prediction(n, n, version="2" if n % 4 == 0 else "1", failed="f1" if n % 4 == 0 else None)
        for n in range(1200)
    ]
    records += [error(n, n, version="2") for n in range(0, 1200, 4)]
    window = Window(START + timedelta(seconds=600))
    (incident,) = report_incidents(open_local(records), window).incidents
    assert incident.summary.startswith(
        "Began at 04:10:00 or before; while it lasted, 25.1% of the requests"
    )
    assert incident.onset == (START + timedelta(seconds=600),) * 2
    first = evidence_of(incident, Cause)[0]
    assert (first.field, first.value) == ("ml.model.version", "2")


def test_nothing_at_all(open_local: Opener) -> None:
    """No record, no incident, in every format."""
    report = report_incidents(open_local([]), Window())
    assert report.incidents == ()
    assert "No incident" in incidents_text(report)
    assert "No incident" in render_incidents_markdown(report)
    assert incidents_document(report)["incidents"] == []


def test_a_version_is_the_evidence_of_its_deployment() -> None:
    """Not a cause beside it; what explains too little is none."""
    found = rank(
        [
            cause(score=0.9, field="ml.model.version", value="2"),
            cause("change", score=0.9, field="event.action", value="2"),
            cause(score=0.6),
            cause(score=0.1, value="b"),
        ]
    )
    assert [(item.category, item.value) for item in found] == [("change", "2"), ("value", "a")]


def test_the_deeper_of_two_equal_causes_comes_first() -> None:
    """A resource that ran out explains its host."""
    found = rank([cause(score=0.95), cause("resource", score=0.95, value="h")])
    assert [item.category for item in found] == ["resource", "value"]


def test_the_command_shows_saves_and_fails(tmp_path: Path) -> None:
    """In every format; the exit code follows the severity."""
    run("bad host", 5, tmp_path)
    shown = incidents("--store", str(tmp_path))
    assert shown.exit_code == 0, shown.output
    assert "the host is host-" in shown.stdout.replace("\n│ ", "")
    assert "| possible cause |" in incidents("--store", str(tmp_path), "--format", "md").stdout
    assert incidents("--store", str(tmp_path), "--fail-on", "critical").exit_code == 1
    saved = incidents("--store", str(tmp_path), "--save", "--format", "json")
    assert saved.stderr == "saved 1 incidents\n"
    assert '"category": "value"' in saved.stdout
    refused = incidents("--save", "--model", "m")
    assert refused.exit_code == 2
    assert "leave out --model, --version and --group" in refused.stderr


@pytest.mark.parametrize("render", [incidents_text, render_incidents_markdown])
def test_hostile_texts_stay_texts(render: object, open_local: Opener) -> None:
    """What a service logs cannot draw in a ticket or steer a terminal."""
    records = [
        prediction(
            n, n, failed="f1" if n >= 300 else None, segment={"x": HOSTILE if n >= 300 else "y"}
        )
        for n in range(400)
    ]
    records += [
        error(n, n, message=f"\x1b[2J{HOSTILE}", template=HOSTILE, type=HOSTILE, types=[HOSTILE])
        for n in range(300, 400)
    ]
    report = report_incidents(open_local(records), Window())
    text = render(report)  # type: ignore[operator]
    assert "\x1b[2J" not in text
    if render is render_incidents_markdown:
        assert "<script>" not in text

"""What monitors find is part of the incident that it causes, or an incident of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from click.testing import CliRunner

from analyzers.cli import main
from analyzers.findings import Cause, Finding, Measures, Member
from analyzers.reports.wording import evidence_of
from analyzers.results.alarms import read_alarms
from analyzers.results.documents import result_of
from analyzers.root_cause.joining import join_findings
from analyzers.stores.base import Window
from analyzers.stores.local_results import LocalResults
from benchmarks.root_cause.__main__ import run
from tests.analyzers.conftest import START

HOUR = timedelta(hours=1)


def finding(
    subject: str = "income", kind: str = "drift", hour: int = 0, **changes: object
) -> Finding:
    """Return a finding about an hour."""
    since = START + hour * HOUR
    fields: dict[str, object] = {
        "kind": kind, "id": f"{kind}-{subject}", "subject": subject,
        "summary": f"{subject} has drifted: 40.0% of its values moved (q = 1e-9).",
        "model": "churn", "version": "1", "since": since, "until": since + HOUR, "n": 900,
        "requests": 1000, "effect": 0.4, "p": 1e-9, "q": 1e-9, "onset": (since, since + HOUR),
        "last_seen": since + HOUR, "severity": "warning", "evidence": (), **changes,
    }  # fmt: skip
    return Finding(**fields)  # type: ignore[arg-type]


def incident(field: str = "ml.features.number.income", **changes: object) -> Finding:
    """Return an incident of an error group with one cause."""
    moment = START + timedelta(minutes=20)
    cause = Cause(
        category="feature", field=field, value="above 7", score=0.9, share=1.0, other_share=0.1,
        lift=10.0, p=1e-9, q=1e-8, sentence="feature income is above 7",
    )  # fmt: skip
    member = Member("g1", "OverflowError", 30, is_symptom=False)
    fields: dict[str, object] = {"onset": (moment, moment), "evidence": (cause, member), **changes}
    return replace(finding("OverflowError", "incident"), **fields)  # type: ignore[arg-type]


def members(one: Finding) -> list[tuple[str, str]]:
    """Return what an incident is made of."""
    return [(member.category, member.group) for member in evidence_of(one, Member)]


def test_a_drift_joins_the_incident_that_it_causes() -> None:
    """Same time, same model, and a cause that names the column."""
    (joined,) = join_findings([incident()], [finding()], None, None)
    assert members(joined) == [("error-group", "g1"), ("drift", "drift-income")]


def test_what_no_incident_names_is_one_of_its_own() -> None:
    """Another column, another model, or another time; those of one time are one."""
    others = [
        finding("age"), finding("plan"), finding(hour=5), finding(model="ranker", id="drift-ranker"),
    ]  # fmt: skip
    first, *own = join_findings([incident()], others, None, None)
    assert members(first) == [("error-group", "g1")]
    assert sorted(one.subject for one in own) == [
        "drift of churn: age, plan",
        "drift of churn: income",
        "drift of ranker: income",
    ]
    assert all("No request failed with it." in one.summary for one in own)
    assert {one.severity for one in own} == {"warning"}


def test_nothing_found_changes_nothing() -> None:
    """And many columns are counted."""
    assert join_findings([incident()], [], None, None) == [incident()]
    (one,) = join_findings([], [finding(f"x{n}") for n in range(9)], None, None)
    assert one.subject == "drift of churn: x0, x1, x2, x3, x4 and 4 more"


def test_alarms_that_follow_each_other_are_one(tmp_path: Path) -> None:
    """It began in the first window; after a pause it began again; calm columns are none."""
    results = LocalResults(tmp_path)
    for hour in (0, 1, 4):
        window = Window(START + hour * HOUR, START + (hour + 1) * HOUR)
        some = [finding(hour=hour), finding("calm", hour=hour, severity="info")]
        measured = [replace(one, evidence=(measures(one.subject),)) for one in some]
        stored = [result_of(one, window, datetime.now(START.tzinfo)) for one in measured]
        results.replace("drift", window, stored, "churn")
    (early,) = read_alarms(results, Window(START, START + 3 * HOUR))
    assert (early.subject, early.onset, early.last_seen) == (
        "income", (START, START + HOUR), START + 2 * HOUR,
    )  # fmt: skip
    (late,) = read_alarms(results, Window())
    assert late.onset[0] == START + 4 * HOUR


def measures(name: str) -> Measures:
    """Return the evidence that a drift has."""
    return Measures(name, "number", is_alarming=True, reference="r", values=(("share_moved", 0.4),))


def test_the_command_joins_what_was_saved(tmp_path: Path) -> None:
    """Errors that come with a drift of everybody's input, and the drift that was kept."""
    run("drift for everybody", 4, tmp_path)
    place = ["--store", str(tmp_path)]
    target = str(tmp_path / "reference.json")
    made = ["reference", "create", *place, "--until", "2026-11-21T04:15Z", "--model", "churn"]
    assert CliRunner().invoke(main, [*made, "-o", target]).exit_code == 0
    until = ["--until", "2026-11-21T05:00Z"]
    save = ["drift", *place, *until, "--reference", target, "--save", "--every", "10m"]
    told = CliRunner().invoke(main, [*save, "--format", "json"])
    assert told.exit_code == 0, told.output
    report = CliRunner().invoke(main, ["incidents", *place, *until, "--format", "json", "--save"])
    assert report.exit_code == 0, report.output
    parts = [
        [item["category"] for item in one["evidence"] if item["kind"] == "member"]
        for one in orjson.loads(report.stdout)["incidents"]
    ]
    assert ["error-group", "drift"] in parts
    for shape in ("terminal", "md", "html"):
        shown = CliRunner().invoke(main, ["incidents", *place, *until, "--format", shape])
        assert "tenure has drifted" in " ".join(shown.stdout.split()), shape

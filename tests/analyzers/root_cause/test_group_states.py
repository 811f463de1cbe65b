"""Groups are new, ongoing, escalating, regressed, resolved or ignored, and say why."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from elasticsearch import Elasticsearch

from analyzers.cli import main
from analyzers.errors.triage import Decision
from analyzers.findings import LifeCycle
from analyzers.reports.wording import evidence_of
from analyzers.root_cause.error_report import report_errors
from analyzers.stores.base import Store, Window
from tests.analyzers.conftest import START, Opener, StoreOpener, error, fill, prediction
from tests.conftest import new_namespace
from tests.receivers.proxy import faulty

DAY = 86_400


def at(seconds: float) -> datetime:
    """Return a time so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def of_release(release: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records of a release of the service."""
    for item in records:
        item["service"]["version"] = release
    return records


def states(store: Store, since: float, decisions: Any = None) -> dict[str, LifeCycle]:
    """Return where each group stands, by message template."""
    report = report_errors(store, Window(at(since), at(since + 3600)), decisions=decisions)
    return {
        finding.subject: evidence_of(finding, LifeCycle)[0]
        for finding in report.findings
        if evidence_of(finding, LifeCycle)
    }


def test_new_ongoing_and_escalating(open_over: StoreOpener) -> None:
    """By what was seen before, and in the same hours of the days before."""
    records = [error(day * DAY + n, day * 100 + n, "often") for day in range(8) for n in range(20)]
    records += [
        error(
            day * DAY + n,
            10_000 + day * 100 + n,
            "rising",
            template="disk slow",
            message="disk slow",
        )
        for day in range(8)
        for n in range(60 if day == 7 else 10)
    ]
    records += [error(7 * DAY + 5, 99_999, "new", template="never", message="never")]
    store = open_over(records)
    found = states(store, 7 * DAY)
    assert {subject: state.state for subject, state in found.items()} == {
        "ValueError: row 1 is bad": "ongoing",
        "ValueError: disk slow": "escalating",
        "ValueError: never": "new",
    }
    reason = found["ValueError: disk slow"].reason
    assert reason == "60 errors, 10.0 in the same hours of the last 7 days"


def test_a_busy_hour_of_every_day_is_no_escalation(open_local: Opener) -> None:
    """The baseline is the same hour, not the hours before."""
    records = []
    for day in range(8):
        records += [error(day * DAY + n, day * 1000 + n, "f1") for n in range(80)]
        records += [error(day * DAY + 7200 + n, day * 1000 + 500 + n, "f1") for n in range(3)]
    (state,) = states(open_local(records), 7 * DAY).values()
    assert state.state == "ongoing"


def resolved(release: str | None = None) -> dict[str, Decision]:
    """Return the decision that the group is mended."""
    return {"f1": Decision("g", ("f1",), "resolved", at(100), release, "jo", "fixed")}


def test_an_old_release_brings_nothing_back(open_local: Opener) -> None:
    """Release 1 still runs somewhere: what was mended in release 2 stays mended."""
    records = of_release("1", [error(10, 1), error(150, 2), prediction(0, 1)])
    records += of_release("2", [prediction(120, 2)])
    (state,) = states(open_local(records), 0, resolved("2")).values()
    assert state.state == "resolved"
    assert "only older releases still have it" in state.reason
    assert (state.owner, state.note) == ("jo", "fixed")


@pytest.mark.parametrize("mended_in", ["2", None])
def test_a_newer_release_brings_it_back(mended_in: str | None, open_local: Opener) -> None:
    """The one that was to mend it, or any that came after the decision."""
    records = of_release("1", [error(10, 1), prediction(0, 1)])
    records += of_release("2", [prediction(120, 2), error(150, 2)])
    (state,) = states(open_local(records), 0, resolved(mended_in)).values()
    assert state.state == "regressed"
    assert "back in release 2" in state.reason


@pytest.mark.parametrize(
    ("mended_in", "state"), [(None, "regressed"), ("2.0", "regressed"), ("s2", "resolved")]
)
def test_a_model_version_brings_it_back_too(
    mended_in: str | None, state: str, open_local: Opener
) -> None:
    """But not where a release of the service was to mend it, and the old one still runs."""
    records = of_release("s1", [error(10, 1, version="1.0"), prediction(0, 1, version="1.0")])
    records += of_release("s1", [prediction(120, 2, version="2.0"), error(150, 2, version="2.0")])
    records += of_release("s2", [prediction(200, 3, version="2.0")])
    (found,) = states(open_local(records), 0, resolved(mended_in)).values()
    assert found.state == state
    if state == "regressed":
        assert "back in model version 2.0" in found.reason


def test_without_any_version_every_error_brings_it_back(open_local: Opener) -> None:
    """Nothing says that it is an old one."""
    records = [error(150, 1)]
    records[0]["service"].pop("version", None)
    records[0].pop("ml", None)
    (state,) = states(open_local(records), 0, resolved(None)).values()
    assert (state.state, state.reason) == (
        "regressed",
        "resolved, and back; its errors name no release",
    )


def test_what_nobody_minds_is_never_severe(open_local: Opener) -> None:
    """It is still shown."""
    records = [prediction(n, n, failed="f1" if n % 2 else None) for n in range(40)]
    records += [error(n, n) for n in range(1, 40, 2)]
    ignored = {"f1": Decision("g", ("f1",), "ignored", at(0))}
    store = open_local(records)
    assert report_errors(store, Window()).findings[0].severity == "critical"
    assert report_errors(store, Window(), decisions=ignored).findings[0].severity == "info"


def errors(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["errors", *arguments])


def test_triage_on_the_command_line(open_local: Opener, tmp_path: Path) -> None:
    """Assign, ignore, resolve and reopen; the report and the exit code follow."""
    records = [prediction(n, n, failed="f1" if n % 2 else None) for n in range(40)]
    open_local(records + [error(n, n) for n in range(1, 40, 2)])
    place = ["--store", str(tmp_path)]
    (finding,) = orjson.loads(errors(*place, "--format", "json").stdout)["findings"]
    group = finding["id"]
    assert errors(*place, "--fail-on", "critical", "--format", "json").exit_code == 1
    told = errors("assign", group[:8], "jo", "--note", "bad rows", *place)
    assert told.stdout == f"{group} is open, jo looks after it\n"
    assert errors("ignore", group, *place).exit_code == 0
    assert errors(*place, "--fail-on", "critical", "--format", "json").exit_code == 0
    shown = errors(*place, "--format", "md").stdout
    assert "State: ignored: somebody decided so; jo looks after it; bad rows" in shown
    errors("reopen", group, *place)
    errors("resolve", group, "--in", "7.1", *place)
    assert errors(*place, "--fail-on", "regressed", "--format", "json").exit_code == 0
    unknown = errors("ignore", "zzz", *place)
    assert unknown.exit_code == 2
    assert "no one group has the id 'zzz'" in unknown.stderr
    wrong = errors(*place, "--fail-on", "bad")
    assert wrong.exit_code == 2
    assert "neither a severity" in wrong.stderr


@pytest.mark.elasticsearch
def test_who_may_not_read_decisions_gets_a_report(
    client: Elasticsearch, elasticsearch_url: str
) -> None:
    """Credentials for records alone: said, and no reason to fail."""
    namespace = new_namespace()
    fill(elasticsearch_url, [error(0, 1)], namespace)
    client.indices.refresh(index=f"*-ml.*-{namespace}")

    def fault(_method: str, path: str, _body: bytes) -> tuple[int, Any] | None:
        refused = {"error": {"type": "security_exception", "reason": "unauthorized"}}
        return (403, refused) if path.startswith("/ml-triage") else None

    with faulty(elasticsearch_url, fault) as url:
        told = errors("--store", f"{url}?namespace={namespace}", "--format", "md")
    assert told.exit_code == 0, told.output
    assert "decisions about groups are left out" in told.stderr
    assert "ValueError: row 1 is bad" in told.stdout

"""What each witness says, and when it has to be silent."""

from __future__ import annotations

from typing import Any

from analyzers.findings import Cause
from analyzers.reports.wording import evidence_of
from analyzers.root_cause.incidents import report_incidents
from analyzers.stores.base import Window
from tests.analyzers.conftest import Opener, Record, error, prediction, record


def causes(open_local: Opener, records: list[Record]) -> list[Cause]:
    """Return the causes of the only incident."""
    (incident,) = report_incidents(open_local(records), Window()).incidents
    return evidence_of(incident, Cause)


def served(seconds: int, host: str, fails: bool, **changes: Any) -> list[Record]:
    """Return a request on a host, and its error if it fails."""
    made = prediction(seconds, seconds, failed="f1" if fails else None, **changes)
    made["host"] = {"name": host}
    records = [made]
    if fails:
        records.append(error(seconds, seconds))
        records[1]["host"] = {"name": host}
    return records


def hosts(seconds: int) -> str:
    """Return the host of a second: one of four."""
    return f"host-{'abcd'[seconds % 4]}"


def sampled(seconds: int, host: str, files: float) -> Record:
    """Return a sample of a process."""
    return record(
        "resource", seconds, seconds * 10 + ord(host[-1]), metricset={"name": "process"},
        host=host, system={"process": {"fd": {"open": int(files)}}},
    )  # fmt: skip


def leak(grows: str) -> list[Record]:
    """Return an hour in which host-a fails from the middle on, and one host opens more files."""
    records: list[Record] = []
    for n in range(3600):
        records += served(n, hosts(n), fails=n >= 1800 and hosts(n) == "host-a")
    for n in range(0, 3600, 30):
        for letter in "abcd":
            host = f"host-{letter}"
            grown = max(0, n - 1200) if host == grows else 0
            records.append(sampled(n, host, 100 + n % 7 + grown))
    return records


def test_what_grew_where_it_failed(open_local: Opener) -> None:
    """Open files, long before the first error; the host is where, and no other cause."""
    first, *others = causes(open_local, leak("host-a"))
    assert (first.category, first.field, first.value) == (
        "resource",
        "system.process.fd.open",
        "host-a",
    )
    assert "open files and sockets had grown to" in first.sentence
    assert first.lead_seconds is not None
    assert first.lead_seconds > 100
    assert not [cause for cause in others if cause.field == "host.name"]


def test_what_grew_elsewhere_is_no_cause(open_local: Opener) -> None:
    """The host that fails is still named."""
    (first,) = causes(open_local, leak("host-b"))
    assert (first.category, first.field, first.value) == ("value", "host.name", "host-a")


def test_a_release_that_nobody_recorded(open_local: Opener) -> None:
    """Seen first when the errors begin, on one of four hosts."""
    records: list[Record] = []
    for n in range(3600):
        is_new = n >= 1800 and hosts(n) == "host-a"
        for one in served(n, hosts(n), fails=is_new and n % 3 == 0):
            one["service"]["version"] = "3.2" if is_new else "3.1"
            records.append(one)
    first = causes(open_local, records)[0]
    assert (first.category, first.field, first.value) == ("change", "service.version", "3.2")
    assert "release 3.2 came to 1 of 4 hosts" in first.sentence


def test_a_process_that_began_anew(open_local: Opener) -> None:
    """The restart explains its host and its processes."""
    records: list[Record] = []
    for n in range(3600):
        is_new = n >= 1800 and hosts(n) == "host-a"
        for one in served(n, hosts(n), fails=is_new and n % 12 == 0):
            one["service"]["node"] = {"name": f"{hosts(n)}:{2 if is_new else 1}"}
            records.append(one)
    found = causes(open_local, records)
    assert [(cause.category, cause.value) for cause in found] == [("restart", "host-a")]
    assert "the service began anew on host-a" in found[0].sentence


def test_a_pair_tells_more_than_its_halves(open_local: Opener) -> None:
    """Gold in Norway fails; gold elsewhere and others in Norway do not."""
    records: list[Record] = []
    for n in range(3600):
        plan, country = ("free", "gold")[n % 2], ("NO", "SE", "DK")[n % 3]
        fails = n >= 1800 and (plan, country) == ("gold", "NO")
        features = {"category": {"plan": plan, "country": country}}
        records += served(n, hosts(n // 7), fails=fails, features=features)
    (first,) = causes(open_local, records)
    assert set(first.field.split(" and ")) == {
        "ml.features.category.plan",
        "ml.features.category.country",
    }
    assert set(first.value.split(" and ")) == {"gold", "NO"}
    assert first.share == 1.0
    assert first.other_share is not None
    assert first.other_share < 0.01  # the onset is an interval: it begins a few requests early


def test_where_everything_fails_the_time_before_is_compared(open_local: Opener) -> None:
    """No request succeeds: what was missing in none of them before is."""
    records: list[Record] = []
    for n in range(3600):
        fails = n >= 1800
        features = {"missing": ["age"]} if fails else {}
        records += served(n, hosts(n), fails=fails, features=features)
    (first,) = causes(open_local, records)
    assert (first.category, first.value) == ("missing-feature", "age")
    assert first.sentence.endswith("and in 0% of those before")


def test_where_everything_fails_and_nothing_changed_there_is_no_cause(open_local: Opener) -> None:
    """Neither hosts nor anything else that was there before."""
    records: list[Record] = []
    for n in range(3600):
        records += served(n, hosts(n), fails=n >= 1800, features={"category": {"plan": "free"}})
    assert causes(open_local, records) == []


def test_an_error_of_another_service_on_the_same_host(open_local: Opener) -> None:
    """Its bursts on one host come just before ours, without a common trace."""
    records: list[Record] = []
    for n in range(3600):
        burst = n >= 1800 and (n // 20) % 9 == 0
        fails = burst and hosts(n) == "host-a" and n % 20 >= 4
        records += served(n, hosts(n), fails=fails)
        if burst and n % 20 < 2:
            theirs = error(n, 100_000 + n, "gpu", type="XidError", types=["XidError"],
                           message="GPU has fallen off the bus", template="GPU has fallen off",
                           culprit="driver:reset")  # fmt: skip
            theirs["host"] = {"name": "host-a"}
            theirs["service"]["name"] = "gpu-driver"
            records.append(theirs)
    report = report_incidents(open_local(records), Window())
    (incident,) = [i for i in report.incidents if "row 1" in i.subject or "Xid" in i.subject]
    assert "XidError" in incident.subject  # ours is folded under it
    first = evidence_of(incident, Cause)[0]
    assert (first.category, first.value) == ("upstream", "gpu")
    assert "is seen on the same host" in first.sentence


def test_a_version_of_a_library(open_local: Opener) -> None:
    """Two of four hosts run on another numpy, and fail: that explains both hosts."""
    records: list[Record] = []
    for n in range(3600):
        fails = n >= 1800 and n % 4 < 2 and n % 3 == 0
        for one in served(n, hosts(n), fails=fails):
            one["service"]["node"] = {"name": f"{hosts(n)}:1"}
            records.append(one)
    for n in range(0, 3600, 60):
        for letter in "abcd":
            one = sampled(n, f"host-{letter}", 100)
            one["service"]["node"] = {"name": f"host-{letter}:1"}
            one["ml"] = {"libraries": {"numpy": "2.5.0" if letter in "ab" else "2.4.6",
                                       "pandas": "3.1.1"}}  # fmt: skip
            records.append(one)
    first = causes(open_local, records)[0]
    assert (first.field, first.value, first.share) == ("ml.libraries.numpy", "2.5.0", 1.0)
    assert first.sentence.startswith("numpy is 2.5.0 where 100% of the failed requests ran")

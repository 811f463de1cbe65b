"""Both stores give the same profile and the same counts, and they are those of the values."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch

from analyzers.cli import main
from analyzers.monitors.drift.report import report_window
from analyzers.monitors.quality.records import RecordQuality
from analyzers.monitors.references.columns import profile_numbers
from analyzers.monitors.references.profiles import CategoryProfile, NumberProfile
from analyzers.monitors.references.records import reference_of_window
from analyzers.stores.base import Condition, Window
from analyzers.stores.elasticsearch import ElasticsearchStore
from analyzers.stores.elasticsearch_results import ElasticsearchResults
from analyzers.stores.local_results import LocalResults
from analyzers.stores.results import ResultStore
from shipper.schema import schema
from shipper.schema.validation import lookup, validate
from tests.analyzers.conftest import START, Opener, Record, StoreOpener, fill, prediction

HALF = START + timedelta(seconds=1000)
BEFORE, AFTER = Window(None, HALF), Window(HALF)


def traffic() -> list[Record]:
    """Two thousand predictions; from the middle on income is shifted, and a plan is new."""
    draw = np.random.default_rng(7)
    records = []
    for n in range(2000):
        late = n >= 1000
        numbers = {
            "age": float(draw.normal(45, 12)),
            "income": float(draw.lognormal(10, 0.4) * (1.5 if late else 1)),
            "visits": float(draw.poisson(2)),
        }
        if n % 10 == 0:
            del numbers["age"]
        if n == 17:
            numbers["income"] = 1e12
        plan = "platinum" if late and n % 4 == 0 else ("free", "gold")[int(draw.integers(2))]
        records.append(
            prediction(
                n, n, version="2" if n % 2 else "1",
                features={"number": numbers, "category": {"plan": plan}},
            )
        )  # fmt: skip
        records[-1]["ml"]["prediction"]["score"] = float(draw.random())
    return records


def test_the_profile_of_a_window_is_that_of_its_values(open_over: StoreOpener) -> None:
    """Every quantile within a two-hundredth, frequent values and the missing ones exactly."""
    records = traffic()
    reference = reference_of_window(open_over(records), BEFORE)
    assert reference.rows == 1000
    assert set(reference.columns) == {"age", "income", "visits", "score", "plan"}
    for name in ("age", "income", "visits"):
        values = np.array([r["ml"]["features"]["number"].get(name, np.nan) for r in records[:1000]])
        profile = reference.columns[name]
        exact = profile_numbers(values)
        assert isinstance(profile, NumberProfile)
        assert exact is not None
        assert (profile.n, profile.missing) == (exact.n, exact.missing)
        finite = values[np.isfinite(values)]
        below = [int((finite < edge).sum()) for edge in profile.edges[:-1]]
        assert profile.cumulative()[:-1] == below
        inside = np.array(below) / profile.n
        gaps = np.diff(inside)
        frequent = max(float(np.mean(finite == value)) for value in np.unique(finite))
        assert gaps.max() <= max(0.011, frequent + 0.005)
        assert profile.median == pytest.approx(exact.median, rel=0.02)
        assert profile.scale == pytest.approx(exact.scale, rel=0.05)
    plan = reference.columns["plan"]
    assert isinstance(plan, CategoryProfile)
    assert set(plan.counts) == {"free", "gold"}


def test_what_drifted_is_found(open_over: StoreOpener) -> None:
    """And nothing else: by windows of one store, all models together."""
    store = open_over(traffic())
    report = report_window(reference_of_window(store, BEFORE), store, AFTER)
    assert {column.column for column in report.drifted} == {"income", "plan"}
    (plan,) = [column for column in report.columns if column.column == "plan"]
    assert plan.new == (("platinum", 250),)
    assert (report.rows, report.missing_columns, report.new_columns) == (1000, (), ())


@pytest.mark.elasticsearch
def test_both_stores_say_the_same(
    open_local: Opener, elasticsearch_url: str, namespace: str
) -> None:
    """Number by number."""
    records = traffic()
    local = open_local(records)
    fill(elasticsearch_url, records, namespace)
    with Elasticsearch(elasticsearch_url) as client:
        client.indices.refresh(index=f"*-ml.*-{namespace}")
    only = [Condition("ml.model.version", "any_of", ("2",))]
    with ElasticsearchStore(f"{elasticsearch_url}?namespace={namespace}") as cluster:
        here, there = (reference_of_window(store, BEFORE, only) for store in (local, cluster))
        assert here.columns == there.columns
        one, other = (report_window(here, store, AFTER, only) for store in (local, cluster))
    assert one.columns == other.columns


def test_a_feature_that_is_gone_and_one_that_is_new(open_local: Opener) -> None:
    """Named beside the columns."""
    records = [
        prediction(n, n, features={"number": {"old" if n < 100 else "new": float(n)}})
        for n in range(200)
    ]
    store = open_local(records)
    middle = START + timedelta(seconds=100)
    report = report_window(reference_of_window(store, Window(None, middle)), store, Window(middle))
    assert (report.missing_columns, report.new_columns) == (("old",), ("new",))
    assert [column.column for column in report.drifted] == ["old"]


def test_the_commands(open_local: Opener, tmp_path: Path) -> None:
    """A reference of one version, and what came after it."""
    open_local(traffic())
    target = str(tmp_path / "reference.json")
    place = ["--store", str(tmp_path)]
    middle = HALF.isoformat()
    made = CliRunner().invoke(
        main, ["reference", "create", *place, "--until", middle, "--model", "m", "-o", target]
    )
    assert made.exit_code == 0, made.output
    found = CliRunner().invoke(
        main, ["drift", *place, "--reference", target, "--since", middle, "--format", "json"]
    )
    assert found.exit_code == 0, found.output
    assert set(orjson.loads(found.stdout)["drifted"]) == {"income", "plan"}
    nothing = CliRunner().invoke(
        main, ["drift", *place, "--reference", target, "--model", "other", "--format", "json"]
    )
    reasons = {column["reason"] for column in orjson.loads(nothing.stdout)["columns"]}
    assert reasons == {"it has no rows"}


@pytest.mark.parametrize("kind", ["local", "elasticsearch"])
def test_drift_is_kept_window_by_window_and_model_by_model(
    kind: str, request: pytest.FixtureRequest, open_local: Opener, tmp_path: Path
) -> None:
    """A second run changes nothing, and another model's results stay."""
    records = traffic()
    if kind == "local":
        open_local(records)
        location = str(tmp_path)
        stored: ResultStore = LocalResults(tmp_path)
    else:
        request.node.add_marker(pytest.mark.elasticsearch)
        url = request.getfixturevalue("elasticsearch_url")
        namespace = request.getfixturevalue("namespace")
        fill(url, records, namespace)
        with Elasticsearch(url) as client:
            client.indices.refresh(index=f"*-ml.*-{namespace}")
        location = f"{url}?namespace={namespace}"
        stored = ElasticsearchResults(location)
    target = str(tmp_path / "reference.json")
    middle = HALF.isoformat()
    place = ["--store", location]
    arguments = ["reference", "create", *place, "--until", middle, "--model", "m", "-o", target]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    save = ["drift", *place, "--reference", target, "--save", "--every", "10m", "--format", "json"]
    save += ["--until", "2027-01-01"]
    for _ in range(2):
        told = CliRunner().invoke(main, save)
        assert told.exit_code == 0, told.output
        assert told.stderr == "saved 24 results of 4 windows\n"
    other = CliRunner().invoke(main, [*save, "--model", "nobody"])
    assert other.stderr == "saved 0 results of 4 windows\n"
    documents = list(stored.read("drift", Window()))
    stored.close()
    assert len(documents) == 24
    for document in documents:
        validate(document, schema("drift"))
    drifted = {
        (lookup(d, "ml.drift.column"), lookup(d, "ml.window.since")[11:16])
        for d in documents
        if lookup(d, "ml.drift.is_drifted")
    }
    assert {name for name, _ in drifted} == {"income", "plan"}
    assert {since for _, since in drifted} == {"04:10", "04:20", "04:30"}


def test_files_are_not_saved(tmp_path: Path) -> None:
    """There is no store beside them."""
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    told = CliRunner().invoke(
        main, ["drift", "--reference", str(path), "--current", str(path), "--save"]
    )
    assert told.exit_code == 2
    assert "leave out --current" in told.stderr


def test_failed_predictions_lack_no_output(open_over: StoreOpener) -> None:
    """That they have none is told by their errors, and is no drift."""
    records = []
    for n in range(400):
        is_failed = n >= 200 and n % 2 == 0
        records.append(
            prediction(
                n, n, failed="f" if is_failed else None,
                features={"number": {"age": float(n % 200)}},
            )
        )  # fmt: skip
        if not is_failed:
            records[-1]["ml"]["prediction"] |= {"label": str(n % 3), "score": n % 200 / 200}
    store = open_over(records)
    middle = START + timedelta(seconds=200)
    known = reference_of_window(store, Window(None, middle))
    report = report_window(known, store, Window(middle))
    assert {column.column: column.missing for column in report.columns} == {
        "age": 0, "score": 0, "label": 0,
    }  # fmt: skip
    assert not report.drifted
    source = RecordQuality(store, Window(middle))
    assert source.missing("score") == 0
    assert source.other_than("label", ["0", "1", "2"]).n == 100

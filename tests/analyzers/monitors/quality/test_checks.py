"""Rules that are broken are named, whether the data are a file's or a store's."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result

from analyzers.cli import main
from analyzers.monitors.quality.checks import QualityCheck
from analyzers.monitors.quality.records import RecordQuality
from analyzers.monitors.quality.report import report_quality, report_records
from analyzers.monitors.quality.rules import (
    QualityRule,
    QualityRules,
    rules_text,
    suggest_rules,
)
from analyzers.monitors.quality.sources import QualitySource
from analyzers.monitors.quality.tables import TableQuality
from analyzers.monitors.references.columns import profile_categories, profile_numbers
from analyzers.monitors.references.profiles import ColumnProfile
from analyzers.monitors.references.reference import Reference
from analyzers.monitors.references.tables import read_table, reference_of
from analyzers.stores.base import Window
from analyzers.stores.local_results import LocalResults
from shipper.schema import schema
from shipper.schema.validation import lookup, validate
from tests.analyzers.conftest import START, Opener, Record, StoreOpener, prediction

Row = dict[str, float | str | None]
Opened = Callable[[list[Row]], QualitySource]


def people(n: int = 200) -> list[Row]:
    """Return rows that keep every rule."""
    draw = np.random.default_rng(1)
    return [
        {
            "age": float(draw.integers(18, 80)),
            "paid": float(10 + k % 7),
            "due": float(20 + k % 5),
            "plan": ("free", "gold")[k % 2],
            "code": f"A{k:04}",
        }
        for k in range(n)
    ]


@pytest.fixture(params=["file", "local", "elasticsearch"])
def open_rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Return a function that opens rows as a file, or as the predictions of each store."""
    if request.param == "file":
        opened: list[TableQuality] = []

        def as_file(rows: list[Row]) -> QualitySource:
            path = tmp_path / "rows.csv"
            names = list(rows[0])
            lines = [
                ",".join("" if row.get(n) is None else str(row[n]) for n in names) for row in rows
            ]
            path.write_text("\n".join([",".join(names), *lines]) + "\n")
            opened.append(TableQuality(path))
            return opened[-1]

        yield as_file
        return
    kind = "open_local" if request.param == "local" else "open_cluster"
    open_over: StoreOpener = request.getfixturevalue(kind)

    def as_records(rows: list[Row]) -> QualitySource:
        return RecordQuality(open_over([record_of(k, row) for k, row in enumerate(rows)]), Window())

    yield as_records


def record_of(k: int, row: Row) -> Record:
    """Return a prediction with a row as its features."""
    numbers = {n: v for n, v in row.items() if isinstance(v, float)}
    texts = {n: v for n, v in row.items() if isinstance(v, str)}
    return prediction(k, k, features={"number": numbers, "category": texts})


def found(source: QualitySource, *rules: QualityRule) -> dict[str, QualityCheck]:
    """Return the checks of some rules by dimension."""
    report = report_quality(source, QualityRules(rules), None)
    return {one.dimension: one for one in report.checks}


def test_rules_that_are_kept(open_rows: Opened) -> None:
    """None is broken."""
    source = open_rows(people())
    report = report_quality(
        source,
        QualityRules(
            (
                QualityRule("age", "number", complete=1.0, minimum=18, maximum=80),
                QualityRule("plan", values=("free", "gold")),
                QualityRule("code", pattern="A[0-9]{4}", unique=True),
                QualityRule("paid", compare="<= due"),
            ),
            minimum_rows=200,
            duplicates=0.0,
        ),
        None,
    )
    assert not report.violated
    assert len(report.checks) == 9


def test_missing_values(open_rows: Opened) -> None:
    """A tenth of them, against the share that is allowed."""
    rows = people()
    for row in rows[::10]:
        row["age"] = None
    check = found(open_rows(rows), QualityRule("age", complete=0.95))["completeness"]
    assert (check.is_violated, check.violations, check.n, check.share) == (True, 20, 200, 0.1)
    assert not found(open_rows(rows), QualityRule("age", complete=0.9))["completeness"].is_violated


def test_values_out_of_range(open_rows: Opened) -> None:
    """The bounds themselves are allowed, one side may be open, and a tolerance is kept to."""
    rows = people()
    for k, value in enumerate((-1.0, 18.0, 80.0, 200.0)):
        rows[k]["age"] = value
    source = open_rows(rows)
    assert found(source, QualityRule("age", minimum=18, maximum=80))["validity"].violations == 2
    assert found(source, QualityRule("age", minimum=0))["validity"].violations == 1
    assert found(source, QualityRule("age", maximum=80))["validity"].violations == 1
    kept = found(source, QualityRule("age", minimum=18, maximum=80, tolerance=0.01))["validity"]
    assert not kept.is_violated


def test_values_that_are_not_allowed(open_rows: Opened) -> None:
    """They are shown."""
    rows = people()
    rows[3]["plan"] = rows[4]["plan"] = "platinum"
    check = found(open_rows(rows), QualityRule("plan", values=("free", "gold")))["validity"]
    assert (check.violations, check.examples) == (2, ("platinum",))


def test_values_that_do_not_match(open_rows: Opened) -> None:
    """The whole value must."""
    rows = people()
    rows[0]["code"] = "A12345"
    rows[1]["code"] = "b0001"
    check = found(open_rows(rows), QualityRule("code", pattern="A[0-9]{4}"))["validity"]
    assert (check.violations, set(check.examples)) == (2, {"A12345", "b0001"})


def test_values_that_come_twice(open_rows: Opened) -> None:
    """Each but the first is one too many."""
    rows = people()
    for k in (1, 2):
        rows[k]["code"] = rows[0]["code"]
    check = found(open_rows(rows), QualityRule("code", unique=True))["uniqueness"]
    assert (check.violations, check.examples) == (2, ("A0000",))


def test_columns_that_do_not_agree(open_rows: Opened) -> None:
    """Rows that lack one of the two are not looked at."""
    rows = people()
    rows[0]["paid"] = 100.0
    rows[1]["due"] = None
    check = found(open_rows(rows), QualityRule("paid", compare="<= due"))["consistency"]
    assert (check.n, check.violations) == (199, 1)


def test_accuracy_against_a_declared_truth(open_rows: Opened) -> None:
    """A column that should be another one."""
    rows = people()
    for k, row in enumerate(rows):
        row["copied"] = "gold" if k % 4 == 0 else row["plan"]
    check = found(open_rows(rows), QualityRule("copied", compare="== plan", tolerance=0.1))
    assert check["consistency"].share == 0.25
    assert check["consistency"].is_violated


def test_texts_where_numbers_should_be(open_rows: Opened) -> None:
    """Counted, whichever of them there are more."""
    rows = people()
    for row in rows[:30]:
        row["age"] = "unknown"
    check = found(open_rows(rows), QualityRule("age", "number"))["validity"]
    assert (check.n, check.violations) == (200, 30)


def test_a_column_that_is_not_there(open_rows: Opened) -> None:
    """Is a change of the schema."""
    assert found(open_rows(people()), QualityRule("height", minimum=0))["schema"].is_violated


def test_too_few_rows(open_rows: Opened) -> None:
    """Fewer than somebody declared."""
    report = report_quality(open_rows(people(50)), QualityRules(minimum_rows=51), None)
    assert [one.dimension for one in report.violated] == ["volume"]


def reference(rows: list[Row]) -> Reference:
    """Return the profile of rows."""
    columns: dict[str, ColumnProfile] = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        if isinstance(values[0], str):
            counted = {str(v): values.count(v) for v in values}
            columns[name] = profile_categories(counted, 0)
        else:
            made = profile_numbers(np.array(values, dtype=float))
            assert made is not None
            columns[name] = made
    return Reference(len(rows), columns, source="before")


def test_what_a_reference_lets_expect(open_rows: Opened) -> None:
    """Missing values, a new range, a new category, a constant, a column gone and one that is new."""
    known = people(1000)
    for row in known:
        del row["code"]
    rows = people(1000)
    for k, row in enumerate(rows):
        del row["code"], row["due"]
        row["paid"] = 12.0
        if k % 20 == 0:
            row["age"] = 150.0
        elif k % 20 == 1:
            row["age"] = None
        if k % 30 == 0:
            row["plan"] = "platinum"
        row["fresh"] = 1.0
    report = report_quality(open_rows(rows), QualityRules(), reference(known))
    broken = {(one.column, one.dimension) for one in report.violated}
    assert broken == {
        ("age", "completeness"), ("age", "validity"), ("age", "outliers"),
        ("plan", "validity"), ("paid", "validity"), ("due", "schema"),
    } or broken == {
        ("age", "completeness"), ("age", "validity"), ("plan", "validity"), ("paid", "validity"),
        ("due", "schema"),
    }  # fmt: skip
    noted = {one.column for one in report.checks if one.note == "it is new"}
    assert noted == {"fresh"}


def test_the_same_data_break_nothing(open_rows: Opened) -> None:
    """Learned from the one half, kept by the other."""
    rows = people(2000)
    for row in rows:
        del row["code"]
    report = report_quality(open_rows(rows[1000:]), QualityRules(), reference(rows[:1000]))
    assert not report.violated
    assert len(report.checks) > 8


def test_stable_data_alarm_nobody() -> None:
    """In 200 runs with ten columns at most four have any alarm."""
    draw = np.random.default_rng(3)
    alarms = 0
    for _ in range(200):
        known, now = (
            [
                {f"x{c}": float(v) for c, v in enumerate(row)}
                for row in draw.lognormal(size=(300, 10))
            ]
            for _ in range(2)
        )
        source = _Counted(now)
        alarms += bool(
            report_quality(source, QualityRules(), reference([dict(row) for row in known])).violated
        )
    assert alarms <= 4


class _Counted(TableQuality):
    """A table in memory: no file is written for each of many runs."""

    def __init__(self, rows: list[dict[str, float]]) -> None:
        self.rows = len(rows)
        self.name = "memory"
        self.kinds = dict.fromkeys(rows[0], "number")
        self._values = {name: np.array([row[name] for row in rows]) for name in rows[0]}

    def counts(self, columns):
        from analyzers.monitors.references.columns import count_numbers

        return {n: count_numbers(self._values[n], p.edges) for n, p in columns.items()}


def test_volume_and_freshness(open_local: Opener) -> None:
    """Half as many as ever, and none for too long."""
    records = [prediction(3600 * h + k, 1000 * h + k) for h in range(8) for k in range(100)]
    records += [prediction(3600 * 8 + k, 8000 + k) for k in range(30)]
    store = open_local(records)
    hour = timedelta(hours=1)
    now = START + 9 * hour
    last = Window(START + 8 * hour, now)
    report = report_records(store, last, (), QualityRules(freshness=1800.0), None, now)
    by = {one.dimension: one for one in report.checks}
    assert by["volume"].is_violated
    assert by["volume"].share == pytest.approx(0.3)
    assert by["freshness"].is_violated
    before = Window(START + 7 * hour, START + 8 * hour)
    calm = report_records(store, before, (), QualityRules(freshness=1e6), None, now)
    assert not calm.violated


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "asks for nothing"),
        ({"type": "text"}, "give number or category"),
        ({"complete": 1.5}, "from 0 to 1"),
        ({"minimum": 2.0, "maximum": 1.0}, "minimum is more than maximum"),
        ({"pattern": "("}, "no regular expression"),
        ({"compare": "total"}, "give an operator"),
        ({"unique": True, "tolerance": 1.0}, "below 1"),
        ({"minimum": float("nan")}, "must be finite"),
    ],
)
def test_rules_that_cannot_be(values: dict[str, object], sentence: str) -> None:
    """One sentence."""
    with pytest.raises(ValueError, match=sentence):
        QualityRule("age", **values)  # type: ignore[arg-type]


def test_proposals_hold_for_their_reference(tmp_path: Path) -> None:
    """And are read back from the file as they were written."""
    path = tmp_path / "a.csv"
    rows = [f'{row["age"]},{row["plan"]},{n}@"x' for n, row in enumerate(people(3000))]
    path.write_text('age,"the ""plan""",mail\n' + "\n".join(rows) + "\n")
    proposed = suggest_rules(reference_of(read_table(path), "a").columns)
    text = tomllib.loads(rules_text(proposed))
    tables = text["quality"]["rules"]
    read = [
        QualityRule(**{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()})  # type: ignore[arg-type]
        for table in tables
    ]
    assert read == proposed
    with TableQuality(path) as source:
        assert not report_quality(source, QualityRules(tuple(read)), None).violated


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["quality", *arguments])


def test_the_command_on_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules proposed from one file, checked on another."""
    monkeypatch.chdir(tmp_path)
    lines = [f"{n % 60 + 18},{'ab'[n % 2]}\n" for n in range(400)]
    Path("a.csv").write_text("age,plan\n" + "".join(lines))
    Path("b.csv").write_text("age,plan\n" + "".join(lines[:350]) + "-5,c\n" * 50)
    told = run("--current", "b.csv")
    assert told.exit_code == 2
    assert "there is nothing to check it against" in told.stderr
    proposed = run("suggest", "a.csv", "-o", "elkhound.toml")
    assert proposed.exit_code == 0, proposed.output
    broken = run("--current", "b.csv", "--fail-on-violation", "--format", "json")
    assert broken.exit_code == 1
    checks = [one for one in orjson.loads(broken.stdout)["checks"] if one["is_violated"]]
    assert {(one["column"], one["share"]) for one in checks} == {("age", 0.125), ("plan", 0.125)}
    assert "2 of 5 checks broken" in run("--current", "b.csv").stdout
    assert "| broken | age |" in run("--current", "b.csv", "--format", "md").stdout
    assert run("--current", "a.csv", "--fail-on-violation").exit_code == 0
    Path("elkhound.toml").write_text("[[quality.rules]]\ncolumn = 'age'\n")
    wrong = run("--current", "a.csv")
    assert wrong.exit_code == 2
    assert "rule 1 (line 1): the rule about age asks for nothing" in " ".join(wrong.stderr.split())
    Path("elkhound.toml").write_text("[quality]\nfreshness = 'soon'\n")
    assert "give a time such as 30m" in run("--current", "a.csv").stderr


def test_quality_is_kept_window_by_window(open_local: Opener, tmp_path: Path) -> None:
    """A second run changes nothing."""
    rows = people(400)
    for row in rows[300:]:
        row["age"] = None
    open_local([record_of(k * 30, row) | {} for k, row in enumerate(rows)])
    until = (START + timedelta(seconds=30 * 200)).isoformat()
    target = str(tmp_path / "reference.json")
    create = ["reference", "create", "--store", str(tmp_path), "--until", until, "-o", target]
    assert CliRunner().invoke(main, create).exit_code == 0
    save = ["--store", str(tmp_path), "--reference", target, "--save", "--every", "1h"]
    for _ in range(2):
        told = run(*save, "--until", "2027-01-01")
        assert told.exit_code == 0, told.output
    stored = LocalResults(tmp_path)
    documents = list(stored.read("quality", Window()))
    stored.close()
    for document in documents:
        validate(document, schema("quality"))
    broken = {
        (lookup(d, "ml.quality.column"), lookup(d, "ml.window.since")[11:13])
        for d in documents
        if lookup(d, "ml.quality.is_violated") and lookup(d, "ml.quality.column")
    }
    assert broken == {("age", "06"), ("age", "07")}

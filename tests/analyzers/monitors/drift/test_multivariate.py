"""Shifts of how columns go together, of vectors, and of parts of the rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from analyzers.cli import main
from analyzers.monitors.drift.domain_classifier import Rows, classify_domains
from analyzers.monitors.drift.report import report_window
from analyzers.monitors.references.components import fit_components, read_components, reconstruct
from analyzers.monitors.references.records import reference_with_segments, window_rows
from analyzers.monitors.references.sliding import earlier
from analyzers.monitors.references.vectors import cosines, mean_direction, norms
from analyzers.stores.base import Window
from tests.analyzers.conftest import START, Opener, Record, StoreOpener, prediction

Floats = NDArray[np.float64]


def correlated(n: int, draw: np.random.Generator, sign: float = 1.0) -> dict[str, Floats]:
    """Return four columns of which two follow the others; each alone is normal whatever the sign."""
    a, b = draw.normal(size=(2, n))
    noise = draw.normal(size=(2, n)) * 0.3
    return {"a": a, "b": b, "c": sign * a + noise[0], "d": b + noise[1]}


def test_columns_that_no_longer_go_together() -> None:
    """None of them alone is shifted; the components of the reference see it, and are small."""
    draw = np.random.default_rng(1)
    known = fit_components(correlated(4000, draw))
    assert known is not None
    text = orjson.dumps(known.document())
    assert len(text) < 2000
    again = read_components(orjson.loads(text))
    assert not reconstruct(again, correlated(2000, draw)).is_drifted
    found = reconstruct(again, correlated(2000, draw, sign=-1.0))
    assert found.is_drifted
    assert (found.error or 0) > 1.5 * found.reference_error


def test_stable_columns_alarm_nobody() -> None:
    """Of 300 pairs at most nine differ: what chance allows at one in a hundred."""
    draw = np.random.default_rng(2)
    alarms = 0
    for _ in range(300):
        known = fit_components(correlated(1000, draw))
        assert known is not None
        alarms += reconstruct(known, correlated(1000, draw)).is_drifted
    assert alarms <= 9


def test_one_wild_value_does_not_matter() -> None:
    """It is clipped, on either side."""
    draw = np.random.default_rng(3)
    rows = correlated(2000, draw)
    calm = fit_components(rows)
    rows["a"][7] = 1e12
    wild = fit_components(rows)
    assert calm is not None
    assert wild is not None
    assert wild.error == pytest.approx(calm.error, rel=0.05)
    assert not reconstruct(wild, correlated(2000, draw)).is_drifted


def test_components_of_too_little() -> None:
    """Two columns, constant ones, few rows: a reason or nothing."""
    draw = np.random.default_rng(4)
    rows = correlated(1000, draw)
    assert fit_components({"a": rows["a"], "b": rows["b"]}) is None
    assert fit_components(dict.fromkeys("abc", np.ones(1000))) is None
    assert fit_components({name: column[:50] for name, column in rows.items()}) is None
    known = fit_components(rows)
    assert known is not None
    few = reconstruct(known, {name: column[:5] for name, column in rows.items()})
    assert (few.is_drifted, few.reason) == (False, "fewer than 100 rows")
    missing = reconstruct(known, {"a": np.full(500, np.nan)})
    assert missing.error is not None
    with pytest.raises(ValueError, match="a number for each column"):
        read_components({**known.document(), "medians": [0.0]})


def rows_of(columns: dict[str, Floats], plan: NDArray[np.str_] | None = None) -> Rows:
    """Return rows with a column of texts."""
    n = len(columns["a"])
    texts = np.array(["free"] * n, dtype=object) if plan is None else plan.astype(object)
    return Rows(columns, {"plan": texts})


def test_a_classifier_sees_what_no_column_shows() -> None:
    """And names the columns; with equal rows it can tell nothing."""
    draw = np.random.default_rng(5)
    same = classify_domains(rows_of(correlated(2000, draw)), rows_of(correlated(2000, draw)))
    assert not same.is_drifted
    assert same.roc_auc == pytest.approx(0.5, abs=0.03)
    found = classify_domains(
        rows_of(correlated(2000, draw)), rows_of(correlated(2000, draw, sign=-1.0))
    )
    assert found.is_drifted
    assert (found.low or 0) > 0.8
    assert {name for name, _ in found.columns} == {"a", "c"}


def test_a_classifier_sees_texts_and_missing_values() -> None:
    """A category that took over, and a column that went missing."""
    draw = np.random.default_rng(6)
    plans = draw.choice(["free", "gold"], 1000), draw.choice(["free", "gold"], 1000, p=[0.2, 0.8])
    now = correlated(1000, draw)
    now["b"][::3] = np.nan
    found = classify_domains(rows_of(correlated(1000, draw), plans[0]), rows_of(now, plans[1]))
    assert found.is_drifted
    assert {name for name, _ in found.columns[:2]} == {"plan", "b"}
    assert classify_domains(rows_of(now), rows_of(now)).is_drifted is False


def test_a_classifier_seldom_finds_what_is_not_there() -> None:
    """Of 25 pairs at most two."""
    draw = np.random.default_rng(7)
    alarms = sum(
        classify_domains(rows_of(correlated(300, draw)), rows_of(correlated(300, draw))).is_drifted
        for _ in range(25)
    )
    assert alarms <= 2


def test_too_little_to_classify() -> None:
    """A reason."""
    draw = np.random.default_rng(8)
    few = classify_domains(rows_of(correlated(50, draw)), rows_of(correlated(500, draw)))
    assert few.reason == "fewer than 100 rows"
    assert classify_domains(Rows(), Rows()).reason == "no column is on both sides"


def test_vectors_are_summed_up() -> None:
    """Length and direction, in closed form; what has neither is missing."""
    vectors = np.array([[3.0, 4.0], [-3.0, -4.0], [4.0, -3.0], [0.0, 0.0], [np.nan, 1.0]])
    assert norms(vectors)[:4].tolist() == [5, 5, 5, 0]
    found = cosines(vectors, (6.0, 8.0))
    assert found[:3] == pytest.approx([1, -1, 0], abs=1e-12)
    assert np.isnan(found[3:]).all()
    assert mean_direction(vectors[[0, 0]]) == pytest.approx((0.6, 0.8))
    assert mean_direction(vectors[3:]) == (0.0, 0.0)


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, list(arguments))


def test_embeddings_that_point_elsewhere(tmp_path: Path) -> None:
    """Lists of numbers in a file; as long as before, so that only the direction tells."""
    draw = np.random.default_rng(9)
    paths = []
    for name, mean in (("a", [1.0, 0.0, 0.0]), ("b", [0.0, 1.0, 0.0])):
        held = draw.normal(size=(500, 3)) + 3 * np.array(mean)
        path = tmp_path / f"{name}.ndjson"
        path.write_text("".join(f'{{"embedding": {row.tolist()}}}\n' for row in held))
        paths.append(str(path))
    target = str(tmp_path / "reference.json")
    assert run("reference", "create", paths[0], "-o", target).exit_code == 0
    told = run("drift", "--reference", target, "--current", paths[1], "--format", "json")
    assert told.exit_code == 0, told.output
    assert orjson.loads(told.stdout)["drifted"] == ["embedding (cosine)"]
    calm = run("drift", "--reference", target, "--current", paths[0], "--format", "json")
    assert orjson.loads(calm.stdout)["drifted"] == []


def traffic() -> list[Record]:
    """Two hours of two regions; in the second hour one region's ages shift, as do two columns."""
    draw = np.random.default_rng(10)
    records = []
    for n in range(2400):
        late = n >= 1200
        region = ("eu", "us")[n % 2]
        a, b = draw.normal(size=2)
        numbers = {
            "age": float(draw.normal(45 + (12 if late and region == "us" else 0), 10)),
            "a": float(a),
            "b": float(b),
            "c": float((-a if late else a) + draw.normal() * 0.2),
        }
        records.append(
            prediction(n * 3, n, segment={"region": region}, features={"number": numbers})
        )
    return records


def test_segments_of_both_stores(open_over: StoreOpener) -> None:
    """Only the region that shifted is named, and columns that no longer fit each other."""
    store = open_over(traffic())
    middle = START + timedelta(hours=1)
    known = reference_with_segments(store, Window(None, middle), (), "region")
    assert {value: part.rows for value, part in known.segments.items()} == {"eu": 600, "us": 600}
    report = report_window(known, store, Window(middle), ())
    drifted = {
        value: [column.column for column in columns if column.is_drifted]
        for value, columns in report.segments.items()
    }
    assert drifted == {"eu": [], "us": ["age"]}
    assert report.reconstruction is not None
    assert report.reconstruction.is_drifted
    rows = window_rows(store, Window(), (), ["age"], most=10_000)
    assert rows.n == 2400


def test_windows_against_the_one_before(open_local: Opener, tmp_path: Path) -> None:
    """Without any stored reference, with a classifier, and kept."""
    open_local(traffic())
    middle, end = (START + timedelta(hours=h) for h in (1, 2))
    place = ["drift", "--store", str(tmp_path), "--against", "previous", "--segment", "region"]
    times = ["--since", middle.isoformat(), "--until", end.isoformat()]
    told = run(*place, *times, "--multivariate", "--format", "json", "--fail-on-drift")
    assert told.exit_code == 1, told.output
    report = orjson.loads(told.stdout)
    assert report["reference"] == "the window before"
    assert report["domain"]["is_drifted"]
    assert {name for name, _ in report["domain"]["columns"][:2]} == {"a", "c"}
    text = run(*place, *times, "--multivariate").stdout
    assert "a classifier can tell rows" in text
    assert "region" in text
    assert "| us | age |" in run(*place, *times, "--format", "md").stdout
    kept = run(*place, *times, "--save", "--every", "1h")
    assert kept.exit_code == 0, kept.output
    assert "results of 1 windows" in kept.stderr


def test_which_window_is_earlier() -> None:
    """Weekdays meet their like, also where windows are longer than a week."""
    day = timedelta(days=1)
    assert earlier(Window(START, START + day), "previous") == Window(START - day, START)
    assert earlier(Window(START, START + day), "week-before").since == START - 7 * day
    assert earlier(Window(START, START + 10 * day), "week-before").since == START - 14 * day


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "give --reference FILE or"),
        (["--against", "previous"], "give --since"),
        (["--reference", "CSV", "--current", "CSV", "--segment", "x"], "has no column 'x'"),
        (["--reference", "JSON", "--current", "CSV", "--multivariate"], "needs rows"),
        (["--reference", "JSON", "--current", "CSV", "--segment", "x"], "does not know the parts"),
    ],
)
def test_bad_input(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    """One sentence, exit code 2."""
    path, stored = tmp_path / "a.csv", tmp_path / "a.json"
    path.write_text("a,b\n" + "1,x\n2,y\n" * 100)
    run("reference", "create", str(path), "-o", str(stored))
    given = [{"CSV": str(path), "JSON": str(stored)}.get(one, one) for one in arguments]
    told = run("drift", *given)
    assert told.exit_code == 2, told.output
    assert sentence in " ".join(told.stderr.split())

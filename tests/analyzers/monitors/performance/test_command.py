"""``elkhound performance`` on a store, on files, and kept beside the records."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result
from elasticsearch import Elasticsearch

from analyzers.cli import main
from analyzers.stores.base import Window
from analyzers.stores.elasticsearch_results import ElasticsearchResults
from analyzers.stores.local_results import LocalResults
from analyzers.stores.results import ResultStore
from shipper.schema import schema
from shipper.schema.validation import lookup, validate
from tests.analyzers.conftest import START, Opener, Record, fill, prediction, record
from tests.conftest import install_templates

HOURS = 6
EACH = 200


def traffic() -> list[Record]:
    """Six hours of predictions; in the last two the model errs far more; labels come days late."""
    draw = np.random.default_rng(7)
    records = []
    for n in range(HOURS * EACH):
        seconds = n * 3600 / EACH
        score = float(draw.random())
        truth = bool(draw.random() < (score if seconds < 4 * 3600 else 0.5))
        said = prediction(seconds, n, version="1" if n % 2 else "2", segment={"region": "eu"})
        said["ml"]["prediction"] |= {"label": str(score >= 0.5).lower(), "score": score}
        records.append(said)
        if n % 4:
            late = seconds + 2 * 86_400
            ml = {"prediction": {"id": f"p{n}"}, "actual": {"label": str(truth).lower()}}
            records.append(record("feedback", late, n, ml=ml))
    return records


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["performance", *arguments])


def test_windows_of_a_store(open_local: Opener, tmp_path: Path) -> None:
    """Coverage, lag, verdicts; with exit code 1 where asked for."""
    open_local(traffic())
    place = ["--store", str(tmp_path), "--every", "1h", "--estimate"]
    told = run(*place, "--format", "json", "--fail-on-worse")
    assert told.exit_code == 1, told.output
    report = orjson.loads(told.stdout)
    assert [one["is_worse"] for one in report["windows"]] == [False] * 4 + [True] * 2
    assert [one["is_mistaken"] for one in report["windows"]] == [False] * 4 + [True] * 2
    assert report["overall"]["performance"]["coverage"] == 0.75
    assert report["overall"]["performance"]["lag_median"] == 2 * 86_400
    assert [one["name"] for one in report["groups"]["version"]] == ["1", "2"]
    text = run(*place, "--segment", "region")
    assert "worse than the reference in 2 of 6 windows" in " ".join(text.stdout.split())
    assert "WORSE" in text.stdout
    assert "the estimate was wrong in 2 of 6 windows" in " ".join(text.stdout.split())
    assert "| window | n | known | lag |" in run(*place, "--format", "md").stdout


def test_against_a_reference_with_labels(open_local: Opener, tmp_path: Path) -> None:
    """Made of the good hours, it judges all."""
    open_local(traffic())
    target = str(tmp_path / "reference.json")
    middle = (START + timedelta(hours=4)).isoformat()
    create = ["reference", "create", "--store", str(tmp_path), "--until", middle, "--labels"]
    made = CliRunner().invoke(main, [*create, "-o", target])
    assert made.exit_code == 0, made.output
    assert "600 labelled predictions" in made.stderr
    told = run(
        "--store", str(tmp_path), "--reference", target, "--since", middle, "--format", "json",
        "--every", "1h",
    )  # fmt: skip
    report = orjson.loads(told.stdout)
    assert [one["is_worse"] for one in report["windows"]] == [True, True]
    assert report["reference_loss"] == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("kind", ["local", "elasticsearch"])
def test_performance_is_kept_and_scored_again(
    kind: str, request: pytest.FixtureRequest, open_local: Opener, tmp_path: Path
) -> None:
    """Before the labels, after them, and again: each window once, with what is known by then."""
    records = traffic()
    early = [item for item in records if item["data_stream"]["dataset"] == "ml.prediction"]
    if kind == "local":
        open_local(early)
        location = str(tmp_path)
        stored: ResultStore = LocalResults(tmp_path)
    else:
        request.node.add_marker(pytest.mark.elasticsearch)
        url = request.getfixturevalue("elasticsearch_url")
        namespace = request.getfixturevalue("namespace")
        with Elasticsearch(url) as client:
            install_templates(client)
        fill(url, early, namespace)
        location = f"{url}?namespace={namespace}"
        stored = ElasticsearchResults(location)

    def refresh() -> None:
        if kind == "elasticsearch":
            with Elasticsearch(url) as client:
                client.indices.refresh(index=f"*-ml.*-{namespace}")

    save = ["--store", location, "--every", "1h", "--save", "--until", "2027-01-01"]
    refresh()
    first = run(*save)
    assert first.exit_code == 0, first.output
    known = {lookup(d, "ml.performance.coverage") for d in stored.read("performance", Window())}
    assert known == {0}
    late = [item for item in records if item["data_stream"]["dataset"] == "ml.feedback"]
    if kind == "local":
        open_local([*early, *late])
    else:
        fill(url, late, namespace)
    refresh()
    for _ in range(2):
        told = run(*save, "--estimate")
        assert told.exit_code == 0, told.output
    documents = list(stored.read("performance", Window()))
    stored.close()
    for document in documents:
        validate(document, schema("performance"))
    of_all = [d for d in documents if lookup(d, "ml.performance.scope") == "all"]
    assert [lookup(d, "ml.performance.labelled") for d in of_all] == [150.0] * HOURS
    assert [lookup(d, "ml.performance.is_worse") for d in of_all] == [False] * 4 + [True] * 2
    assert all(lookup(d, "ml.performance.estimated.accuracy") > 0.7 for d in of_all)
    cells = [d for d in documents if lookup(d, "ml.performance.scope") == "cell"]
    assert sum(lookup(d, "ml.performance.count") for d in cells) == 150 * HOURS
    scopes = {lookup(d, "ml.performance.scope") for d in documents}
    assert scopes == {"all", "version", "class", "cell", "bin"}


def test_alarms_become_incidents(open_local: Opener, tmp_path: Path) -> None:
    """A model that got worse is an incident of its own."""
    open_local(traffic())
    assert (
        run("--store", str(tmp_path), "--every", "1h", "--save", "--until", "2027-01-01").exit_code
        == 0
    )
    told = CliRunner().invoke(
        main, ["incidents", "--store", str(tmp_path), "--until", "2027-01-01", "--format", "json"]
    )
    assert told.exit_code == 0, told.output
    found = orjson.loads(told.stdout)["incidents"]
    assert any("performance" in incident["subject"] for incident in found)


def test_two_files(tmp_path: Path) -> None:
    """Without a store."""
    draw = np.random.default_rng(1)
    said, true = tmp_path / "p.csv", tmp_path / "f.csv"
    scores = draw.random(500)
    said.write_text(
        "prediction_id,timestamp,score,prediction,plan\n"
        + "".join(
            f"{n},2026-01-0{1 + n // 100},{s},{int(s > 0.5)},{'ab'[n % 2]}\n"
            for n, s in enumerate(scores)
        )
    )
    true.write_text(
        "prediction_id,actual\n"
        + "".join(f"{n},{int(draw.random() < s)}\n" for n, s in enumerate(scores))
    )
    told = run(
        "--predictions", str(said), "--feedback", str(true), "--segment", "plan", "--format", "json"
    )
    assert told.exit_code == 0, told.output
    report = orjson.loads(told.stdout)
    assert len(report["windows"]) == 5
    assert [one["name"] for one in report["groups"]["segment"]] == ["a", "b"]
    assert report["overall"]["performance"]["positive"] == "1"
    reference = str(tmp_path / "reference.json")
    made = CliRunner().invoke(
        main, ["reference", "create", str(said), "--feedback", str(true), "-o", reference]
    )
    assert made.exit_code == 0, made.output
    assert (
        run("--predictions", str(said), "--feedback", str(true), "--reference", reference).exit_code
        == 0
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--feedback", "FILE"], "--feedback needs --predictions"),
        (["--predictions", "FILE", "--save"], "leave out --predictions"),
        (["--predictions", "FILE", "--map", "actual"], "must be NAME=COLUMN"),
        (["--predictions", "FILE", "--positive", "left"], "no class is called 'left'"),
        (["--predictions", "FILE", "--segment", "nothing"], "has no column 'nothing'"),
        (["--predictions", "FILE", "--reference", "PLAIN"], "holds no labels"),
        (["--predictions", "FILE", "--reference", "FILE"], "cannot be used"),
    ],
)
def test_bad_input(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    """One sentence, exit code 2."""
    path, plain = tmp_path / "p.csv", tmp_path / "plain.json"
    path.write_text("prediction,actual\n1,0\n0,0\n")
    CliRunner().invoke(main, ["reference", "create", str(path), "-o", str(plain)])
    given = [{"FILE": str(path), "PLAIN": str(plain)}.get(one, one) for one in arguments]
    told = run(*given)
    assert told.exit_code == 2, told.output
    assert sentence in " ".join(told.stderr.split())


def test_several_models_are_not_judged_together(open_local: Opener, tmp_path: Path) -> None:
    """Their names are said."""
    records = traffic()[:50]
    records[0]["ml"]["model"]["name"] = "other"
    open_local(records)
    told = run("--store", str(tmp_path))
    assert told.exit_code == 2
    assert "give --model one of m, other" in told.stderr

"""Every kind of fault of the bench, once: its right cause comes first, on both stores alike."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from elasticsearch import Elasticsearch

from analyzers.findings import Cause, plain
from analyzers.stores.base import Window
from analyzers.stores.elasticsearch import ElasticsearchStore
from analyzers.stores.local import LocalStore
from benchmarks.root_cause.__main__ import Tally, explain, judge, run
from benchmarks.root_cause.catalogue import FAULTS
from shipper.schema import schema
from shipper.schema.validation import validate
from tests.analyzers.conftest import fill
from tests.conftest import install_templates, new_namespace


@pytest.mark.parametrize("name", FAULTS)
def test_the_right_cause_comes_first(name: str, tmp_path: Path) -> None:
    """And where there is no fault, nobody is accused."""
    answers = run(name, 100, tmp_path)
    with LocalStore(tmp_path) as store:
        causes, onsets = explain(store)
    tally = Tally()
    assert judge(tally, answers, causes, onsets) == []
    # of a fault that comes and goes, the first coming may be too weak to be seen
    assert all(off < (600 if name == "driver of a host" else 60) for off in tally.onset_errors)


@pytest.mark.elasticsearch
@pytest.mark.parametrize(
    "name", ["bad deploy on some hosts", "unit change", "memory leak", "slow dependency"]
)
def test_a_cluster_says_the_same(name: str, tmp_path: Path, elasticsearch_url: str) -> None:
    """The same causes with the same numbers."""
    run(name, 101, tmp_path)
    namespace = new_namespace()
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        install_templates(client)
        for path in tmp_path.glob("*/*.ndjson"):
            fill(
                elasticsearch_url,
                list(map(orjson.loads, path.read_bytes().splitlines())),
                namespace,
            )
        client.indices.refresh(index=f"*-ml.*-{namespace}")
    with LocalStore(tmp_path) as local:
        here, _ = explain(local)
    with ElasticsearchStore(f"{elasticsearch_url}?namespace={namespace}") as cluster:
        there, _ = explain(cluster)
    assert set(here) == set(there)
    assert any(here.values())
    for fingerprint, causes in here.items():
        assert list(map(_rounded, causes)) == list(map(_rounded, there[fingerprint]))


def _rounded(cause: Cause) -> str:
    fields = plain(cause)
    numbers = {k: round(v, 9) if isinstance(v, float) else v for k, v in fields.items()}
    return orjson.dumps(numbers).decode()


def test_the_bench_makes_records_that_a_service_would(tmp_path: Path) -> None:
    """Valid ones, the same for the same seed."""
    run("memory leak", 7, tmp_path / "a")
    run("memory leak", 7, tmp_path / "b")
    files = sorted((tmp_path / "a").glob("*/*.ndjson"))
    assert len(files) == 4
    for path in files:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
        kind = path.parent.name.split("-")[1].removeprefix("ml.")
        for line in path.read_bytes().splitlines()[:50]:
            validate(orjson.loads(line), schema(kind))
    with LocalStore(tmp_path / "a") as store:
        assert store.coverage(Window()).set_aside_count == 0

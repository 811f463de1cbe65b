"""References of parts are, together, that of the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.cli import main
from analyzers.monitors.drift.comparing import compare
from analyzers.monitors.references.columns import count_numbers, profile_categories, profile_numbers
from analyzers.monitors.references.merging import merge_categories, merge_numbers, merge_references
from analyzers.monitors.references.profiles import NumberProfile
from analyzers.monitors.references.reference import Reference, SegmentProfile
from tests.analyzers.conftest import Opener, record


def profile(values: np.ndarray) -> NumberProfile:
    """Return the profile of a column that has values."""
    made = profile_numbers(np.asarray(values, dtype=float))
    assert made is not None
    return made


def test_parts_of_a_column_are_the_whole() -> None:
    """Shifted, scaled, with missing values and an outlier: nothing drifts, and nothing is lost."""
    draw = np.random.default_rng(1)
    parts = [
        draw.normal(0, 1, 4000),
        draw.normal(3, 2, 2000),
        np.append(draw.normal(0, 1, 500), 1e9),
    ]
    parts[1][:300] = np.nan
    merged = profile(parts[0])
    for part in parts[1:]:
        merged = merge_numbers(merged, profile(part))
    whole = np.concatenate(parts)
    assert (merged.n, merged.missing) == (6201, 300)
    assert merged.below + sum(merged.counts) + merged.above == merged.n
    (found,) = compare({"x": merged}, {"x": count_numbers(whole, merged.edges)})
    assert (found.kolmogorov_smirnov or 0) < 0.01
    assert (found.wasserstein or 0) < 0.02
    assert not found.is_drifted
    assert len(merged.edges) < 600


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=200), st.integers(0, 200))
def test_whole_numbers_add_up_exactly(values: list[int], cut: int) -> None:
    """As long as both parts have seen the same ones."""
    both = [*range(-5, 6), *values]
    a, b = both, [*range(-5, 6), *values[:cut]]
    merged = merge_numbers(profile(np.array(a)), profile(np.array(b)))
    counted = count_numbers(np.array([*a, *b], dtype=float), merged.edges)
    assert merged.counts == counted.counts
    assert merged.n == counted.n


def test_categories_add_up() -> None:
    """Those that are in one part alone, too."""
    merged = merge_categories(
        profile_categories({"a": 3, "b": 1}, 2), profile_categories({"b": 4, "c": 1}, 1)
    )
    assert (merged.n, merged.missing, merged.other) == (9, 3, 0)
    assert merged.counts == {"a": 3, "b": 5, "c": 1}


def test_columns_and_segments_that_one_part_has() -> None:
    """Its rows lack the column; its segment is kept."""
    column = profile(np.arange(100))
    a = Reference(
        100, {"x": column}, segment="s", segments={"eu": SegmentProfile(100, {"x": column})}
    )
    b = Reference(50, {}, segment="s", segments={"us": SegmentProfile(50, {})})
    merged = merge_references([a, b])
    assert (merged.rows, merged.columns["x"].missing) == (150, 50)
    assert {value: part.rows for value, part in merged.segments.items()} == {"eu": 100, "us": 50}


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([], "nothing to merge"),
        ([Reference(1, {}, model="a"), Reference(1, {}, model="b")], "several models: a, b"),
        (
            [
                Reference(9, {"x": profile(np.arange(9))}),
                Reference(1, {"x": profile_categories({"a": 1}, 0)}),
            ],
            "x is of numbers in one",
        ),
    ],
)
def test_what_cannot_be_merged(parts: list[Reference], sentence: str) -> None:
    """A sentence."""
    with pytest.raises(ValueError, match=sentence):
        merge_references(parts)


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["reference", *arguments])


def test_the_command(tmp_path: Path) -> None:
    """Two days are one reference."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(
            "x,y,z\n" + "".join(f"{n},{n % 7},{n % 5}\n" for n in range(300))
        )
        made = run("create", str(tmp_path / f"{name}.csv"), "-o", str(tmp_path / f"{name}.json"))
        assert made.exit_code == 0
    merged = run("merge", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert merged.exit_code == 0, merged.output
    document = orjson.loads(merged.stdout)
    assert (document["rows"], document["source"]) == (600, "a.csv + b.csv")
    assert document["columns"]["y"]["n"] == 600
    assert "they need rows" in merged.stderr
    wrong = run("merge", str(tmp_path / "a.csv"))
    assert wrong.exit_code == 2


def test_a_registered_model_brings_its_training_data(open_local: Opener, tmp_path: Path) -> None:
    """The newest registration of the version counts."""
    path = tmp_path / "train.csv"
    path.write_text("x\n" + "1\n2\n" * 50)

    def registered(seconds: float, version: str, dataset: str | None) -> dict[str, object]:
        ml: dict[str, object] = {"model": {"name": "m", "version": version}}
        if dataset is not None:
            ml["training"] = {"dataset": dataset}
        return record(
            "lifecycle", seconds, int(seconds), event={"action": "model-registered"}, ml=ml
        )

    open_local(
        [
            registered(-9e6, "1", "s3://elsewhere"),
            registered(-8e6, "1", f"file://{path}"),
            registered(-7e6, "2", "s3://elsewhere"),
            registered(-6e6, "3", None),
        ]
    )
    place = ["create", "--registered", "--store", str(tmp_path), "--model", "m"]
    made = run(*place, "--version", "1")
    assert made.exit_code == 0, made.output
    assert orjson.loads(made.stdout)["rows"] == 100
    assert "are no file here" in run(*place, "--version", "2").stderr
    assert "without its training data" in run(*place, "--version", "3").stderr
    assert "no such model" in run(*place, "--version", "4").stderr
    assert "needs --model" in run("create", "--registered").stderr

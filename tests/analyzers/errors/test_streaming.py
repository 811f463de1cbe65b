"""Messages get a template at once; after a batch pass, stream and batch agree on every one."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from analyzers.cli import main
from analyzers.errors.streaming import StreamingTemplates
from analyzers.errors.templates import find_templates

LOGHUB = Path(__file__).resolve().parents[4] / "shared" / "data" / "loghub"
WORDS = st.sampled_from(["user", "amber", "blue", "coral", "dune", "fern", "7", "10.0.0.1", "left"])


@given(st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=40), st.integers(1, 40))
def test_after_a_pass_both_agree(messages: list[str], every: int) -> None:
    """Whatever comes, in whatever order, and however often it is reconciled in between."""
    stream = StreamingTemplates()
    for place, message in enumerate(messages, 1):
        stream.assign(message)
        if place % every == 0:
            stream.reconcile()
    stream.reconcile()
    assert [stream.assign(m).text for m in messages] == [t.text for t in find_templates(messages)]


def test_what_changed_is_said() -> None:
    """One template per name at first; they become one, and a new name fits it at once."""
    stream = StreamingTemplates()
    names = ("amber", "blue", "coral", "dune", "fern")
    first = [stream.assign(f"user {name} is not known here").id for name in names]
    assert len(set(first)) == 5
    changes = stream.reconcile()
    ((identity, text),) = changes.templates.items()
    assert text == "user <*> is not known here"
    assert changes.renamed == dict.fromkeys(first, (identity,))
    assert stream.assign("user greta is not known here").id == identity
    assert stream.reconcile().renamed == {}


@pytest.mark.parametrize("name", ["HDFS", "Linux", "Zookeeper"])
def test_labelled_logs(name: str) -> None:
    """Two thousand lines of a real log, reconciled every 500: the same as the batch."""
    path = LOGHUB / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent: labelled logs may not be part of this project")
    with path.open(encoding="utf-8", newline="") as file:
        messages = [row["content"] for row in csv.DictReader(file)]
    stream = StreamingTemplates()
    for place, message in enumerate(messages, 1):
        stream.assign(message)
        if place % 500 == 0:
            stream.reconcile()
    stream.reconcile()
    assert [stream.assign(m).id for m in messages] == [t.id for t in find_templates(messages)]


def test_standard_input_is_labelled_line_by_line() -> None:
    """And the last line says what became of the groups; then both agree with a file."""
    lines = [f"user {name} is not known here" for name in ("amber", "blue", "coral", "dune")]
    told = CliRunner().invoke(
        main, ["errors", "group", "-", "--format", "ndjson"], input="\n".join(lines) + "\n"
    )
    assert told.exit_code == 0, told.output
    *labels, last = map(orjson.loads, told.stdout.splitlines())
    assert [label["line"] for label in labels] == [1, 2, 3, 4]
    batch = find_templates(lines)
    for label, template in zip(labels, batch, strict=True):
        assert last["renamed"].get(label["group"], [label["group"]]) == [template.id]

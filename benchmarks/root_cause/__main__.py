"""Is the first cause the right one? ``python -m benchmarks.root_cause [SEEDS] [OPTIONS]``.

For each fault and seed an hour of a service is made, and every error group that the fault brought
is explained. Top 1 and top 3: groups whose right cause is the first, or one of the first three. A
false accusation is a run without a fault in which any group gets a cause. ``--wrong`` shows what
was wrong; ``--cluster`` asks the tests' own Elasticsearch node instead of the local store.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import orjson
from elasticsearch import Elasticsearch

from analyzers.errors.groups import group_patterns
from analyzers.findings import Cause
from analyzers.root_cause.explanations import Explanations, with_both_ends
from analyzers.stores.base import Store, Window
from analyzers.stores.elasticsearch import ElasticsearchStore
from analyzers.stores.local import LocalStore
from benchmarks.root_cause.catalogue import FAULTS
from benchmarks.root_cause.faults import Answer
from benchmarks.root_cause.world import START, World
from benchmarks.timing import machine
from tests.analyzers.conftest import fill
from tests.conftest import install_templates, new_namespace
from tests.elasticsearch_node import running_node

SEEDS = 20


Ranked = list[tuple[float, bool]]
"""Score of each cause of a group, in order, and whether it is right."""


@dataclass(slots=True)
class Tally:
    """What came of one kind of fault."""

    groups: int = 0
    first: int = 0
    among_three: int = 0
    accused: int = 0
    innocent: int = 0
    onset_errors: list[float] = field(default_factory=list)
    ranked: list[Ranked] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count what another one did, too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self, name: str) -> str:
        """Return a row of the table."""
        if not self.groups:
            return f"| {name} | | {self.accused} of {self.innocent} accused | | |"
        off = sorted(self.onset_errors)[len(self.onset_errors) // 2]
        first, three = self.first / self.groups, self.among_three / self.groups
        return f"| {name} | {self.groups} | {first:.0%} | {three:.0%} | {off:.1f} |"


def run(name: str, seed: int, folder: Path) -> list[Answer]:
    """Let one hour pass, write it, and return the right answers."""
    world = World(seed * 1000 + list(FAULTS).index(name))
    answers = FAULTS[name](world)
    world.innocent_changes(answers[0].onset if answers else -1e9)
    world.write(folder)
    return answers


def explain(store: Store) -> tuple[dict[str, list[Cause]], dict[str, float]]:
    """Return the causes of each group, and the middle of its onset, by fingerprint."""
    coverage = store.coverage(Window())
    assert coverage.first is not None
    assert coverage.last is not None
    window = with_both_ends(Window(), coverage.first, coverage.last)
    groups = group_patterns(store.error_patterns(window))
    explanations = Explanations(store, window, groups)
    causes: dict[str, list[Cause]] = {}
    onsets: dict[str, float] = {}
    for group in groups:
        found = explanations.causes(group)
        onset = explanations.onset(group)
        middle = onset.earliest + (onset.latest - onset.earliest) / 2
        for fingerprint in group.fingerprints:
            causes[fingerprint] = found
            onsets[fingerprint] = (middle - START).total_seconds()
    return causes, onsets


def is_right(cause: Cause, answer: Answer) -> bool:
    """Return whether a cause is one of those that are right."""
    return any(
        cause.category == kind
        and (not name or cause.field == name)
        and (not value or cause.value == value)
        for kind, name, value in answer.causes
    )


def judge(
    tally: Tally,
    answers: Sequence[Answer],
    causes: dict[str, list[Cause]],
    onsets: dict[str, float],
) -> list[str]:
    """Count one run, and return what was wrong."""
    tally.innocent += not answers
    wrong: list[str] = []
    for answer in answers:
        found = causes.get(answer.fingerprint, [])
        tally.groups += 1
        right = [is_right(cause, answer) for cause in found]
        tally.ranked.append([(c.score, is_it) for c, is_it in zip(found, right, strict=True)])
        tally.first += right[:1] == [True]
        tally.among_three += any(right[:3])
        if answer.fingerprint in onsets:
            tally.onset_errors.append(abs(onsets[answer.fingerprint] - answer.onset))
        if right[:1] != [True]:
            shown = [f"{c.category} {c.field}={c.value} {c.score:.2f}" for c in found[:3]]
            wrong.append(f"wanted {answer.causes}: {shown}")
    innocent = [c for f, c in causes.items() if f not in {a.fingerprint for a in answers} and c]
    if not answers and innocent:
        tally.accused += 1
        cause = innocent[0][0]
        tally.ranked.append([(cause.score, False) for cause in innocent[0]])
        wrong.append(f"accused: {cause.category} {cause.field}={cause.value} {cause.score:.2f}")
    return wrong


def try_out(name: str, seed: int, url: str | None = None) -> tuple[Tally, list[str]]:
    """Let one world go wrong, and judge what is said about it."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        answers = run(name, seed, Path(folder))
        with LocalStore(Path(folder)) if url is None else in_cluster(Path(folder), url) as store:
            causes, onsets = explain(store)
    return tally, [f"  {seed}: {text}" for text in judge(tally, answers, causes, onsets)]


@contextlib.contextmanager
def in_cluster(folder: Path, url: str) -> Iterator[Store]:
    """Copy the records of a folder into a cluster; they go when the node does."""
    namespace = new_namespace()
    for path in folder.glob("*/*.ndjson"):
        fill(url, list(map(orjson.loads, path.read_bytes().splitlines())), namespace)
    with Elasticsearch(url, request_timeout=60) as client:
        client.indices.refresh(index=f"*-ml.*-{namespace}")
        with ElasticsearchStore(f"{url}?namespace={namespace}") as store:
            yield store


def main() -> None:
    """Print a row for each kind of fault, and how often scores are right."""
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    seeds = numbers[0] if numbers else SEEDS
    on_cluster = "--cluster" in sys.argv
    where = "Elasticsearch" if on_cluster else "local store"
    print(f"Root causes, {seeds} seeds of each fault, {where} ({machine()})\n")
    print("| fault | groups | top 1 | top 3 | onset off by, median s |\n|---|---|---|---|---|")
    total = Tally()
    begun = time.perf_counter()
    with contextlib.ExitStack() as stack:
        url = None
        if on_cluster:
            url = stack.enter_context(running_node())
            with Elasticsearch(url) as client:
                install_templates(client)
        pool = stack.enter_context(ProcessPoolExecutor(1 if on_cluster else None))
        running = {
            name: [pool.submit(try_out, name, seed, url) for seed in range(seeds)]
            for name in FAULTS
        }
        for name, futures in running.items():
            tally = Tally()
            wrong: list[str] = []
            for future in futures:
                one, texts = future.result()
                tally.add(one)
                wrong += texts
            print(tally.row(name), flush=True)
            if "--wrong" in sys.argv and wrong:
                print("\n".join(wrong))
            total.add(tally)
    print(
        f"| **all** | {total.groups} | {total.first / total.groups:.1%} | "
        f"{total.among_three / total.groups:.1%} | |"
    )
    print(f"\nFalse accusations: {total.accused} of {total.innocent} runs without a cause.")
    print("\n" + reliability(total.ranked))
    print(f"\n{time.perf_counter() - begun:.0f} s")


def reliability(groups: Sequence[Ranked]) -> str:
    """Return how often first causes, and those after them, are right, by their score."""
    lines = ["| score | first causes | right | later causes | right |", "|---|---|---|---|---|"]
    places = [[r[0] for r in groups if r], [item for r in groups for item in r[1:]]]
    for low, high in pairwise((0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 1.01)):
        cells = [f"{low:.2f} to {min(high, 1):.2f}"]
        for causes in places:
            mine = [right for score, right in causes if low <= score < high]
            cells += [str(len(mine)), f"{sum(mine) / len(mine):.0%}" if mine else ""]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

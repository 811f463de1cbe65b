"""Is the first cause the right one? ``python -m benchmarks.root_cause [SEEDS] [--wrong]``.

For each fault and seed an hour of a service is made, and every error group that the fault brought
is explained. Top 1 and top 3: groups whose right cause is the first, or one of the first three. A
false accusation is a run without a fault in which any group gets a cause.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analyzers.errors.groups import group_patterns
from analyzers.findings import Cause
from analyzers.root_cause.ranking import Explanations, until_now
from analyzers.stores.base import Store, Window
from analyzers.stores.local import LocalStore
from benchmarks.root_cause.faults import FAULTS, Answer
from benchmarks.root_cause.world import START, World
from benchmarks.timing import machine

SEEDS = 20


@dataclass(slots=True)
class Tally:
    """What came of one kind of fault."""

    groups: int = 0
    first: int = 0
    among_three: int = 0
    accused: int = 0
    runs: int = 0
    onset_errors: list[float] = field(default_factory=list)


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
    window = until_now(Window(), coverage.first, coverage.last)
    groups = group_patterns(store.error_patterns(window))
    owner = {f: group.id for group in groups for f in group.fingerprints}
    services: dict[str, list[str]] = {}
    for item in store.value_counts("error", "service.name", window, by="error.fingerprint"):
        services.setdefault(owner[item.key], []).append(item.value)
    explanations = Explanations(store, window, groups, services)
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
    tally.runs += 1
    wrong: list[str] = []
    for answer in answers:
        found = causes.get(answer.fingerprint, [])
        tally.groups += 1
        right = [is_right(cause, answer) for cause in found]
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
        wrong.append(f"accused: {cause.category} {cause.field}={cause.value} {cause.score:.2f}")
    return wrong


def main() -> None:
    """Print a row for each kind of fault."""
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    seeds = numbers[0] if numbers else SEEDS
    print(f"Root causes, {seeds} seeds of each fault, local store ({machine()})\n")
    print("| fault | groups | top 1 | top 3 | onset off by, median s |\n|---|---|---|---|---|")
    total = Tally()
    begun = time.perf_counter()
    accused = runs = 0
    for name in FAULTS:
        tally = Tally()
        wrong: list[str] = []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                answers = run(name, seed, Path(folder))
                with LocalStore(Path(folder)) as store:
                    causes, onsets = explain(store)
            wrong += [f"  {seed}: {text}" for text in judge(tally, answers, causes, onsets)]
        if name == "nothing":
            accused, runs = tally.accused, tally.runs
            print(f"| {name} | | {tally.accused} of {tally.runs} accused | | |", flush=True)
        else:
            off = sorted(tally.onset_errors)[len(tally.onset_errors) // 2]
            print(
                f"| {name} | {tally.groups} | {tally.first / tally.groups:.0%} | "
                f"{tally.among_three / tally.groups:.0%} | {off:.1f} |",
                flush=True,
            )
        if "--wrong" in sys.argv:
            print("\n".join(wrong))
        total.groups += tally.groups
        total.first += tally.first
        total.among_three += tally.among_three
    print(
        f"| **all** | {total.groups} | {total.first / total.groups:.1%} | "
        f"{total.among_three / total.groups:.1%} | |"
    )
    print(f"\nFalse accusations: {accused} of {runs} runs without a fault.")
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()

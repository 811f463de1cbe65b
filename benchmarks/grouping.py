"""How fast and how right messages are grouped, beside drain3.

Run it with ``python -m benchmarks.grouping FOLDER``, where FOLDER holds CSV files with the columns
``content`` and ``template`` (LogHub 2k).
"""

from __future__ import annotations

import csv
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

from analyzers.errors.streaming import StreamingTemplates
from analyzers.errors.templates import Template, find_templates
from benchmarks.timing import machine


def grouping_scores(
    truth: Sequence[str], groups: Sequence[Hashable], templates: Sequence[str]
) -> tuple[float, float, float, float]:
    """Return GA, FGA, PA and FTA.

    Source: Z. Jiang et al., A Large-Scale Evaluation for Log Parsing Techniques, ISSTA 2024.
    """
    true_sets = {frozenset(lines): name for name, lines in _lines_by(truth).items()}
    found_sets = [frozenset(lines) for lines in _lines_by(groups).values()]
    right = [lines for lines in found_sets if lines in true_sets]
    by_template = {name: frozenset(lines) for name, lines in _lines_by(templates).items()}
    exact = sum(true_sets.get(lines) == name for name, lines in by_template.items())
    return (
        sum(map(len, right)) / len(truth),
        2 * len(right) / (len(found_sets) + len(true_sets)),
        sum(a == b for a, b in zip(truth, templates, strict=True)) / len(truth),
        2 * exact / (len(by_template) + len(true_sets)),
    )


def _lines_by(labels: Sequence[Hashable]) -> dict[Hashable, set[int]]:
    lines: dict[Hashable, set[int]] = defaultdict(set)
    for place, label in enumerate(labels):
        lines[label].add(place)
    return lines


Grouper = Callable[[list[str]], tuple[list[Hashable], list[str]]]


def ours(messages: list[str]) -> tuple[list[Hashable], list[str]]:
    """Return group and template of each message as Elkhound finds them."""
    found = find_templates(messages)
    return [template.id for template in found], [template.text for template in found]


def drain3(messages: list[str]) -> tuple[list[Hashable], list[str]]:
    """Return group and template of each message as drain3 finds them, with its defaults."""
    miner = TemplateMiner(config=TemplateMinerConfig())
    groups = [miner.add_log_message(message)["cluster_id"] for message in messages]
    texts = {cluster.cluster_id: cluster.get_template() for cluster in miner.drain.clusters}
    return groups, [texts[group] for group in groups]


def as_they_come(messages: list[str]) -> tuple[list[Hashable], list[str]]:
    """Return what each message was assigned at once, with a batch pass after every 500."""
    stream = StreamingTemplates()
    found: list[Template] = []
    for place, message in enumerate(messages, 1):
        found.append(stream.assign(message))
        if place % 500 == 0:
            stream.reconcile()
    return [template.id for template in found], [template.text for template in found]


def main() -> None:
    """Print a row for each data set and grouper, and the means."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("../shared/data/loghub")
    files = sorted(folder.glob("*.csv"))
    if not files:
        sys.exit(f"no CSV files in {folder}: give the folder of the LogHub 2k sets")
    for name, grouper in (
        ("Elkhound", ours),
        ("Elkhound, as assigned line by line", as_they_come),
        ("drain3, defaults", drain3),
    ):
        print(f"\n{name}: grouping, one configuration for all sets ({machine()})\n")
        print("| data set | GA | FGA | PA | FTA | lines/s |\n|---|---|---|---|---|---|")
        _measure(files, grouper)


def _measure(files: Sequence[Path], grouper: Grouper) -> None:
    scores = []
    total_lines = 0
    total_seconds = 0.0
    for file in files:
        with file.open(newline="") as source:
            rows = list(csv.DictReader(source))
        messages = [row["content"] for row in rows]
        begin = time.perf_counter()
        groups, templates = grouper(messages)
        seconds = time.perf_counter() - begin
        score = grouping_scores([row["template"] for row in rows], groups, templates)
        scores.append(score)
        total_lines += len(rows)
        total_seconds += seconds
        numbers = " | ".join(f"{value:.3f}" for value in score)
        print(f"| {file.stem} | {numbers} | {len(rows) / seconds:,.0f} |")
    means = " | ".join(f"{sum(column) / len(column):.3f}" for column in zip(*scores, strict=True))
    print(f"| **mean** | {means} | {total_lines / total_seconds:,.0f} |")


if __name__ == "__main__":
    main()

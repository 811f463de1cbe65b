"""How right exceptions are grouped, beside three common ways of doing it.

Run it with ``python -m benchmarks.exceptions [--wrong]``. The errors are real ones
(``tests/corpus``), each with its root cause; pairs of errors are right when they are together and
have one cause. The errors of other versions of the libraries are recorded beside the corpus
(``--record``, run with those versions), and a second table groups both together.
"""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

import orjson

from analyzers.errors.groups import group_patterns
from analyzers.stores.base import ErrorPattern
from shipper.exceptions import ErrorDescription, describe
from shipper.fingerprint import ExceptionSummary, Frame
from shipper.redaction import Redactor
from tests.corpus import ROOT_CAUSES

RECORDED = Path(__file__).parent.parent / "tests" / "corpus" / "recorded.ndjson"
"""Errors that the oldest versions raise."""

LIBRARIES = ("numpy", "pandas", "scikit-learn", "onnxruntime", "pydantic", "requests")
_TEXTS = ("type", "template", "fingerprint", "culprit")

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Raised:
    """One error of the corpus, and its root cause."""

    cause: str
    error: ErrorDescription


def raise_all() -> list[Raised]:
    """Raise every error of the corpus.

    Raises:
        AssertionError: If one of them does not raise.
    """
    redactor = Redactor()
    found: list[Raised] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cause, ways in ROOT_CAUSES.items():
            for way in ways:
                try:
                    way()
                except BaseException as error:
                    found.append(Raised(cause, describe(error, redactor)))
                else:
                    raise AssertionError(f"{cause}: {way} does not raise")
    return found


def record(raised: Sequence[Raised], path: Path) -> None:
    """Write errors down, after the versions of the libraries that raised them.

    The messages stay out: they name folders of the machine, and their templates do.
    """
    lines: list[object] = [{name: version(name) for name in LIBRARIES}]
    for item in raised:
        chain = [
            [one.type, one.relation, [[f.module, f.function, f.own] for f in one.frames]]
            for one in item.error.chain
        ]
        texts = {name: getattr(item.error, name) for name in _TEXTS}
        lines.append({"cause": item.cause, **texts, "types": item.error.types, "chain": chain})
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def read_recorded(path: Path = RECORDED) -> list[Raised]:
    """Return errors that were written down."""
    found: list[Raised] = []
    for line in path.read_bytes().splitlines()[1:]:
        item = orjson.loads(line)
        chain = tuple(
            ExceptionSummary(type_, "", relation, tuple(_frame(*frame) for frame in frames))
            for type_, relation, frames in item["chain"]
        )
        described = ErrorDescription(
            **{name: item[name] for name in _TEXTS},
            message=item["template"],
            stack_trace="",
            types=tuple(item["types"]),
            code=None,
            chain=chain,
        )
        found.append(Raised(item["cause"], described))
    return found


def _frame(module: str, function: str, is_own: bool) -> Frame:
    return Frame(module, function, "", 0, is_own)


def ours(errors: Sequence[ErrorDescription]) -> list[Hashable]:
    """Return the group that Elkhound puts each error into."""
    by_fingerprint: dict[str, ErrorDescription] = {}
    for error in errors:
        by_fingerprint.setdefault(error.fingerprint, error)
    patterns = [
        ErrorPattern(
            fingerprint=fingerprint,
            type=error.type,
            types=error.types,
            template=error.template,
            message=error.message,
            culprit=error.culprit,
            logger="service",
            count=1,
            first_seen=NOW,
            last_seen=NOW,
        )
        for fingerprint, error in by_fingerprint.items()
    ]
    group_of = {f: group.id for group in group_patterns(patterns) for f in group.fingerprints}
    return [group_of[error.fingerprint] for error in errors]


def own_frames(errors: Sequence[ErrorDescription]) -> list[Hashable]:
    """Group by types and own-code frames, as Sentry's default does where there are any."""
    return [
        tuple(
            (item.type, tuple(frame.place() for frame in item.frames if frame.own))
            for item in error.chain
        )
        for error in errors
    ]


def all_frames(errors: Sequence[ErrorDescription]) -> list[Hashable]:
    """Group by type and all frames, as Rollbar does."""
    return [(error.type, tuple(f.place() for f in error.chain[0].frames)) for error in errors]


def top_frame(errors: Sequence[ErrorDescription]) -> list[Hashable]:
    """Group by type, masked message and top frame, as Datadog does."""
    return [
        (
            error.type,
            error.template,
            error.chain[0].frames[-1].place() if error.chain[0].frames else "",
        )
        for error in errors
    ]


Grouper = Callable[[Sequence[ErrorDescription]], list[Hashable]]

GROUPERS: dict[str, Grouper] = {
    "Elkhound": ours,
    "own frames (Sentry-like)": own_frames,
    "all frames (Rollbar-like)": all_frames,
    "type, message, top frame (Datadog-like)": top_frame,
}


def pairwise_scores(truth: Sequence[Hashable], groups: Sequence[Hashable]) -> tuple[float, ...]:
    """Return pairwise precision, recall and F1.

    Source: C. Manning, P. Raghavan, H. Schuetze, Introduction to Information Retrieval, 2008, 16.3.
    """
    together = right = wanted = 0
    for (a, one), (b, other) in combinations(zip(truth, groups, strict=True), 2):
        together += one == other
        wanted += a == b
        right += one == other and a == b
    precision = right / together if together else 1.0
    recall = right / wanted if wanted else 1.0
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0


def main() -> None:
    """Print the table, and on request what was put into a wrong group."""
    raised = raise_all()
    if "--record" in sys.argv:
        record(raised, RECORDED)
        return
    print(f"{len(raised)} real errors with {len(ROOT_CAUSES)} root causes ({_versions()})\n")
    print(scores(raised))
    both = [*raised, *read_recorded()]
    then = orjson.loads(RECORDED.read_bytes().partition(b"\n")[0])
    listed = ", ".join(f"{name} {number}" for name, number in then.items())
    print(f"\nTogether with the {len(both) - len(raised)} of other versions ({listed})\n")
    print(scores(both))
    if "--wrong" in sys.argv:
        _show_wrong(both, ours([item.error for item in both]))


def scores(raised: Sequence[Raised]) -> str:
    """Return a row for each way of grouping."""
    truth = [item.cause for item in raised]
    errors = [item.error for item in raised]
    lines = ["| grouped by | groups | precision | recall | F1 |", "|---|---|---|---|---|"]
    for name, grouper in GROUPERS.items():
        groups = grouper(errors)
        numbers = " | ".join(f"{value:.3f}" for value in pairwise_scores(truth, groups))
        lines.append(f"| {name} | {len(set(groups))} | {numbers} |")
    return "\n".join(lines)


def _versions() -> str:
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def _show_wrong(raised: Sequence[Raised], groups: Sequence[Hashable]) -> None:
    by_cause: dict[str, set[Hashable]] = defaultdict(set)
    by_group: dict[Hashable, set[str]] = defaultdict(set)
    for item, group in zip(raised, groups, strict=True):
        by_cause[item.cause].add(group)
        by_group[group].add(item.cause)
    for item, group in zip(raised, groups, strict=True):
        if len(by_cause[item.cause]) > 1 or len(by_group[group]) > 1:
            error = item.error
            print(f"{item.cause!r} in {group}: {error.types} {error.culprit} {error.template!r}")


if __name__ == "__main__":
    main()

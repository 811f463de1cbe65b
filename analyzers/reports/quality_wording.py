"""Quality in words and numbers, the same in every format."""

from __future__ import annotations

import math
from collections import Counter

from analyzers.monitors.quality.checks import QualityCheck
from analyzers.monitors.quality.report import QualityReport
from analyzers.reports.wording import counted, probability
from analyzers.root_cause.summaries import share_text

HEADERS = ("column", "rule", "broken by", "share", "allowed", "q")
TEXTS = 2
"""Columns of text, at the left."""


def quality_headline(report: QualityReport) -> str:
    """Return the report in one sentence."""
    made = counted(len(report.checks), "check")
    broken = len(report.violated)
    what = f"{broken} of {made} broken" if broken else f"No rule broken in {made}"
    return f"{what}, over {report.rows:,} rows."


def quality_notes(report: QualityReport) -> list[str]:
    """Return what a reader must know beside the numbers."""
    notes = []
    for one in report.checks:
        name = one.column or one.dimension
        if one.note:
            notes.append(f"{name}: {one.note}")
        if one.is_violated and one.examples:
            notes.append(f"{name} has {', '.join(repr(value) for value in one.examples)}")
    return list(dict.fromkeys(notes))


def kept_text(report: QualityReport) -> str:
    """Return how many checks of each dimension are kept."""
    kept = Counter(one.dimension for one in report.checks if not one.is_violated)
    return ", ".join(f"{number} of {dimension}" for dimension, number in sorted(kept.items()))


def quality_row(one: QualityCheck) -> tuple[str, ...]:
    """Return the cells of a check, in the order of ``HEADERS``."""
    is_share = one.dimension != "volume" or one.is_declared
    return (
        one.column or "all rows",
        f"{one.dimension}: {one.rule}",
        f"{one.violations:,} of {one.n:,}",
        "" if not math.isfinite(one.share) else (
            share_text(one.share) if is_share else f"x {one.share:.2f}"
        ),
        share_text(one.allowed) if is_share else "",
        "declared" if one.is_declared else probability(one.q),
    )  # fmt: skip

"""Drift in words and numbers, the same in every format."""

from __future__ import annotations

import math

from analyzers.monitors.drift.comparing import ColumnDrift
from analyzers.monitors.drift.report import DriftReport
from analyzers.reports.wording import counted, joined, probability
from analyzers.root_cause.summaries import share_text

HEADERS = ("column", "drift", "q", "KS", "W1", "moved", "PSI", "missing")


def drift_headline(report: DriftReport) -> str:
    """Return the report in one sentence."""
    judged = sum(column.p is not None for column in report.columns)
    drifted = len(report.drifted)
    what = f"{drifted} of {counted(judged, 'column')} drifted" if drifted else (
        f"No drift in {counted(judged, 'column')}"
    )  # fmt: skip
    return f"{what}: {report.rows:,} rows against {report.reference_rows:,} of the reference."


def drift_notes(report: DriftReport) -> list[str]:
    """Return what a reader must know beside the columns' numbers."""
    notes = [f"column {name} is gone" for name in report.missing_columns]
    notes += [f"column {name} is new, and not compared" for name in report.new_columns]
    notes += [f"{name}: {reason}" for name, reason in sorted(report.skipped.items())]
    for column in report.columns:
        if column.reason is not None:
            notes.append(f"{column.column} is not judged: {column.reason}")
        if column.new:
            notes.append(f"{column.column} has new categories: {joined(column.new)}")
        if column.vanished:
            notes.append(f"{column.column} has no more: {joined(column.vanished)}")
    return notes


def together_text(report: DriftReport) -> list[tuple[str, bool]]:
    """Return what is known of all columns together, and whether it drifted."""
    said: list[tuple[str, bool]] = []
    built, domain = report.reconstruction, report.domain
    if built is not None and built.error is not None:
        how = "no longer go together as they did" if built.is_drifted else "go together as they did"
        said.append(
            (
                f"numeric columns {how}: error of the reference's principal components "
                f"{built.reference_error:.3f}, now {built.error:.3f} (p = {probability(built.p)})",
                built.is_drifted,
            )
        )
    if domain is not None and domain.roc_auc is not None:
        how = "can" if domain.is_drifted else "cannot"
        by = ", ".join(f"{name} ({drop:.2f})" for name, drop in domain.columns)
        told = f", mostly by {by}" if domain.is_drifted and by else ""
        said.append(
            (
                f"a classifier {how} tell rows of now from the reference's{told}: ROC AUC "
                f"{domain.roc_auc:.3f} ({_number(domain.low)} to {_number(domain.high)})",
                domain.is_drifted,
            )
        )
    elif domain is not None:
        said.append((f"no classifier was tried: {domain.reason}", False))
    return said


def segment_rows(report: DriftReport) -> list[tuple[str, ...]]:
    """Return a row for each column that drifted in a segment: its value, and the cells."""
    return [
        (value, *drift_row(column))
        for value, columns in report.segments.items()
        for column in columns
        if column.is_drifted
    ]


def drift_row(column: ColumnDrift) -> tuple[str, ...]:
    """Return the cells of a column, in the order of ``HEADERS``."""
    state = "DRIFT" if column.is_drifted else "-" if column.p is None else "ok"
    missing = share_text(column.missing) if math.isfinite(column.missing) else ""
    if math.isfinite(column.reference_missing) and column.missing != column.reference_missing:
        missing = f"{share_text(column.reference_missing)} to {missing}"
    return (
        column.column,
        state,
        probability(column.q),
        _number(column.kolmogorov_smirnov),
        _number(column.wasserstein),
        _number(column.share_moved),
        _number(column.population_stability_index),
        missing,
    )


def _number(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.3f}"

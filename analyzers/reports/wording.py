"""Numbers, times and evidence in words, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from analyzers.findings import Change, Contrast, Finding, LifeCycle
from analyzers.root_cause.error_report import ErrorReport
from analyzers.root_cause.summaries import describe_value, share_text
from analyzers.stores.base import Coverage, LifecycleEvent

E = TypeVar("E")

ONLY_HERE = "only here"


def evidence_of(finding: Finding, kind: type[E]) -> list[E]:
    """Return a finding's evidence of one kind."""
    return [item for item in finding.evidence if isinstance(item, kind)]


def time_of_day(moment: datetime | None, like: datetime | None = None) -> str:
    """Return a time in UTC; the date is left out where it is that of ``like``."""
    if moment is None:
        return "-"
    moment = moment.astimezone(UTC)
    if like is not None and like.astimezone(UTC).date() == moment.date():
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def onset_text(onset: tuple[datetime, datetime], like: datetime | None = None) -> str:
    """Return when something began: a time, or the span in which it must have."""
    earliest, latest = (time_of_day(moment, like) for moment in onset)
    return f"at {latest}" if earliest == latest else f"between {earliest} and {latest}"


def duration(seconds: float) -> str:
    """Return a span of time in its two largest units, such as ``2 h 5 min``."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def probability(value: float | None) -> str:
    """Return a p- or q-value; below 0.001 as a power of ten."""
    if value is None:
        return "-"
    if value < 1e-300:
        return "<1e-300"
    return f"{value:.0e}" if value < 0.001 else f"{value:.3f}"


def lift_text(contrast: Contrast) -> str:
    """Return a lift, such as ``12x``."""
    if contrast.lift is None:
        return ONLY_HERE
    return f"{contrast.lift:.1f}x" if contrast.lift < 100 else f"{contrast.lift:,.0f}x"


def value_text(contrast: Contrast) -> str:
    """Return a contrast's field and value in words."""
    return describe_value(contrast.field, contrast.value)


def change_text(change: Change) -> str:
    """Return what changed before an onset, and how long before."""
    versions = change.version
    if change.previous_version:
        versions = f"{change.previous_version} to {change.version}"
    sentence = f"{change.action} {change.model} {versions}".rstrip()
    sentence += f", {duration(change.seconds_before)} before"
    return f"{sentence} ({change.reason})" if change.reason else sentence


def life_cycle_text(state: LifeCycle) -> str:
    """Return where a group stands, why, and who looks after it."""
    parts = [f"{state.state}: {state.reason}"]
    if state.owner:
        parts.append(f"{state.owner} looks after it")
    if state.note:
        parts.append(state.note)
    return "; ".join(parts)


def event_text(event: LifecycleEvent) -> str:
    """Return a life-cycle event in a few words."""
    words = (event.action, event.model, event.version, event.change)
    return " ".join(word for word in words if word)


def notes(coverage: Coverage, omitted: int = 0) -> list[str]:
    """Return what a reader must know about records that were not used.

    Args:
        coverage: What the store holds and could not use.
        omitted: Error groups that are not shown.
    """
    found: list[str] = []
    if coverage.set_aside_count:
        first = coverage.set_aside[0] if coverage.set_aside else None
        place = f"{first.file} line {first.line}" if first and first.line else first and first.file
        where = f" (first: {place}: {first.reason})" if first else ""
        thing = "line" if first is None or first.line else "source"
        found.append(
            f"{counted(coverage.set_aside_count, thing)} could not be read and "
            f"{'was' if coverage.set_aside_count == 1 else 'were'} set aside{where}"
        )
    if coverage.duplicates:
        found.append(
            f"{counted(coverage.duplicates, 'record')} came more than once and were counted once"
        )
    if coverage.future:
        found.append(
            f"{counted(coverage.future, 'record')} dated after the window were left out; "
            "if a clock is ahead, give --until"
        )
    if omitted:
        found.append(f"{counted(omitted, 'smaller error group')} not shown; give --limit")
    return found


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, such as ``1 line`` or ``2,000 lines``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def headline(report: ErrorReport) -> str:
    """Return the report in one sentence."""
    if not report.coverage.kinds:
        return f"No records in {report.store} for this window."
    if not report.findings:
        if not report.requests:
            records = sum(entry.count for entry in report.coverage.kinds)
            return f"No errors, and no requests, among {counted(records, 'record')}."
        return f"No errors among {counted(report.requests, 'request')}: all is well."
    worst = [f for f in report.findings if f.severity == "critical"]
    groups = counted(len(report.findings) + report.omitted, "error group")
    sentence = f"{groups} from {counted(sum(f.n for f in report.findings), 'error')}"
    if worst:
        sentence += f", {len(worst)} critical"
    if report.requests:
        sentence += (
            f"; {report.failed:,} of {counted(report.requests, 'request')} failed "
            f"({share_text(report.failed / report.requests)})"
        )
    return sentence + "."


def joined(values: Iterable[tuple[str, int]], most: int = 4) -> str:
    """Return values with counts, the rest counted."""
    listed = list(values)
    text = ", ".join(f"{value} ({count:,})" for value, count in listed[:most])
    return text if len(listed) <= most else f"{text} and {len(listed) - most} more"

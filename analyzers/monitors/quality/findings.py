"""Quality as findings: one for each check and window."""

from __future__ import annotations

from analyzers.findings import Finding, Measures
from analyzers.monitors.quality.checks import QualityCheck
from analyzers.monitors.quality.report import QualityReport
from analyzers.stores.base import Window
from shipper.fingerprint import digest


def quality_findings(
    report: QualityReport, window: Window, model: str | None, version: str | None
) -> list[Finding]:
    """Return a finding for each check that could be made.

    Args:
        report: The report on a window.
        window: The window; both ends are needed.
        model: The model, where it is one.
        version: Its version, where it is one.

    Raises:
        ValueError: If an end of the window is missing.
    """
    ends = window.ends()
    return [
        Finding(
            kind="quality",
            id=digest(
                ("quality", model or "", version or "", one.dimension, one.column, _identity(one))
            ),
            subject=one.column or one.dimension,
            summary=check_sentence(one),
            model=model,
            version=version,
            since=ends[0],
            until=ends[1],
            n=one.n,
            requests=report.rows,
            effect=one.share if one.n else None,
            p=one.p,
            q=one.q,
            onset=ends,
            last_seen=ends[1],
            severity="warning" if one.is_violated else "info",
            evidence=(_measures(report, one),),
        )
        for one in report.checks
        if one.n or one.is_violated
    ]


def check_sentence(one: QualityCheck) -> str:
    """Return a check in one sentence."""
    what = one.column or "The data"
    verdict = "broken" if one.is_violated else "kept"
    counted = f"{one.violations:,} of {one.n:,}" if one.n > 1 else "it"
    note = f" ({one.note})" if one.note else ""
    said = f", {counted} break it" if one.is_violated and one.n > 1 else ""
    return f"{what}: {one.dimension}, {one.rule}: {verdict}{said}{note}."


def _identity(one: QualityCheck) -> str:
    """Return what tells two checks of one column and dimension apart, in every window."""
    return one.rule if one.is_declared else f"learned {one.rule.split(' ', 1)[0]}"


def _measures(report: QualityReport, one: QualityCheck) -> Measures:
    return Measures(
        name=one.column,
        category=one.dimension,
        is_alarming=one.is_violated,
        reference=report.reference,
        values=(
            ("violations", one.violations),
            ("share", one.share),
            ("low", one.low),
            ("high", one.high),
            ("allowed", one.allowed),
        ),
        labels=(("rule", one.rule), ("source", "declared" if one.is_declared else "learned")),
    )

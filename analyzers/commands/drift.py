"""``elkhound drift``: whether data are distributed as they were in a reference."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzers.commands.options import (
    BadInput,
    asked_window,
    clear_errors,
    format_option,
    model_conditions,
    model_options,
    opened_store,
    output_option,
    save_options,
    segment_option,
    store_option,
    window_options,
    working,
)
from analyzers.commands.showing import kibana_link, show
from analyzers.monitors.references.sliding import SLIDING

if TYPE_CHECKING:
    from analyzers.findings import Finding
    from analyzers.monitors.drift.report import DriftReport
    from analyzers.monitors.references.reference import Reference
    from analyzers.stores.base import Store, Where, Window

RENDERERS = {
    "terminal": "analyzers.reports.drift_terminal:render_drift",
    "json": "analyzers.reports.drift_json:render_drift_json",
    "md": "analyzers.reports.drift_markdown:render_drift_markdown",
}
"""Functions that show the report, by format."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--reference",
    "reference_file",
    type=_FILE,
    help="What it is compared with: a reference, or a table file to make one of.",
)
@click.option(
    "--against",
    type=click.Choice(list(SLIDING)),
    help="Compare with an earlier window of the store in place of a reference.",
)
@click.option(
    "--current",
    "current_file",
    type=_FILE,
    help="Compare this table file (CSV, Parquet or NDJSON) in place of a store's predictions.",
)
@segment_option
@click.option(
    "--multivariate",
    is_flag=True,
    help="Also try whether a classifier can tell both sides apart; needs rows of both.",
)
@store_option
@window_options
@model_options
@save_options
@click.option("--fail-on-drift", is_flag=True, help="Exit with 1 if anything has drifted.")
@format_option(*RENDERERS)
@output_option
@click.pass_context
def drift(
    context: click.Context,
    reference_file: Path | None,
    against: str | None,
    current_file: Path | None,
    segment: str | None,
    multivariate: bool,
    store: str,
    since: datetime | None,
    until: datetime | None,
    model: str | None,
    version: str | None,
    save: bool,
    every: int,
    fail_on_drift: bool,
    format_name: str,
    output: Path | None,
) -> None:
    """Compare each input and output of a model, or each column of a file, with a reference.

    A column has drifted if the shift is both sure (one test for each column, corrected for their
    number) and large. Other measures are shown and alarm nobody. A reference with segments is
    compared segment by segment, too.
    """
    window = asked_window(since, until)
    if (reference_file is None) == (against is None):
        raise BadInput("give --reference FILE or, with a store, --against previous|week-before")
    if save and current_file is not None:
        raise BadInput("--save keeps results beside the records of a store: leave out --current")
    if against is not None and (current_file is not None or since is None):
        raise BadInput("--against compares windows of a store: give --since, and no --current")
    if multivariate and reference_file is not None and reference_file.suffix == ".json":
        raise BadInput("--multivariate needs rows: give a table file as --reference, or --against")
    with clear_errors():
        from analyzers.monitors.references.tables import TableError

        try:
            with working("Comparing columns"):
                if current_file is not None and reference_file is not None:
                    report = _of_files(reference_file, current_file, segment, multivariate)
                else:
                    known = _Known(reference_file, against, segment, model, version)
                    with opened_store(store) as opened:
                        report = known.report(opened, window, multivariate)
        except TableError as error:
            raise BadInput(str(error)) from error
        link = None
        if current_file is None:
            link = kibana_link(store, "drift", window, model, version)
        show(report, format_name, output, RENDERERS, link)
        if save:
            _save(store, known, window, every, multivariate)
    if fail_on_drift and report.is_alarming:
        context.exit(1)


class _Known:
    """What windows of a store are compared with."""

    def __init__(
        self,
        path: Path | None,
        against: str | None,
        segment: str | None,
        model: str | None,
        version: str | None,
    ) -> None:
        self._path = path
        self._against = against
        self._segment = segment
        self._stored = None if path is None else _reference(path, segment)
        self.model = model or (self._stored.model if self._stored else None)
        self.version = version

    @property
    def conditions(self) -> Where:
        """The conditions on the predictions."""
        return model_conditions(self.model, self.version)

    def report(self, opened: Store, window: Window, multivariate: bool) -> DriftReport:
        """Return the report on a window."""
        from analyzers.monitors.drift.report import report_window, with_domain
        from analyzers.monitors.references.records import reference_with_segments, window_rows
        from analyzers.monitors.references.sliding import SLIDING, earlier
        from analyzers.monitors.references.tables import read_rows
        from analyzers.root_cause.error_report import up_to_now

        where, before = self.conditions, None
        if self._stored is not None:
            known = self._stored
        else:
            window = up_to_now(window)
            before = earlier(window, self._against or "")
            known = reference_with_segments(opened, before, where, self._segment)
            known = _named(known, SLIDING[self._against or ""])
        report = report_window(known, opened, window, where)
        if not multivariate:
            return report
        kinds = {kind: [n for n, c in known.columns.items() if c.kind == kind] for kind in _KINDS}
        asked = (kinds["number"], kinds["category"])
        if before is not None:
            theirs = window_rows(opened, before, where, *asked)
        else:
            assert self._path is not None  # noqa: S101
            theirs = read_rows(self._path, _most_rows())
        return with_domain(report, theirs, window_rows(opened, window, where, *asked))


_KINDS = ("number", "category")


def _of_files(
    reference_file: Path, current_file: Path, segment: str | None, multivariate: bool
) -> DriftReport:
    from analyzers.monitors.drift.report import report_drift, with_domain
    from analyzers.monitors.references.tables import read_rows, read_segments, read_table

    known = _reference(reference_file, segment)
    parts = None if known.segment is None else read_segments(current_file, known.segment)
    report = report_drift(known, read_table(current_file), current_file.name, parts)
    if not multivariate:
        return report
    return with_domain(
        report, *(read_rows(path, _most_rows()) for path in (reference_file, current_file))
    )


def _reference(path: Path, segment: str | None) -> Reference:
    """Return a stored reference, or that which a table file is, with its segments."""
    from analyzers.commands.references import reference_of_file
    from analyzers.monitors.references.tables import reference_with_segments

    if segment is not None and path.suffix.lower() != ".json":
        return reference_with_segments(path, segment)
    known = reference_of_file(path)
    if segment is not None and known.segment != segment:
        raise BadInput(
            f"{path} does not know the parts of {segment!r}: make it with "
            f"`elkhound reference create --segment {segment}`"
        )
    return known


def _named(known: Reference, name: str) -> Reference:
    import dataclasses

    return dataclasses.replace(known, source=name)


def _most_rows() -> int:
    from analyzers.monitors.drift.domain_classifier import MOST_ROWS

    return MOST_ROWS


def _save(location: str, known: _Known, asked: Window, seconds: int, multivariate: bool) -> None:
    """Compute and save the drift of each window of a model."""
    from analyzers.commands.saving import save_findings
    from analyzers.monitors.drift.findings import drift_findings
    from analyzers.root_cause.error_report import up_to_now
    from analyzers.stores.counting import only_model

    with opened_store(location) as opened:
        known.model = known.model or only_model(opened, asked)

        def compute(window: Window) -> list[Finding]:
            report = known.report(opened, window, multivariate)
            return drift_findings(report, window, known.model, known.version)

        window = up_to_now(asked)
        save_findings(
            location, opened, "drift", "prediction", window, seconds, compute, known.model
        )

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
    store_option,
    window_options,
    working,
)
from analyzers.commands.showing import show

if TYPE_CHECKING:
    from analyzers.findings import Finding
    from analyzers.monitors.references import Reference
    from analyzers.monitors.tables import Table
    from analyzers.stores.base import Window

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
    required=True,
    help="What it is compared with: a reference, or a table file to make one of.",
)
@click.option(
    "--current",
    "current_file",
    type=_FILE,
    help="Compare this table file (CSV, Parquet or NDJSON) in place of a store's predictions.",
)
@store_option
@window_options
@model_options
@save_options
@click.option("--fail-on-drift", is_flag=True, help="Exit with 1 if a column has drifted.")
@format_option(*RENDERERS)
@output_option
@click.pass_context
def drift(
    context: click.Context,
    reference_file: Path,
    current_file: Path | None,
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
    number) and large. Other measures are shown and alarm nobody.
    """
    window = asked_window(since, until)
    if save and current_file is not None:
        raise BadInput("--save keeps results beside the records of a store: leave out --current")
    with clear_errors():
        from analyzers.commands.references import reference_of_file
        from analyzers.monitors.drift_report import report_drift, report_window
        from analyzers.monitors.tables import TableError

        try:
            with working("Comparing columns"):
                known = reference_of_file(reference_file)
                if current_file is not None:
                    report = report_drift(known, _table(current_file), current_file.name)
                else:
                    conditions = model_conditions(model or known.model, version)
                    with opened_store(store) as opened:
                        report = report_window(known, opened, window, conditions)
        except TableError as error:
            raise BadInput(str(error)) from error
        show(report, format_name, output, RENDERERS)
        if save:
            _save(store, known, window, every, model, version)
    if fail_on_drift and (report.drifted or report.missing_columns):
        context.exit(1)


def _save(
    location: str,
    known: Reference,
    asked: Window,
    seconds: int,
    model: str | None,
    version: str | None,
) -> None:
    """Compute and save the drift of each window of a model."""
    from analyzers.commands.saving import save_findings
    from analyzers.monitors.drift_findings import drift_findings
    from analyzers.monitors.drift_report import report_window
    from analyzers.root_cause.error_report import up_to_now

    name = model or known.model
    conditions = model_conditions(name, version)
    with opened_store(location) as opened:

        def compute(window: Window) -> list[Finding]:
            report = report_window(known, opened, window, conditions)
            return drift_findings(report, window, name, version)

        window = up_to_now(asked)
        save_findings(location, opened, "drift", "prediction", window, seconds, compute, name)


def _table(path: Path) -> Table:
    from analyzers.monitors.tables import read_table

    return read_table(path)

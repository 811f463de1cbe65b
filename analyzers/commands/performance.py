"""``elkhound performance``: how good a model is, with labels that come late, or without any."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzers.commands.options import (
    BadInput,
    Length,
    asked_window,
    clear_errors,
    format_option,
    map_option,
    model_conditions,
    model_options,
    opened_store,
    output_option,
    read_map,
    segment_option,
    store_option,
    window_options,
    working,
)
from analyzers.commands.showing import kibana_link, show

if TYPE_CHECKING:
    from analyzers.findings import Finding
    from analyzers.monitors.performance.outcomes import Outcomes
    from analyzers.monitors.performance.report import Asked
    from analyzers.monitors.references.reference import Reference
    from analyzers.stores.base import Store, Window

RENDERERS = {
    "terminal": "analyzers.reports.performance_terminal:render_performance",
    "json": "analyzers.reports.performance_json:render_performance_json",
    "md": "analyzers.reports.performance_markdown:render_performance_markdown",
    "html": "analyzers.reports.performance_html:render_performance_html",
}
"""Functions that show the report, by format."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--predictions",
    type=_FILE,
    help="Judge this table file (CSV, Parquet or NDJSON) in place of a store's predictions.",
)
@click.option(
    "--feedback", type=_FILE, help="Labels of --predictions, where they are in a file of their own."
)
@map_option
@click.option(
    "--reference",
    "reference_file",
    type=_FILE,
    help="Compare with this reference; without one, with the first window that has enough labels.",
)
@click.option("--estimate", "estimates", is_flag=True, help="Also estimate what has no label yet.")
@click.option("--drift", is_flag=True, help="Also how inputs and outputs differ from --reference.")
@click.option("--positive", metavar="CLASS", help="The positive of two classes.")
@segment_option
@click.option(
    "--every", type=Length(), default="1d", show_default=True, help="Length of the windows."
)
@click.option("--save", is_flag=True, help="Also save the results, beside the records.")
@store_option
@window_options
@model_options
@click.option("--fail-on-worse", is_flag=True, help="Exit with 1 if a window or group got worse.")
@format_option(*RENDERERS)
@output_option
@click.pass_context
def performance(
    context: click.Context,
    predictions: Path | None,
    feedback: Path | None,
    columns: tuple[str, ...],
    reference_file: Path | None,
    estimates: bool,
    drift: bool,
    positive: str | None,
    segment: str | None,
    every: int,
    save: bool,
    store: str,
    since: datetime | None,
    until: datetime | None,
    model: str | None,
    version: str | None,
    fail_on_worse: bool,
    format_name: str,
    output: Path | None,
) -> None:
    """Compare predictions with what became true, as far as that is known by now.

    Labels may come late, in any order, and more than once: the latest one counts. Each window says
    how many predictions have one. A window or group is worse if it is surely so (Welch's test of
    the loss, corrected for their number) and by much (two points of accuracy, a tenth of the mean
    absolute error).
    """
    window = asked_window(since, until)
    if feedback is not None and predictions is None:
        raise BadInput("--feedback needs --predictions: a store has both")
    if save and predictions is not None:
        raise BadInput(
            "--save keeps results beside the records of a store: leave out --predictions"
        )
    if drift and (reference_file is None or predictions is not None):
        raise BadInput("--drift compares the windows of a store with --reference")
    with clear_errors():
        from analyzers.commands.references import read_reference_file
        from analyzers.monitors.performance.report import Asked, report_performance, with_drift
        from analyzers.monitors.references.tables import TableError

        known = None if reference_file is None else read_reference_file(reference_file)
        if known is not None and known.outcomes is None:
            raise BadInput(
                f"{reference_file} holds no labels: `elkhound reference create --labels` keeps them"
            )
        name = model or (known.model if known else None)
        try:
            with working("Joining labels to predictions"):
                if predictions is not None:
                    outcomes = _of_files(predictions, feedback, columns, segment, estimates)
                    said, true = predictions.name, (feedback or predictions).name
                else:
                    with opened_store(store) as opened:
                        name = name or _only_model(opened, window)
                        outcomes = _of_store(
                            opened, window, name, version, segment, known, estimates
                        )
                        said = true = opened.location
                asked = Asked(
                    seconds=every,
                    positive=positive,
                    estimates=estimates,
                    profile=known.outcomes if known else None,
                    reference=known.source if known else "",
                )
                report = report_performance(outcomes, asked, said, true)
                if drift and known is not None:
                    with opened_store(store) as opened:
                        where = model_conditions(name, version)
                        report = with_drift(report, opened, where, known)
        except TableError as error:
            raise BadInput(str(error)) from error
        except ValueError as error:
            raise BadInput(f"--positive: {error}") from error
        link = None
        if predictions is None:
            link = kibana_link(store, "performance", window, model, version)
        show(report, format_name, output, RENDERERS, link)
        if save:
            _save(store, outcomes, asked, window, every, name, version)
    if fail_on_worse and report.worse:
        context.exit(1)


def _of_files(
    predictions: Path,
    feedback: Path | None,
    columns: tuple[str, ...],
    segment: str | None,
    estimates: bool,
) -> Outcomes:
    from analyzers.monitors.performance.label_sources import outcomes_of_files

    features = None if estimates else ()
    return outcomes_of_files(predictions, feedback, read_map(columns), segment, features)


def _of_store(
    opened: Store,
    window: Window,
    model: str | None,
    version: str | None,
    segment: str | None,
    known: Reference | None,
    estimates: bool,
) -> Outcomes:
    from analyzers.monitors.performance.label_sources import inputs_to_keep, outcomes_of_store

    conditions = model_conditions(model, version)
    profile = known.outcomes if known else None
    features = inputs_to_keep(opened, window, conditions, profile) if estimates else ()
    return outcomes_of_store(opened, window, conditions, segment, features)


def _only_model(opened: Store, window: Window) -> str | None:
    """Return the model of a store that has one.

    Raises:
        BadInput: If there are several: their predictions cannot be judged together.
    """
    from analyzers.stores.counting import models_of

    found = models_of(opened, window)
    if len(found) > 1:
        names = ", ".join(found[:10])
        raise BadInput(f"the predictions are of several models: give --model one of {names}")
    return found[0] if found else None


def _save(
    location: str,
    outcomes: Outcomes,
    asked: Asked,
    window: Window,
    seconds: int,
    model: str | None,
    version: str | None,
) -> None:
    """Save the performance of each window."""
    from analyzers.commands.saving import save_findings
    from analyzers.monitors.performance.findings import performance_findings
    from analyzers.monitors.performance.report import WindowReports
    from analyzers.root_cause.error_report import up_to_now

    reports = WindowReports(outcomes, asked)

    def compute(one: Window) -> list[Finding]:
        return performance_findings(reports.report(one), outcomes.classes, one, model, version)

    with opened_store(location) as opened:
        save_findings(
            location, opened, "performance", "prediction", up_to_now(window), seconds, compute,
            model,
        )  # fmt: skip

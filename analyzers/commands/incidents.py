"""``elkhound incidents``: what began, since when, and what most likely caused it."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzers.commands.knowledge import knowledge_of
from analyzers.commands.options import (
    BadInput,
    StoreUnreachable,
    asked_window,
    clear_errors,
    format_option,
    group_option,
    model_conditions,
    model_options,
    opened_store,
    output_option,
    store_option,
    window_options,
    working,
)
from analyzers.commands.showing import kibana_link, show
from analyzers.findings import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzers.findings import Finding
    from analyzers.root_cause.incidents import IncidentReport


RENDERERS = {
    "terminal": "analyzers.reports.incidents_terminal:render_incidents",
    "json": "analyzers.reports.incidents_json:render_incidents_json",
    "md": "analyzers.reports.incidents_markdown:render_incidents_markdown",
    "html": "analyzers.reports.incidents_html:render_incidents_html",
}
"""Functions that show the report, by format."""


@click.command()
@store_option
@window_options
@model_options
@group_option
@click.option(
    "--top",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Most incidents to show.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="Exit with 1 if an incident is at least this severe.",
)
@click.option(
    "--save", is_flag=True, help="Also open, update and close stored incidents, beside the records."
)
@format_option(*RENDERERS)
@output_option
@click.pass_context
def incidents(
    context: click.Context,
    store: str,
    since: datetime | None,
    until: datetime | None,
    model: str | None,
    version: str | None,
    only: str | None,
    top: int,
    fail_on: str | None,
    save: bool,
    format_name: str,
    output: Path | None,
) -> None:
    """Report incidents: error groups that began together, and their ranked causes.

    A cause is a change to the model, a resource that ran out, an error of another service in the
    same traces, a feature that is missing or unusual, or any other value that failed requests
    share. Where nothing explains an incident, none is named.
    """
    window = asked_window(since, until)
    if save and (model, version, only) != (None, None, None):
        raise BadInput("--save keeps whole incidents: leave out --model, --version and --group")
    with clear_errors():
        from analyzers.root_cause.incidents import report_incidents

        with working("Looking for what began, and why"), opened_store(store) as opened:
            known = knowledge_of(store, window)
            conditions = model_conditions(model, version)
            report = report_incidents(
                opened,
                window,
                conditions,
                known.decisions,
                known.grouping,
                only,
                _asked(known.alarms, model, version, only),
            )
        shown = dataclasses.replace(report, incidents=report.incidents[:top])
        link = kibana_link(store, "incidents", window, model)
        show(shown, format_name, output, RENDERERS, link)
        if save:
            _save(store, report)
    if fail_on is not None and any(
        SEVERITIES.index(i.severity) >= SEVERITIES.index(fail_on) for i in report.incidents
    ):
        context.exit(1)


def _asked(
    alarms: Sequence[Finding], model: str | None, version: str | None, only: str | None
) -> list[Finding]:
    """Return the alarms of the model that was asked for; those of no group."""
    return [
        alarm
        for alarm in alarms
        if only is None and model in (None, alarm.model) and version in (None, alarm.version)
    ]


def _save(location: str, report: IncidentReport) -> None:
    from analyzers.results.incidents import save_incidents
    from analyzers.stores.base import Window
    from analyzers.stores.opening import open_results

    if report.until is None:
        click.echo("no records: nothing to save", err=True)
        return
    window = Window(report.since, report.until)
    with contextlib.closing(open_results(location)) as results:
        saved = save_incidents(results, report.incidents, window, datetime.now(UTC))
        results.expire("incidents")
    click.echo(f"saved {saved.written:,} incidents", err=True)
    if saved.refused:
        first = saved.refused[0]
        raise StoreUnreachable(f"{len(saved.refused)} refused, first {first.id}: {first.reason}")

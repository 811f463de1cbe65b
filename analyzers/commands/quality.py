"""``elkhound quality``: whether data are as they were declared to be, or as they used to be."""

from __future__ import annotations

from datetime import UTC, datetime
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
    write_text,
)
from analyzers.commands.showing import kibana_link, show

if TYPE_CHECKING:
    from analyzers.findings import Finding
    from analyzers.monitors.quality.rules import QualityRules
    from analyzers.monitors.references.reference import Reference
    from analyzers.stores.base import Window

RENDERERS = {
    "terminal": "analyzers.reports.quality_terminal:render_quality",
    "json": "analyzers.reports.quality_json:render_quality_json",
    "md": "analyzers.reports.quality_markdown:render_quality_markdown",
}
"""Functions that show the report, by format."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(invoke_without_command=True)
@click.option(
    "--reference",
    "reference_file",
    type=_FILE,
    help="Also compare with this: a reference, or a table file to make one of.",
)
@click.option(
    "--current",
    "current_file",
    type=_FILE,
    help="Check this table file (CSV, Parquet or NDJSON) in place of a store's predictions.",
)
@store_option
@window_options
@model_options
@save_options
@click.option("--fail-on-violation", is_flag=True, help="Exit with 1 if a rule is broken.")
@format_option(*RENDERERS)
@output_option
@click.pass_context
def quality(
    context: click.Context,
    reference_file: Path | None,
    current_file: Path | None,
    store: str,
    since: datetime | None,
    until: datetime | None,
    model: str | None,
    version: str | None,
    save: bool,
    every: int,
    fail_on_violation: bool,
    format_name: str,
    output: Path | None,
) -> None:
    """Check a model's inputs and outputs, or the columns of a file.

    Rules stand in elkhound.toml ([quality] and [[quality.rules]]); a reference lets expect more:
    values that are missing, out of range or new, outliers, columns that are gone or constant, and
    how many predictions there are.
    """
    if context.invoked_subcommand is not None:
        return
    window = asked_window(since, until)
    if save and current_file is not None:
        raise BadInput("--save keeps results beside the records of a store: leave out --current")
    with clear_errors():
        from analyzers.commands.references import reference_of_file
        from analyzers.monitors.quality.report import report_quality, report_records
        from analyzers.monitors.quality.tables import TableQuality
        from analyzers.monitors.references.tables import TableError

        rules = _rules(context)
        try:
            known = None if reference_file is None else reference_of_file(reference_file)
            if known is None and current_file is not None and not rules.rules:
                raise BadInput(
                    "there is nothing to check it against: give --reference, or declare rules in "
                    "elkhound.toml (`elkhound quality suggest` proposes some)"
                )
            with working("Checking columns"):
                if current_file is not None:
                    with TableQuality(current_file) as table:
                        report = report_quality(table, rules, known)
                else:
                    conditions = model_conditions(
                        model or (known.model if known else None), version
                    )
                    with opened_store(store) as opened:
                        now = datetime.now(UTC)
                        report = report_records(opened, window, conditions, rules, known, now)
        except TableError as error:
            raise BadInput(str(error)) from error
        link = None
        if current_file is None:
            link = kibana_link(store, "drift", window, model, version)
        show(report, format_name, output, RENDERERS, link)
        if save:
            _save(store, rules, known, window, every, model, version)
    if fail_on_violation and report.violated:
        context.exit(1)


@quality.command()
@click.argument("file", type=_FILE)
@output_option
def suggest(file: Path, output: Path | None) -> None:
    """Propose rules that FILE, a reference or a table file, obeys; for elkhound.toml."""
    with clear_errors():
        from analyzers.commands.references import reference_of_file
        from analyzers.monitors.quality.rules import rules_text, suggest_rules
        from analyzers.monitors.references.tables import TableError

        try:
            with working("Profiling columns"):
                known = reference_of_file(file)
        except TableError as error:
            raise BadInput(str(error)) from error
        rules = suggest_rules(known.columns)
        write_text(rules_text(rules), output)
    click.echo(f"{len(rules):,} rules from {known.rows:,} rows: read them before use", err=True)


def _rules(context: click.Context) -> QualityRules:
    from analyzers.configuration import quality_rules
    from analyzers.configuration_keys import ConfigurationFileError

    try:
        return quality_rules(context.find_root().obj or {})
    except ConfigurationFileError as error:
        raise BadInput(str(error)) from error


def _save(
    location: str,
    rules: QualityRules,
    known: Reference | None,
    asked: Window,
    seconds: int,
    model: str | None,
    version: str | None,
) -> None:
    """Check and save each window."""
    from analyzers.commands.saving import save_findings
    from analyzers.monitors.quality.findings import quality_findings
    from analyzers.monitors.quality.report import report_records
    from analyzers.root_cause.error_report import up_to_now
    from analyzers.stores.counting import only_model

    now = datetime.now(UTC)
    with opened_store(location) as opened:
        name = model or (known.model if known else None) or only_model(opened, asked)
        conditions = model_conditions(name, version)

        def compute(one: Window) -> list[Finding]:
            report = report_records(opened, one, conditions, rules, known, now)
            return quality_findings(report, one, name, version)

        window = up_to_now(asked)
        save_findings(location, opened, "quality", "prediction", window, seconds, compute, name)

"""``elkhound errors``: the root-cause report, and the grouping of any log file."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzers.commands.knowledge import Knowledge, knowledge_of, rules_of_file
from analyzers.commands.options import (
    BadInput,
    FailOn,
    asked_window,
    clear_errors,
    format_option,
    group_option,
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
from analyzers.commands.saving import save_findings
from analyzers.commands.showing import kibana_link, show
from analyzers.commands.triage import assign, explain, ignore, reopen, resolve
from analyzers.findings import SEVERITIES, Finding, LifeCycle

RENDERERS = {
    "terminal": "analyzers.reports.terminal:render_terminal",
    "json": "analyzers.reports.json_report:render_json",
    "ndjson": "analyzers.reports.json_report:render_ndjson",
    "md": "analyzers.reports.markdown:render_markdown",
    "html": "analyzers.reports.html:render_html",
}
"""Functions that show the report, by format."""

_RECONCILED_EVERY = 10_000
"""Lines of standard input after which groups are reconciled."""

_MOST_SAVED = 1000
"""Groups saved of one window, the most frequent."""

if TYPE_CHECKING:
    from analyzers.errors.labelling import Label
    from analyzers.stores.base import Store, Window


@click.group(invoke_without_command=True)
@store_option
@window_options
@model_options
@group_option
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Most error groups to show.",
)
@click.option(
    "--fail-on",
    type=FailOn(),
    metavar="SEVERITY|STATES",
    help="Exit with 1 if a group is at least this severe (info, warning, critical), "
    "or in one of these states (new, escalating, regressed; several with commas).",
)
@save_options
@format_option(*RENDERERS)
@output_option
@click.pass_context
def errors(
    context: click.Context,
    store: str,
    since: datetime | None,
    until: datetime | None,
    model: str | None,
    version: str | None,
    only: str | None,
    limit: int,
    fail_on: tuple[str, ...] | None,
    save: bool,
    every: int,
    format_name: str,
    output: Path | None,
) -> None:
    """Report error groups: what broke, since when, for whom, and what goes with it."""
    if context.invoked_subcommand is not None:
        return
    window = asked_window(since, until)
    if save and (model, version, only) != (None, None, None):
        raise BadInput("--save keeps whole windows: leave out --model, --version and --group")
    with clear_errors():
        from analyzers.root_cause.error_report import report_errors, up_to_now

        with opened_store(store) as opened:
            with working("Reading records and grouping errors"):
                conditions = model_conditions(model, version)
                known = knowledge_of(store)
                report = report_errors(
                    opened, window, conditions, limit, known.decisions, known.grouping, only
                )
            link = kibana_link(store, "errors", window, model, version)
            show(report, format_name, output, RENDERERS, link)
            if save:
                _save(store, opened, up_to_now(window), every, known)
    if fail_on is not None and any(_fails(finding, fail_on) for finding in report.findings):
        context.exit(1)


def _fails(finding: Finding, fail_on: tuple[str, ...]) -> bool:
    if fail_on[0] in SEVERITIES:
        return SEVERITIES.index(finding.severity) >= SEVERITIES.index(fail_on[0])
    return any(isinstance(e, LifeCycle) and e.state in fail_on for e in finding.evidence)


for _command in (resolve, ignore, assign, reopen, explain):
    errors.add_command(_command)


@errors.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
)
@click.option(
    "--field", metavar="NAME", help="Column (CSV) or field (NDJSON) that holds the message."
)
@format_option("terminal", "ndjson", "json")
@output_option
def group(file: Path, field: str | None, format_name: str, output: Path | None) -> None:
    """Label every line of a text log, CSV or NDJSON file with its group and template.

    ECS error records are grouped by their stack traces. No store is needed. With - for FILE the
    lines of standard input are labelled as they come, as NDJSON; after every 10,000 of them, and at
    the end, a line says what became of the groups, which then are those that a file would have.
    """
    if str(file) == "-":
        if field is not None or output is not None or format_name != "ndjson":
            raise BadInput("standard input is lines of text, and takes --format ndjson alone")
        _label_stream(sys.stdin.buffer)
        return
    with clear_errors():
        from analyzers.errors.labelling import InputError, label_file

        try:
            with working("Grouping messages"):
                labels = label_file(file, field, rules_of_file())
        except InputError as error:
            raise BadInput(str(error)) from error
        except OSError as error:
            raise BadInput(f"{file} cannot be read: {error.strerror}") from error
        _show_labels(labels, format_name, output)
    unread = [label for label in labels if label.group is None]
    if unread:
        click.echo(
            f"{len(unread):,} of {len(labels):,} lines have no group "
            f"(first: line {unread[0].line}: {unread[0].reason})",
            err=True,
        )


def _label_stream(lines: Iterable[bytes]) -> None:
    """Print a label for each line as it comes, and what became of the groups."""
    import orjson

    from analyzers.errors.labelling import Label
    from analyzers.errors.streaming import StreamingTemplates

    stream = StreamingTemplates()

    def show(document: object) -> None:
        click.echo(orjson.dumps(document))

    number = 0
    for number, line in enumerate(lines, 1):
        template = stream.assign(line.decode("utf-8", "replace").rstrip("\r\n"))
        show(Label(number, template.id, template.text, template.types).document())
        if number % _RECONCILED_EVERY == 0:
            show(stream.reconcile())
    if number % _RECONCILED_EVERY:
        show(stream.reconcile())


def _save(location: str, store: Store, asked: Window, seconds: int, known: Knowledge) -> None:
    from analyzers.root_cause.error_report import report_errors

    def compute(window: Window) -> tuple[Finding, ...]:
        return report_errors(
            store, window, (), _MOST_SAVED, known.decisions, known.grouping
        ).findings

    save_findings(
        location,
        store,
        kind="error-groups",
        records="error",
        asked=asked,
        seconds=seconds,
        compute=compute,
    )


def _show_labels(labels: list[Label], format_name: str, output: Path | None) -> None:
    import orjson

    documents = [label.document() for label in labels]
    if format_name == "ndjson":
        write_text("".join(orjson.dumps(d).decode() + "\n" for d in documents), output)
    elif format_name == "json":
        write_text(orjson.dumps(documents, option=orjson.OPT_INDENT_2).decode() + "\n", output)
    else:
        from analyzers.reports.printable import printable

        counts = Counter((label.group, label.template) for label in labels if label.group)
        lines = [
            f"{count:>9,}  {group}  {printable(template or '')}\n"
            for (group, template), count in counts.most_common()
        ]
        total = f"{len(labels):,} lines in {len(counts):,} groups\n"
        write_text("".join([*lines, total]), output)

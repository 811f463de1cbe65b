"""``elkhound reference``: profiles of what a model's inputs and outputs looked like."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzers.commands.options import (
    BadInput,
    asked_window,
    clear_errors,
    model_conditions,
    model_options,
    opened_store,
    output_option,
    store_option,
    window_options,
    working,
    write_text,
)

if TYPE_CHECKING:
    from analyzers.monitors.references import Reference


@click.group()
def reference() -> None:
    """Make a reference: a small profile that later data are compared with."""


@reference.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@store_option
@window_options
@model_options
@output_option
def create(
    file: Path | None,
    store: str,
    since: datetime | None,
    until: datetime | None,
    model: str | None,
    version: str | None,
    output: Path | None,
) -> None:
    """Profile a CSV, Parquet or NDJSON file, such as the data a model was trained on.

    Without FILE the predictions of a store are profiled, in the window and of the model that is
    given. The profile holds quantiles and counts, and no row.
    """
    window = asked_window(since, until)
    with clear_errors(), working("Profiling columns"):
        import dataclasses

        import orjson

        if file is not None:
            made = _of_file(file)
        else:
            from analyzers.monitors.records import reference_of_window

            with opened_store(store) as opened:
                made = reference_of_window(opened, window, model_conditions(model, version))
        made = dataclasses.replace(made, model=model, version=version, created=datetime.now(UTC))
        text = orjson.dumps(made.document()).decode() + "\n"
    write_text(text, output)
    click.echo(f"{len(made.columns):,} columns of {made.rows:,} rows", err=True)
    for name, reason in made.skipped.items():
        click.echo(f"without {name}: {reason}", err=True)


def _of_file(file: Path) -> Reference:
    from analyzers.monitors.tables import TableError, read_table, reference_of

    try:
        return reference_of(read_table(file), file.name)
    except TableError as error:
        raise BadInput(str(error)) from error

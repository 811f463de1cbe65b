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
    write_text,
)

if TYPE_CHECKING:
    from analyzers.monitors.performance.outcome_profiles import OutcomeProfile
    from analyzers.monitors.performance.outcomes import Outcomes
    from analyzers.monitors.references.reference import Reference
    from analyzers.stores.base import Store


@click.group()
def reference() -> None:
    """Make a reference: a small profile that later data are compared with."""


@reference.command()
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@click.option(
    "--registered",
    is_flag=True,
    help="Profile the training data that the model was registered with in the store.",
)
@click.option(
    "--labels",
    is_flag=True,
    help="Also keep how good the predictions were, for `elkhound performance`.",
)
@click.option(
    "--feedback",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Labels of the predictions in FILE, where they are in a file of their own.",
)
@map_option
@segment_option
@click.option("--positive", metavar="CLASS", help="The positive of two classes.")
@store_option
@window_options
@model_options
@output_option
def create(
    file: Path | None,
    registered: bool,
    labels: bool,
    feedback: Path | None,
    columns: tuple[str, ...],
    segment: str | None,
    positive: str | None,
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
    if feedback is not None and file is None:
        raise BadInput("--feedback needs FILE: a store has both")
    if registered and (file is not None or model is None):
        raise BadInput("--registered needs --model, and takes no FILE")
    labels = labels or feedback is not None
    with clear_errors(), working("Profiling columns"):
        import dataclasses

        import orjson

        conditions = model_conditions(model, version)
        outcomes = None
        if registered:
            with opened_store(store) as opened:
                file = _registered_file(opened, model, version)
        if file is not None:
            made = _of_file(file, segment)
            if labels:
                outcomes = _outcomes_of_files(file, feedback, columns)
        else:
            from analyzers.monitors.performance.label_sources import (
                inputs_to_keep,
                outcomes_of_store,
            )
            from analyzers.monitors.references.records import reference_with_segments

            with opened_store(store) as opened:
                made = reference_with_segments(opened, window, conditions, segment)
                if labels:
                    features = inputs_to_keep(opened, window, conditions, None)
                    outcomes = outcomes_of_store(opened, window, conditions, features=features)
        profile = None if outcomes is None else _outcome_profile(outcomes, positive)
        made = dataclasses.replace(
            made, model=model, version=version, created=datetime.now(UTC), outcomes=profile
        )
        text = orjson.dumps(made.document()).decode() + "\n"
    write_text(text, output)
    click.echo(f"{len(made.columns):,} columns of {made.rows:,} rows", err=True)
    if made.outcomes is not None:
        click.echo(f"{made.outcomes.loss.n:,} labelled predictions", err=True)
    for name, reason in made.skipped.items():
        click.echo(f"without {name}: {reason}", err=True)


@reference.command()
@click.argument(
    "files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    nargs=-1,
    required=True,
)
@output_option
def merge(files: tuple[Path, ...], output: Path | None) -> None:
    """Merge the references FILES into one, such as those of several days or shards.

    Counts add up. What rests on rows (calibration by labels, principal components, vectors) cannot
    be merged and is left out.
    """
    with clear_errors():
        import orjson

        from analyzers.commands.references import read_reference_file
        from analyzers.monitors.references.merging import merge_references

        given = [read_reference_file(path) for path in files]
        try:
            made = merge_references(given)
        except ValueError as error:
            raise BadInput(f"they cannot be merged: {error}") from error
        made = made if len(given) == 1 else _created_now(made)
        text = orjson.dumps(made.document()).decode() + "\n"
    write_text(text, output)
    click.echo(f"{len(made.columns):,} columns of {made.rows:,} rows", err=True)
    lost = [one for one in given if one.outcomes or one.components or one.directions]
    if lost and len(given) > 1:
        click.echo("without labels, principal components and vectors: they need rows", err=True)


def _created_now(made: Reference) -> Reference:
    import dataclasses

    return dataclasses.replace(made, created=datetime.now(UTC))


def _registered_file(opened: Store, model: str | None, version: str | None) -> Path:
    """Return the training data that a registered model names.

    Raises:
        BadInput: If no model was registered so, or its data are no file here.
    """
    from analyzers.stores.base import Condition, Window
    from shipper.schema.validation import lookup

    registered = Condition("event.action", "any_of", ("model-registered",))
    where = [*model_conditions(model, version), registered]
    newest = opened.last_before("lifecycle", datetime.now(UTC), where)
    if newest is None:
        raise BadInput("--registered: no such model was registered in the store")
    found = opened.first_record("lifecycle", Window(newest), where) or {}
    data = lookup(found, "ml.training.dataset")
    if not data:
        raise BadInput("--registered: the model was registered without its training data")
    path = Path(str(data).removeprefix("file://"))
    if not path.is_file():
        raise BadInput(f"--registered: the training data {data!r} are no file here: give FILE")
    return path


def _outcome_profile(outcomes: Outcomes, positive: str | None) -> OutcomeProfile:
    from analyzers.monitors.performance.outcome_profiles import profile_outcomes
    from analyzers.monitors.performance.outcomes import positive_place

    try:
        found = profile_outcomes(outcomes, positive_place(outcomes, positive))
    except ValueError as error:
        raise BadInput(f"--positive: {error}") from error
    if found is None:
        raise BadInput("--labels: no prediction has a label that it can be compared with")
    return found


def _outcomes_of_files(file: Path, feedback: Path | None, columns: tuple[str, ...]) -> Outcomes:
    from analyzers.monitors.performance.label_sources import outcomes_of_files
    from analyzers.monitors.references.tables import TableError

    try:
        return outcomes_of_files(file, feedback, read_map(columns), features=None)
    except TableError as error:
        raise BadInput(str(error)) from error


def _of_file(file: Path, segment: str | None) -> Reference:
    from analyzers.monitors.references.tables import (
        TableError,
        read_table,
        reference_of,
        reference_with_segments,
    )

    try:
        if segment is not None:
            return reference_with_segments(file, segment)
        return reference_of(read_table(file), file.name)
    except TableError as error:
        raise BadInput(str(error)) from error

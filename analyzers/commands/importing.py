"""``elkhound import``: existing records and logs into a local store."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from analyzers.commands.options import (
    BadInput,
    clear_errors,
    format_option,
    store_option,
)
from analyzers.stores.opening import is_cluster
from shipper.schema import KINDS


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@store_option
@click.option(
    "--kind", type=click.Choice(KINDS), help="Kind of record; told from each row when omitted."
)
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Take a field from a column, such as @timestamp=time. Repeatable.",
)
@click.option(
    "--set",
    "constants",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Give a field one value, such as ml.model.name=churn. Repeatable.",
)
@click.option(
    "--features",
    metavar="COLUMNS",
    default="",
    help="Columns that are inputs of the model, separated by commas; * means all that remain.",
)
@click.option(
    "--service", default="imported", show_default=True, help="Service, where rows name none."
)
@click.option(
    "--namespace", default="default", show_default=True, help="Namespace of the data streams."
)
@click.option(
    "--input-format",
    type=click.Choice(("auto", "ndjson", "csv", "parquet", "text")),
    default="auto",
    show_default=True,
    help="Format of the file.",
)
@format_option("terminal", "json")
def import_file(
    file: Path,
    store: str,
    kind: str | None,
    mapped: Sequence[str],
    constants: Sequence[str],
    features: str,
    service: str,
    namespace: str,
    input_format: str,
    format_name: str,
) -> None:
    """Import NDJSON, CSV or Parquet records, or a plain text log, into a local store.

    Importing the same file twice adds nothing. Rows that make no record are set aside with the
    reason, and counted.
    """
    if is_cluster(store):
        raise BadInput(
            f"{store} is a cluster: import into a folder, and deliver that with elkhound ship"
        )
    with clear_errors():
        from analyzers.importing.importer import import_file as run_import
        from analyzers.importing.mapping import FieldMapping
        from analyzers.importing.reading import ReadError, SourceFormat, detect_format

        mapping = FieldMapping(
            kind=kind,
            columns=_pairs("--map", mapped),
            constants=_pairs("--set", constants),
            features=[name.strip() for name in features.split(",") if name.strip()],
            service=service,
            namespace=namespace,
        )
        try:
            chosen = detect_format(file) if input_format == "auto" else SourceFormat(input_format)
            with _progress(file) as progress:
                result = run_import(
                    file, Path(store.removeprefix("file:")), mapping, chosen, progress
                )
        except ReadError as error:
            raise BadInput(str(error)) from error
        except OSError as error:
            place = error.filename or file
            raise BadInput(f"{place}: {error.strerror or error}; nothing was imported") from error
    if format_name == "json":
        import orjson

        click.echo(orjson.dumps(result.document(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(result.document(), file, store)
    if not result.records and result.set_aside:
        raise BadInput(f"no row of {file} makes a record; first: {result.examples[0][1]}")


def _pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name or not value:
            raise BadInput(f"{option} {item!r} must be FIELD=VALUE, such as ml.model.name=churn")
        pairs[name.strip()] = value.strip()
    return pairs


def _show(result: dict[str, object], file: Path, store: str) -> None:
    records = result["records"]
    counts = (
        ", ".join(f"{n:,} {kind}" for kind, n in records.items())
        if isinstance(records, dict)
        else ""
    )
    click.echo(f"{file}: {counts or 'no'} records into {store}")
    for key, sentence in (
        ("set_aside", "rows that made no record, set aside in the folder rejected"),
        ("without_zone", "times without a zone, read as UTC"),
        ("without_time", "rows without a time, given that of the file"),
        (
            "in_future",
            "records dated in the future, left out of reports unless --until includes them",
        ),
    ):
        if result[key]:
            click.echo(f"  {sentence}: {result[key]:,}")
    examples = result["examples"]
    for example in examples[:3] if isinstance(examples, list) else []:
        click.echo(f"    row {example['row']}: {example['reason']}")


@contextlib.contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None] | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status(f"Importing {file}") as status:
        yield lambda rows: status.update(f"Importing {file}: {rows:,} rows")

"""``elkhound setup``: prepare an Elasticsearch cluster, or say what would change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from analyzers.commands.options import BadInput, clear_errors, complete_location, format_option
from shipper.schema import RESULTS, STREAMS

if TYPE_CHECKING:
    from analyzers.setup.plan import Step

_RETENTION = re.compile(r"(?P<kind>[a-z-]+)=(?P<time>\d+[smhd])")
_SHOWN_DIFFERENCES = 8


@click.command()
@click.option(
    "--store",
    envvar="ELKHOUND_STORE",
    required=True,
    callback=complete_location,
    metavar="URL",
    help="Cluster, such as https://localhost:9200; also ELKHOUND_STORE.",
)
@click.option(
    "--retention",
    multiple=True,
    metavar="KIND=TIME",
    help="How long records or results are kept, such as error=180d; what is there stays otherwise.",
)
@click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Also make roles and API keys (writer, analyzer, reader), and keep the keys in FOLDER.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--remove", is_flag=True, help="Remove the templates; records and results stay.")
@format_option("terminal", "json")
def setup(
    store: str,
    retention: Sequence[str],
    keys: Path | None,
    dry_run: bool,
    remove: bool,
    format_name: str,
) -> None:
    """Install what records and results need in a cluster, or bring older versions up to date.

    Safe to run again: what is right already is left alone. Streams that are there begin a new
    backing index when their template has changed; results move to a new index where the old one
    cannot take their new mapping. Credentials come from ELKHOUND_API_KEY, or
    ELKHOUND_USERNAME and ELKHOUND_PASSWORD.
    """
    with clear_errors():
        from analyzers.setup.access import Access
        from analyzers.setup.cluster import Cluster
        from analyzers.setup.desired import desired_objects
        from analyzers.setup.result_indices import ResultIndices
        from analyzers.stores.opening import is_cluster

        if not is_cluster(store):
            raise BadInput(f"{store} is a folder, which needs no setup: give https://HOST:9200")
        chosen = _retention(retention)
        objects = desired_objects(chosen)
        cluster = Cluster(store)
        try:
            indices = ResultIndices(cluster.client, store, chosen)
            conflicts = [*cluster.conflicts(), *indices.conflicts()]
            access = [Access(cluster.client, store, keys)] if keys is not None else []
            steps: Iterable[Step]
            if remove:
                steps = chain(cluster.remove(objects), *(part.remove() for part in access))
            elif dry_run:
                steps = chain(
                    cluster.plan(objects), indices.plan(), *(part.plan() for part in access)
                )
            else:
                steps = chain(
                    cluster.apply(objects), indices.apply(), *(part.apply() for part in access)
                )
            _show(steps, format_name)
            for part, loss in cluster.missing.items():
                click.echo(f"this server has no {part}: {loss}", err=True)
            for conflict in conflicts:
                click.echo(conflict, err=True)
        finally:
            cluster.close()
    if conflicts and not remove:
        raise BadInput(f"{len(conflicts)} things stand in the way; see above")


def _retention(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        match = _RETENTION.fullmatch(text)
        if match is None or match["kind"] not in (*STREAMS, *RESULTS):
            raise BadInput(
                f"--retention {text!r} must be KIND=TIME, such as error=180d; "
                f"kinds: {', '.join((*STREAMS, *RESULTS))}"
            )
        found[match["kind"]] = match["time"]
    return found


def _show(steps: Iterable[Step], format_name: str) -> None:
    kept = 0
    for step in steps:
        if format_name == "json":
            click.echo(orjson.dumps(asdict(step)).decode())
        elif step.action == "keep":
            kept += 1
        else:
            click.echo(f"{step.action:<7} {step.category} {step.name}")
            for path, there, here in step.differences[:_SHOWN_DIFFERENCES]:
                click.echo(f"          {path}: {there or 'absent'} -> {here or 'absent'}")
            more = len(step.differences) - _SHOWN_DIFFERENCES
            if more > 0:
                click.echo(f"          and {more} more")
    if kept:
        click.echo(f"{kept} objects are right already")

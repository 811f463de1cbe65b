"""``elkhound setup``: prepare an Elasticsearch cluster, or say what would change."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
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
    from analyzers.alerts.conditions import AlertCondition
    from analyzers.setup.plan import Part, Step

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
    "--replicas",
    type=click.IntRange(0, 10),
    envvar="ELKHOUND_REPLICAS",
    help="Copies of each stream's shards; 0 for a single node. What is there stays otherwise.",
)
@click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Also make roles and API keys (writer, analyzer, reader), and keep the keys in FOLDER.",
)
@click.option(
    "--kibana",
    envvar="ELKHOUND_KIBANA",
    metavar="URL",
    help="Also import data views and dashboards into this Kibana; also ELKHOUND_KIBANA.",
)
@click.option(
    "--rules/--no-rules",
    default=True,
    show_default=True,
    help="With --kibana, also write alerting rules; their thresholds stand in elkhound.toml.",
)
@click.option("--space", metavar="NAME", help="Space of Kibana; the default one otherwise.")
@click.option(
    "--pipelines",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Also write Logstash's pipelines and settings into FOLDER.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--remove", is_flag=True, help="Remove the templates; records and results stay.")
@format_option("terminal", "json")
def setup(
    store: str,
    retention: Sequence[str],
    replicas: int | None,
    keys: Path | None,
    kibana: str | None,
    rules: bool,
    space: str | None,
    pipelines: Path | None,
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
        from analyzers.setup.kibana import Kibana
        from analyzers.setup.kibana_rules import KibanaRules
        from analyzers.setup.result_indices import ResultIndices
        from analyzers.stores.locations import options_of
        from analyzers.stores.opening import is_cluster

        if not is_cluster(store):
            raise BadInput(f"{store} is a folder, which needs no setup: give https://HOST:9200")
        chosen = _retention(retention)
        with contextlib.ExitStack() as opened:
            cluster = Cluster(store, desired_objects(chosen, replicas))
            opened.callback(cluster.close)
            indices = ResultIndices(cluster.client, store, chosen)
            parts: list[Part] = [cluster, indices]
            if keys is not None:
                parts.append(Access(cluster.client, store, keys))
            if kibana is not None:
                shown = Kibana(kibana, space, options_of(store, os.environ).get("ca"))
                opened.callback(shown.close)
                parts.append(shown)
                if rules:
                    parts.append(KibanaRules(shown, _conditions(), _namespace(store)))
            conflicts = [*cluster.conflicts(), *indices.conflicts()]
            steps: Iterable[Step]
            if remove:
                steps = chain.from_iterable(part.remove() for part in reversed(parts))
            elif dry_run:
                steps = chain.from_iterable(part.plan() for part in parts)
            else:
                steps = chain.from_iterable(part.apply() for part in parts)
            _show(steps, format_name)
            for lacking, loss in cluster.missing.items():
                click.echo(f"this server has no {lacking}: {loss}", err=True)
            for conflict in conflicts:
                click.echo(conflict, err=True)
        if pipelines is not None and not (dry_run or remove):
            _write_pipelines(pipelines)
    if conflicts and not remove:
        raise BadInput(f"{len(conflicts)} things stand in the way; see above")


def _conditions() -> list[AlertCondition]:
    """Return the alert conditions of ``elkhound.toml``."""
    from analyzers.alerts.conditions import AlertConditionError, asked_conditions

    try:
        return asked_conditions(click.get_current_context().find_root().obj or {})
    except AlertConditionError as error:
        raise BadInput(str(error)) from error


def _namespace(store: str) -> str:
    from analyzers.stores.connecting import namespace_of

    return namespace_of(store).replace("*", "default")


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


def _write_pipelines(folder: Path) -> None:
    """Copy the pipelines that come with Elkhound."""
    from analyzers.setup.bundled import bundled

    try:
        shutil.copytree(bundled("logstash"), folder, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise BadInput(f"{folder} cannot be written: {error}") from error
    click.echo(f"wrote Logstash's pipelines into {folder}", err=True)


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

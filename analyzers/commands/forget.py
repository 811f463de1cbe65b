"""``elkhound forget``: erase the records of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
import orjson

from analyzers.commands.options import clear_errors, format_option, store_option

if TYPE_CHECKING:
    from analyzers.privacy.selection import Erasure


@click.command()
@store_option
@click.option(
    "--where",
    "conditions",
    multiple=True,
    required=True,
    metavar="FIELD=VALUE",
    help="Which records, such as user.id=4711. Repeatable: all of them must hold.",
)
@click.option("--dry-run", is_flag=True, help="Only list what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option("terminal", "json")
def forget(
    store: str, conditions: Sequence[str], dry_run: bool, yes: bool, format_name: str
) -> None:
    """Erase records for good, on either store, after listing how many there are.

    Segments that a living process still writes are left and counted: run the command again when
    they are finished (after an hour, or when the service ends). A cluster must be able to delete
    by query. Reports and copies that were made before are not touched.
    """
    with clear_errors():
        from analyzers.privacy import cluster, folder
        from analyzers.privacy.selection import parse_selection
        from analyzers.stores.opening import folder_of, is_cluster

        selection = parse_selection(conditions)

        def run(only_count: bool) -> list[Erasure]:
            if is_cluster(store):
                return list(cluster.erase(store, selection, only_count))
            return list(folder.erase(folder_of(store), selection, only_count))

        found = run(True)
        total = sum(erasure.count for erasure in found)
        if format_name == "terminal":
            for erasure in found:
                click.echo(f"{erasure.count:>10,} records in {erasure.stream}")
        if total == 0 or dry_run:
            _conclude(found, 0, format_name, "no such records" if total == 0 else "")
            return
        if not yes:
            click.confirm(f"Erase these {total:,} records for good?", abort=True, err=True)
        erased = run(False)
    left = sum(erasure.skipped for erasure in erased)
    _conclude(erased, total - left, format_name, f"erased {total - left:,} records")
    if left:
        click.echo(f"{left:,} are in segments still being written: run this again later", err=True)


def _conclude(erasures: Sequence[Erasure], erased: int, format_name: str, sentence: str) -> None:
    if format_name == "json":
        streams = [asdict(erasure) for erasure in erasures]
        click.echo(orjson.dumps({"erased": erased, "streams": streams}).decode())
    elif sentence:
        click.echo(sentence)

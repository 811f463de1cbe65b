"""``elkhound doctor``: will my records arrive, and if not, why?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from analyzers.commands.options import BadInput, destinations_option, format_option

if TYPE_CHECKING:
    from shipper.doctor import Check

_UNREACHABLE = 3


@click.command()
@destinations_option
@click.option(
    "--spool",
    envvar="ELKHOUND_SPOOL",
    type=click.Path(path_type=Path),
    help="Also look at this spool; also ELKHOUND_SPOOL.",
)
@click.option(
    "--send/--no-send",
    default=True,
    show_default=True,
    help="Send a test record, which stays in the index with the tag elkhound-doctor.",
)
@format_option("terminal", "json")
@click.pass_context
def doctor(
    context: click.Context, urls: Sequence[str], spool: Path | None, send: bool, format_name: str
) -> None:
    """Go the way of a record to URL step by step: name, connection, encryption, protocol, record.

    Each step is one line: what is right, or what is wrong and how to mend it. Exit code 3 when a
    step fails.
    """
    is_right = True
    for check in _checks(urls, spool, send):
        is_right = is_right and check.passed
        if format_name == "json":
            click.echo(orjson.dumps(asdict(check)).decode())
        else:
            mark = (
                click.style("ok   ", fg="green") if check.passed else click.style("WRONG", fg="red")
            )
            click.echo(f"{mark}  {check.name:<11}  {check.says}")
    context.exit(0 if is_right else _UNREACHABLE)


def _checks(urls: Sequence[str], spool: Path | None, send: bool) -> Iterator[Check]:
    from shipper.address import Address
    from shipper.credentials import read_credentials
    from shipper.doctor import examine, examine_spool
    from shipper.errors import ConfigurationError
    from shipper.settings import read_destinations

    try:
        for address in read_destinations(list(urls)):
            if isinstance(address, Address):
                yield from examine(address, read_credentials(), send)
    except ConfigurationError as error:
        raise BadInput(str(error)) from error
    if spool is not None:
        yield from examine_spool(spool.absolute())

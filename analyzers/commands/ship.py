"""``elkhound ship``: deliver spools from outside the services that wrote them."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from analyzers.commands.options import (
    BadInput,
    StoreUnreachable,
    destinations_option,
    format_option,
)

if TYPE_CHECKING:
    from shipper.agent import Agent, Progress
    from shipper.destinations import Destinations

_REFRESH_SECONDS = 0.2
_REPORT_SECONDS = 60.0


@click.command()
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="FOLDER...",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@destinations_option
@click.option("--follow", is_flag=True, help="Go on for what comes later, until interrupted.")
@click.option("--remove", is_flag=True, help="Remove segments once all of them is acknowledged.")
@click.option(
    "--give-up-after",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Without --follow: end when nothing has moved for so long.",
)
@format_option("terminal", "json")
def ship(
    folders: Sequence[Path],
    urls: Sequence[str],
    follow: bool,
    remove: bool,
    give_up_after: float,
    format_name: str,
) -> None:
    """Deliver the records in FOLDERs, those of dead processes and of living ones that do not.

    What is acknowledged is remembered beside the segments, so that a second run continues where the
    first ended. Credentials come from ELKHOUND_USERNAME and ELKHOUND_PASSWORD, or ELKHOUND_API_KEY.
    Exit code 3 when records are left.
    """
    from shipper.agent import Agent

    destinations = open_destinations(urls)
    status = _Status(is_terminal=sys.stderr.isatty(), follow=follow)
    agent = Agent(
        list(folders),
        destinations,
        remove=remove,
        patience=None if follow else give_up_after,
        tell=status.show,
    )
    with _stopped_by_signals(agent):
        try:
            is_done = agent.run(follow)
        except OSError as error:
            raise BadInput(f"{error.filename or 'the folder'} cannot be read: {error}") from error
        finally:
            status.end()
    last = status.last
    if format_name == "json":
        click.echo(orjson.dumps({**asdict(last), "complete": is_done}).decode())
    else:
        click.echo(_sentence(last))
    if not is_done and not follow:
        raise StoreUnreachable(
            f"{last.waiting_bytes:,} bytes are left: {last.last_error or 'interrupted'}"
        )


def open_destinations(urls: Sequence[str]) -> Destinations:
    """Return the destinations that URLs name.

    Raises:
        BadInput: If one is wrong.
    """
    from shipper.credentials import read_credentials
    from shipper.destinations import Destinations
    from shipper.errors import ConfigurationError
    from shipper.settings import read_destinations

    try:
        return Destinations(read_destinations(list(urls)), read_credentials())
    except ConfigurationError as error:
        raise BadInput(str(error)) from error


class _Status:
    """One line that changes on a terminal; elsewhere a line now and then while following."""

    def __init__(self, is_terminal: bool, follow: bool) -> None:
        self.last: Progress
        self._is_terminal = is_terminal
        self._follow = follow
        self._shown = 0.0 if is_terminal else time.monotonic()

    def show(self, progress: Progress) -> None:
        """Show the progress, unless that was done a moment ago."""
        self.last = progress
        now = time.monotonic()
        if self._is_terminal and now - self._shown >= _REFRESH_SECONDS:
            self._shown = now
            click.echo(f"\r\x1b[K{_sentence(progress)}", nl=False, err=True)
        elif self._follow and not self._is_terminal and now - self._shown >= _REPORT_SECONDS:
            self._shown = now
            click.echo(_sentence(progress), err=True)

    def end(self) -> None:
        """Clear the line."""
        if self._is_terminal:
            click.echo("\r\x1b[K", nl=False, err=True)


def _sentence(progress: Progress) -> str:
    rate = progress.delivered / progress.seconds if progress.seconds > 0 else 0.0
    parts = [f"delivered {progress.delivered:,} records ({rate:,.0f}/s)"]
    if progress.duplicates:
        parts.append(f"{progress.duplicates:,} of them were there already")
    if progress.set_aside:
        parts.append(f"{progress.set_aside:,} set aside in the folder rejected")
    if progress.waiting_bytes:
        parts.append(f"{progress.waiting_bytes / 1e6:,.1f} MB left")
    if progress.last_error:
        parts.append(progress.last_error)
    elif progress.destination:
        parts.append(f"to {progress.destination}")
    return ", ".join(parts)


@contextlib.contextmanager
def _stopped_by_signals(agent: Agent) -> Iterator[None]:
    previous = {
        number: signal.signal(number, lambda *_: agent.stop())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)

"""``elkhound errors resolve|ignore|assign|reopen GROUP``: what somebody decided about a group."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import click

from analyzers.commands.options import (
    BadInput,
    clear_errors,
    opened_store,
    store_option,
    window_options,
)

if TYPE_CHECKING:
    from analyzers.results.triage import TriageState


class Span(NamedTuple):
    """The window in which the group was seen: that of the report that showed it."""

    since: datetime | None
    until: datetime | None


_note = click.option("--note", metavar="TEXT", help="Why; shown beside the group.")


@click.command()
@click.argument("group", metavar="GROUP")
@click.option(
    "--in",
    "release",
    metavar="RELEASE",
    help="Release of the service that mends it; errors of older ones do not bring it back.",
)
@_note
@store_option
@window_options
def resolve(
    group: str,
    release: str | None,
    note: str | None,
    store: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Mark an error group as mended; it is regressed when a newer release has it again."""
    _decide(store, Span(since, until), group, "resolved", release=release, note=note)


@click.command()
@click.argument("group", metavar="GROUP")
@_note
@store_option
@window_options
def ignore(
    group: str, note: str | None, store: str, since: datetime | None, until: datetime | None
) -> None:
    """Mark an error group as one that nobody minds: it is shown, and never severe."""
    _decide(store, Span(since, until), group, "ignored", note=note)


@click.command()
@click.argument("group", metavar="GROUP")
@_note
@store_option
@window_options
def reopen(
    group: str, note: str | None, store: str, since: datetime | None, until: datetime | None
) -> None:
    """Take back that an error group is resolved or ignored."""
    _decide(store, Span(since, until), group, "open", note=note)


@click.command()
@click.argument("group", metavar="GROUP")
@click.argument("owner", metavar="OWNER")
@_note
@store_option
@window_options
def assign(
    group: str,
    owner: str,
    note: str | None,
    store: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Say who looks after an error group."""
    _decide(store, Span(since, until), group, None, owner=owner, note=note)


def _decide(
    location: str,
    span: Span,
    identity: str,
    state: TriageState | None,
    release: str | None = None,
    owner: str | None = None,
    note: str | None = None,
) -> None:
    with clear_errors():
        from analyzers.errors.explaining import find_group
        from analyzers.errors.groups import group_patterns
        from analyzers.results.triage import decide
        from analyzers.stores.base import Window
        from analyzers.stores.opening import open_results

        with opened_store(location) as store:
            found = find_group(
                group_patterns(store.error_patterns(Window(span.since, span.until))), identity
            )
        if found is None:
            raise BadInput(
                f"no one group has the id {identity!r}: "
                "give the --since of the report that shows it"
            )
        with contextlib.closing(open_results(location)) as results:
            decision, saved = decide(results, found, datetime.now(UTC), state, release, owner, note)
        if saved.refused:
            raise BadInput(f"the decision was refused: {saved.refused[0].reason}")
    owned = f", {decision.owner} looks after it" if decision.owner else ""
    click.echo(f"{found.id} is {decision.state}{owned}")

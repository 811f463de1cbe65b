"""``elkhound errors resolve|ignore|assign|reopen|explain GROUP``: one error group."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from analyzers.commands.knowledge import knowledge_of
from analyzers.commands.options import (
    BadInput,
    F,
    asked_window,
    clear_errors,
    format_option,
    opened_store,
    store_option,
    window_options,
    write_text,
)

if TYPE_CHECKING:
    from analyzers.errors.grouping import Grouping
    from analyzers.errors.groups import ErrorGroup
    from analyzers.errors.triage import TriageState
    from analyzers.stores.base import Window


def _of_a_group(function: F) -> F:
    """Add GROUP, and where and when it was seen."""
    return click.argument("group", metavar="GROUP")(store_option(window_options(function)))


_note = click.option("--note", metavar="TEXT", help="Why; shown beside the group.")


@click.command()
@_of_a_group
@click.option(
    "--in",
    "release",
    metavar="RELEASE",
    help="Release of the service that mends it; errors of older ones do not bring it back.",
)
@_note
def resolve(
    group: str,
    release: str | None,
    note: str | None,
    store: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Mark an error group as mended; it is regressed when a newer release has it again."""
    _decide(store, asked_window(since, until), group, "resolved", release=release, note=note)


@click.command()
@_of_a_group
@_note
def ignore(
    group: str, note: str | None, store: str, since: datetime | None, until: datetime | None
) -> None:
    """Mark an error group as one that nobody minds: it is shown, and never severe."""
    _decide(store, asked_window(since, until), group, "ignored", note=note)


@click.command()
@_of_a_group
@_note
def reopen(
    group: str, note: str | None, store: str, since: datetime | None, until: datetime | None
) -> None:
    """Take back that an error group is resolved or ignored."""
    _decide(store, asked_window(since, until), group, "open", note=note)


@click.command()
@_of_a_group
@click.argument("owner", metavar="OWNER")
@_note
def assign(
    group: str,
    owner: str,
    note: str | None,
    store: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Say who looks after an error group."""
    _decide(store, asked_window(since, until), group, None, owner=owner, note=note)


@click.command()
@_of_a_group
@format_option("terminal", "json")
def explain(
    group: str, store: str, since: datetime | None, until: datetime | None, format_name: str
) -> None:
    """Say why the records of an error group are together, and what keeps others out.

    GROUP is its id, or the beginning of it.
    """
    with clear_errors():
        from analyzers.errors.explaining import explain_group
        from analyzers.reports.explanations import explanation_json, explanation_text

        found, groups, grouping = _look_up(store, asked_window(since, until), group)
        if found is None:
            raise BadInput(
                f"no one group of the window has the id {group!r}: `elkhound errors` shows ids"
            )
        render = explanation_json if format_name == "json" else explanation_text
        write_text(render(explain_group(found, groups, grouping.history(found))), None)


def _look_up(
    location: str, window: Window, identity: str
) -> tuple[ErrorGroup | None, list[ErrorGroup], Grouping]:
    """Return the group that an id means, all groups of the window, and how they are made."""
    from analyzers.errors.explaining import find_group

    grouping = knowledge_of(location).grouping
    with opened_store(location) as store:
        groups = grouping.groups(store.error_patterns(window))
    return find_group(groups, identity), groups, grouping


def _decide(
    location: str,
    window: Window,
    identity: str,
    state: TriageState | None,
    release: str | None = None,
    owner: str | None = None,
    note: str | None = None,
) -> None:
    with clear_errors():
        from analyzers.results.triage import decide
        from analyzers.stores.opening import open_results

        found, _, _ = _look_up(location, window, identity)
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

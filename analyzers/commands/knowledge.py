"""What is known about error groups beside the records: rules, decisions and earlier runs."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzers.errors.grouping import Grouping
    from analyzers.errors.rules import GroupRule
    from analyzers.errors.triage import Decision
    from analyzers.findings import Finding
    from analyzers.stores.base import Window


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known.

    Attributes:
        grouping: How errors are grouped: the rules of ``elkhound.toml``, and earlier runs.
        decisions: What was decided, by group and by fingerprint.
        alarms: What monitors stored and found alarming in a window.
    """

    grouping: Grouping
    decisions: Mapping[str, Decision]
    alarms: Sequence[Finding] = ()


def rules_of_file() -> tuple[GroupRule, ...]:
    """Return the rules about error groups in ``elkhound.toml``."""
    from analyzers.configuration import group_rules

    return group_rules(click.get_current_context().find_root().obj or {})


def knowledge_of(location: str, window: Window | None = None) -> Knowledge:
    """Return what is known about the groups of a store, and the alarms of a window.

    Who may read records alone still gets a report; standard error says what is left out.

    Raises:
        StoreError: If the store cannot be read.
    """
    from analyzers.errors.grouping import Grouping
    from analyzers.results.alarms import read_alarms
    from analyzers.results.identities import read_known
    from analyzers.results.triage import read_decisions
    from analyzers.stores.base import NotAllowedError
    from analyzers.stores.opening import open_results

    rules = rules_of_file()
    if "*" in location:  # decisions and results belong to one namespace
        return Knowledge(Grouping(rules), {})
    with contextlib.closing(open_results(location)) as results:
        try:
            alarms = read_alarms(results, window) if window is not None else ()
            known = Grouping(rules, read_known(results))
            return Knowledge(known, read_decisions(results), alarms)
        except NotAllowedError as error:
            click.echo(f"decisions about groups are left out: {error}", err=True)
            return Knowledge(Grouping(rules), {})

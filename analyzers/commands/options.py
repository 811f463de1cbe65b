"""Options that commands share, and the way their errors reach the user."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from analyzers.spans import span_seconds

if TYPE_CHECKING:
    from analyzers.stores.base import Condition, Store, Window

F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    _TimeType = click.ParamType[datetime]
    _LengthType = click.ParamType[int]
    _WordsType = click.ParamType[tuple[str, ...]]
else:
    _TimeType = _LengthType = _WordsType = click.ParamType

_STATES = ("new", "ongoing", "escalating", "regressed")

DEFAULT_STORE = "elkhound-data"


class BadInput(click.ClickException):
    """Bad input: one sentence, exit code 2."""

    exit_code = 2


class StoreUnreachable(click.ClickException):
    """No such store, or no answer from it: one sentence, exit code 3."""

    exit_code = 3


class Moment(_TimeType):
    """A time: ISO 8601 (UTC where no zone is given), or a span before now such as ``2h``."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time with its zone."""
        if isinstance(value, datetime):
            return value
        span = span_seconds(value)
        try:
            if span is not None:
                return datetime.now(UTC) - timedelta(seconds=span)
            moment = datetime.fromisoformat(value.strip())
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no time: give ISO 8601 (2026-11-21T04:00Z) or a span (30m, 2h, 7d)",
                param,
                ctx,
            )
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


class Length(_LengthType):
    """A length of time such as ``1h``, in whole seconds."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds."""
        if isinstance(value, int):
            return value
        seconds = span_seconds(value) or 0.0
        if not 60 <= seconds <= 31 * 86400 or seconds != int(seconds):
            self.fail(f"{value!r} is no length from 1m to 31d, such as 15m, 1h or 1d", param, ctx)
        return int(seconds)


class FailOn(_WordsType):
    """A severity, or states of error groups separated by commas."""

    name = "severity or states"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the words."""
        from analyzers.findings import SEVERITIES

        if isinstance(value, tuple):
            return value
        words = tuple(word.strip() for word in value.split(","))
        if not (len(words) == 1 and words[0] in SEVERITIES) and not set(words) <= set(_STATES):
            self.fail(
                f"{value!r} is neither a severity ({', '.join(SEVERITIES)}) "
                f"nor a list of states ({', '.join(_STATES)})",
                param,
                ctx,
            )
        return words


def complete_location(context: click.Context, _: click.Parameter, location: str) -> str:
    """Return a store's location with the options that ``elkhound.toml`` adds to it."""
    from analyzers.configuration import connection_options
    from analyzers.stores.locations import completed
    from analyzers.stores.opening import is_cluster

    defaults = connection_options(context.find_root().obj or {})
    if not defaults or not is_cluster(location):
        return location
    return completed(location, defaults, os.environ)


def store_option(function: F) -> F:
    """Add ``--store``."""
    return click.option(
        "--store",
        envvar="ELKHOUND_STORE",
        default=DEFAULT_STORE,
        show_default=True,
        callback=complete_location,
        metavar="FOLDER|URL",
        help="Folder that the service writes, or https://HOST:9200; also ELKHOUND_STORE.",
    )(function)


def destinations_option(function: F) -> F:
    """Add ``--to``, as ``urls``."""
    return click.option(
        "--to",
        "urls",
        multiple=True,
        required=True,
        envvar="ELKHOUND_TO",
        metavar="URL",
        help="Destination; repeat it for several in order of preference. Also ELKHOUND_TO.",
    )(function)


def window_options(function: F) -> F:
    """Add ``--since`` and ``--until``."""
    since = click.option(
        "--since", type=Moment(), help="Begin: ISO 8601, or a span before now such as 2h."
    )
    until = click.option(
        "--until", type=Moment(), help="End: ISO 8601, or a span before now; default now."
    )
    return since(until(function))


def model_options(function: F) -> F:
    """Add ``--model`` and ``--version``."""
    model = click.option("--model", metavar="NAME", help="Only this model.")
    version = click.option("--version", metavar="VERSION", help="Only this version of the model.")
    return model(version(function))


def segment_option(function: F) -> F:
    """Add ``--segment``."""
    return click.option(
        "--segment", metavar="NAME", help="Also each value of this segment, or column, by itself."
    )(function)


def map_option(function: F) -> F:
    """Add ``--map``, as ``columns``."""
    return click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="NAME=COLUMN",
        help="What a file calls id, time, prediction, score, version, dataset, actual or rating.",
    )(function)


def read_map(columns: tuple[str, ...]) -> dict[str, str]:
    """Return what ``--map`` says.

    Raises:
        BadInput: If it is no ``NAME=COLUMN``.
    """
    found: dict[str, str] = {}
    for given in columns:
        name, mark, column = given.partition("=")
        if not mark or not name or not column:
            raise BadInput(f"--map {given!r} must be NAME=COLUMN, such as --map actual=churned")
        found[name] = column
    return found


def group_option(function: F) -> F:
    """Add ``--group``."""
    return click.option(
        "--group", "only", metavar="ID", help="Only the error group whose id begins so."
    )(function)


def format_option(*formats: str) -> Callable[[F], F]:
    """Add ``--format`` with the formats a command knows, the first by default."""
    return click.option(
        "--format",
        "format_name",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to show the result.",
    )


def output_option(function: F) -> F:
    """Add ``--output``."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write to this file instead of standard output.",
    )(function)


def save_options(function: F) -> F:
    """Add ``--save`` and ``--every``."""
    save = click.option(
        "--save",
        is_flag=True,
        help="Also save the findings of each window of --every, beside the records.",
    )
    every = click.option(
        "--every",
        type=Length(),
        default="1h",
        show_default=True,
        help="Length of the windows that --save computes, from 1m to 31d.",
    )
    return save(every(function))


def asked_window(since: datetime | None, until: datetime | None) -> Window:
    """Return the window that ``--since`` and ``--until`` stand for.

    Raises:
        BadInput: If it ends before it begins.
    """
    from analyzers.stores.base import Window

    if since is not None and until is not None and since >= until:
        raise BadInput("--since must lie before --until")
    return Window(since, until)


def model_conditions(model: str | None, version: str | None) -> list[Condition]:
    """Return the conditions that ``--model`` and ``--version`` stand for."""
    from analyzers.stores.base import Condition

    given = (("ml.model.name", model), ("ml.model.version", version))
    return [Condition(field, "any_of", (value,)) for field, value in given if value is not None]


def write_text(text: str, output: Path | None) -> None:
    """Write a result to a file, all of it or nothing, or to standard output.

    A device or a pipe, such as ``/dev/null``, is written to and never replaced.

    Raises:
        BadInput: If the file cannot be written.
    """
    if output is None:
        click.echo(text, nl=False)
        return
    temporary = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        if output.exists() and not output.is_file():
            output.write_text(text, encoding="utf-8")
            return
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(output)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise BadInput(f"{output} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Turn the failures a user can mend into one sentence and an exit code."""
    from analyzers.stores.base import StoreError

    try:
        yield
    except StoreError as error:
        raise StoreUnreachable(str(error)) from error
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "analyzers", "shipper"):
            raise
        raise BadInput(f"this command needs {name}: pip install 'elkhound[analyzers]'") from error


@contextlib.contextmanager
def opened_store(location: str) -> Iterator[Store]:
    """Open a store and close it at the end."""
    from analyzers.stores.opening import open_store

    store = open_store(location)
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def working(message: str) -> Iterator[None]:
    """Show that work goes on, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(message):
        yield

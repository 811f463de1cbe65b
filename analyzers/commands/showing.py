"""Show a report in the format asked for; a renderer loads when it is needed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzers.commands.options import write_text

if TYPE_CHECKING:
    from analyzers.stores.base import Window

TERMINAL, MARKDOWN, HTML = "terminal", "md", "html"


def kibana_link(
    store: str,
    dashboard: str,
    window: Window,
    model: str | None = None,
    version: str | None = None,
) -> str | None:
    """Return where Kibana shows what a report is about; None where no Kibana is known.

    Args:
        store: Location of the store; Kibana shows clusters.
        dashboard: Name of the dashboard.
        window: Time that was asked for.
        model: Model that was asked for, or None.
        version: Its version, or None.
    """
    from analyzers.reports.kibana_links import dashboard_url
    from analyzers.stores.opening import is_cluster

    values = click.get_current_context().find_root().obj or {}
    base = os.environ.get("ELKHOUND_KIBANA") or values.get("kibana.url")
    if not base or not is_cluster(store):
        return None
    return dashboard_url(base, dashboard, window.since, window.until, model, version)


def show(
    report: Any,
    format_name: str,
    output: Path | None,
    renderers: Mapping[str, str],
    link: str | None = None,
) -> None:
    """Print a report, or write it to a file.

    Args:
        report: The report.
        format_name: One of the renderers' names.
        output: The file; standard output where it is None.
        renderers: Functions by format, as ``module:function``. That for ``terminal`` prints to a
            console; the others return a text.

        link: Where Kibana shows the same, or None.

    Raises:
        BadInput: If the file cannot be written.
    """
    module, _, name = renderers[format_name].partition(":")
    render: Callable[..., Any] = getattr(importlib.import_module(module), name)
    if format_name != TERMINAL:
        more = {"link": link} if link is not None and format_name == HTML else {}
        text = render(report, **more)
        if link is not None and format_name == MARKDOWN:
            text += f"\n[The same in Kibana]({link})\n"
        write_text(text, output)
        return
    from rich.console import Console

    from analyzers.reports.terminal import without_colors

    if output is None:
        console = Console()
        render(report, console)
        if link is not None:
            console.print(f"\nThe same in Kibana: {link}", soft_wrap=True, markup=False)
    else:
        write_text(without_colors(render, report), output)

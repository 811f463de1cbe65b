"""Show a report in the format asked for; a renderer loads when it is needed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from analyzers.commands.options import write_text

TERMINAL = "terminal"


def show(report: Any, format_name: str, output: Path | None, renderers: Mapping[str, str]) -> None:
    """Print a report, or write it to a file.

    Args:
        report: The report.
        format_name: One of the renderers' names.
        output: The file; standard output where it is None.
        renderers: Functions by format, as ``module:function``. That for ``terminal`` prints to a
            console; the others return a text.

    Raises:
        BadInput: If the file cannot be written.
    """
    module, _, name = renderers[format_name].partition(":")
    render: Callable[..., Any] = getattr(importlib.import_module(module), name)
    if format_name != TERMINAL:
        write_text(render(report), output)
        return
    from rich.console import Console

    from analyzers.reports.terminal import without_colors

    if output is None:
        render(report, Console())
    else:
        write_text(without_colors(render, report), output)

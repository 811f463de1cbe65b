"""The command line: ``elkhound <noun> [verb]``. Commands load when they are called."""

from __future__ import annotations

import importlib

import click

from shipper._version import package_version

COMMANDS = {
    "doctor": "analyzers.commands.doctor:doctor",
    "drift": "analyzers.commands.drift:drift",
    "errors": "analyzers.commands.errors:errors",
    "forget": "analyzers.commands.forget:forget",
    "import": "analyzers.commands.importing:import_file",
    "incidents": "analyzers.commands.incidents:incidents",
    "performance": "analyzers.commands.performance:performance",
    "quality": "analyzers.commands.quality:quality",
    "reference": "analyzers.commands.reference:reference",
    "setup": "analyzers.commands.setup:setup",
    "ship": "analyzers.commands.ship:ship",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, name = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_version(), prog_name="elkhound")
@click.pass_context
def main(context: click.Context) -> None:
    """Log analytics for machine-learning services: what broke, since when, for whom, and why.

    Options may stand in elkhound.toml (or the file that ELKHOUND_CONFIG names): see
    docs/configuration.md. Exit codes: 0 fine, 1 findings (with --fail-on), 2 bad input or usage,
    3 store unreachable.
    """
    from analyzers.configuration import default_map, find_file, read_file
    from analyzers.configuration_keys import ConfigurationFileError

    try:
        path = find_file()
        if path is not None:
            values = read_file(path)
            context.default_map = default_map(values)
            context.obj = values
    except ConfigurationFileError as error:
        raise click.UsageError(str(error)) from error

"""The group of verbs: prints its help from the table, imports a verb's module only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from tabml.cli import VERBS
from tabml.core.errors import ConfigError, did_you_mean


class VerbGroup(click.Group):
    """Each verb's module holds a click command named `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            raise ConfigError(f"no command {args[0]!r}", hint=did_you_mean(args[0], VERBS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> Any:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"tabml {version('tabml')}")
        ctx.exit()


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def tabml() -> None:
    """From messy hospital exports to a clinical prediction model that can be trusted.

    \b
    tabml fit exports/ --target death_30d
    tabml predict exports-study/model.tabml new.xlsx -o risk.xlsx

    Exit codes: 0 done, 1 failure, 2 usage or configuration, 3 an input cannot be read, 4 the data do not
    allow what was asked.
    """

"""`tabml findings`: every finding code, when it fires and what a reader does about it."""

from __future__ import annotations

import click

from tabml.cli.front import Front, pass_front, shared_options
from tabml.cli.text import table


@click.command()
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@shared_options
@pass_front
def command(front: Front, codes: tuple[str, ...]) -> None:
    """List every finding code, or those named: severity, when it fires, what to do."""
    from tabml.core.findings import KINDS, check_codes

    wanted = [code.upper() for code in codes]
    check_codes(wanted)
    kinds = [kind for code, kind in sorted(KINDS.items()) if not wanted or code in wanted]
    result = [{"code": k.code, "severity": k.severity, "trigger": k.trigger, "remedy": k.remedy} for k in kinds]
    rows = [(k.code, k.severity, f"{k.trigger} -> {k.remedy}") for k in kinds]
    front.answer("findings", result, table(("code", "severity", "when -> what to do"), rows))

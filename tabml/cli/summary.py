"""`tabml summary`: the data described and audited before any model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tabml.cli.configure import from_options, inputs_argument, setting_options, yes_option
from tabml.cli.front import Front, pass_front, shared_options

OPTIONS = ("--target", "--time", "--event", "--id", "--centre", "--positive", "--codebook", "--sheet", "--header-row",
           "--keep", "--horizon", "--key", "--out")  # fmt: skip


@click.command()
@inputs_argument
@setting_options(*OPTIONS)
@yes_option
@shared_options
@pass_front
def command(front: Front, /, inputs: tuple[Path, ...], yes: bool, **options: Any) -> None:
    """Describe the data of INPUT and their faults in one page; no model is fitted."""
    config = from_options(options)
    from tabml.cli.ask import asker
    from tabml.cli.mapping import shower
    from tabml.cli.progress import shown
    from tabml.cli.told import result_line, roles_of, summary_text
    from tabml.study.run import summarise

    with shown(front) as progress:
        outcome = summarise(inputs, config, ask=asker(front, yes=yes), yes=yes, progress=progress, show=shower(front))
    result = {"folder": str(outcome.folder), "headline": outcome.headline, "roles": roles_of(outcome.folder),
              "summary": dict(outcome.document)}  # fmt: skip
    front.answer("summary", result, summary_text(outcome), outcome.findings, line=result_line(outcome))

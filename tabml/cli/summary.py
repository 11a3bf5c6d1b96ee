"""`tabml summary`: the data described and audited before any model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tabml.cli.configure import from_options, inputs_argument, setting_options, yes_option
from tabml.cli.front import Front, count_findings, finding_lines, pass_front, shared_options
from tabml.cli.text import name

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
    from tabml.cli.progress import shown
    from tabml.study.run import summarise

    with shown(front) as progress:
        outcome = summarise(inputs, config, ask=asker(front, yes=yes), yes=yes, progress=progress)
    text = (f"{outcome.headline}\n\nFindings: {count_findings(outcome.findings)}\n{finding_lines(outcome.findings)}\n\n"
            f"Written to {name(outcome.folder)}: summary.html")  # fmt: skip
    result = {"folder": outcome.folder.name, "headline": outcome.headline, "summary": outcome.document}
    front.answer("summary", result, text, outcome.findings)

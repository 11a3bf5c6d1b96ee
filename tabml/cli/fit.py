"""`tabml fit`: files in, study out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tabml.cli.configure import SETTINGS, from_options, inputs_argument, setting_options, yes_option
from tabml.cli.front import Front, pass_front, shared_options

if TYPE_CHECKING:
    from tabml.study.run import StudyOutcome


@click.command()
@inputs_argument
@setting_options(*SETTINGS)
@yes_option
@shared_options
@pass_front
def command(front: Front, /, inputs: tuple[Path, ...], yes: bool, **options: Any) -> None:
    """Make a study from INPUT (files or folders): cohort, models, honest estimates, report, model file.

    On one clean workbook no option is needed. With a codebook nothing is guessed.
    """
    config = from_options(options)
    from tabml.cli.ask import asker
    from tabml.cli.mapping import shower
    from tabml.cli.progress import shown
    from tabml.cli.told import result_line, study_text
    from tabml.study.run import fit

    with shown(front) as progress:
        outcome = fit(inputs, config, ask=asker(front, yes=yes), yes=yes, progress=progress, show=shower(front))
    front.answer("fit", _record(outcome), study_text(outcome), outcome.findings, line=result_line(outcome))


def _record(outcome: StudyOutcome) -> dict[str, Any]:
    """What a program gets; the full document stands in the folder's results.json."""
    from tabml.cli.told import roles_of
    from tabml.study.folder import StudyFolder

    document = outcome.document
    return {
        "folder": str(outcome.folder),
        "files": [file.name for file in StudyFolder(outcome.folder).files()],
        "headline": outcome.headline,
        "roles": roles_of(outcome.folder),
        **{key: document.get(key) for key in ("study", "target", "counts", "estimates", "run")},
    }

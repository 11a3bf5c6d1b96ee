"""`tabml report`: a study's pages again, from its results document; nothing is fitted."""

from __future__ import annotations

from pathlib import Path

import click

from tabml.cli.configure import AnyPath
from tabml.cli.front import Front, pass_front, shared_options
from tabml.cli.text import name


@click.command()
@click.argument("folder", metavar="DIR", type=AnyPath)
@shared_options
@pass_front
def command(front: Front, folder: Path) -> None:
    """Write summary.html and report.html of the study in DIR again, from its results.json."""
    from tabml.study.folder import StudyFolder
    from tabml.study.pages import write_pages

    study = StudyFolder.open(folder)
    written = write_pages(study, study.read_document())
    names = [path.name for path in written]
    front.answer(
        "report", {"folder": study.root.name, "files": names}, f"Written to {name(folder)}: {', '.join(names)}"
    )

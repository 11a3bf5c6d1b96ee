"""`tabml trace`: the file, sheet, cell and rule behind one value of a study."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tabml.cli.configure import AnyPath
from tabml.cli.front import Front, pass_front, shared_options


@click.command()
@click.argument("folder", metavar="DIR", type=AnyPath)
@click.argument("patient", metavar="PATIENT")
@click.argument("variable", metavar="VARIABLE")
@click.option("--key", metavar="FILE", help="Site key the study was made with (for a raw id).")
@click.option("--search", "folders", multiple=True, metavar="DIR", type=AnyPath,
              help="Folder to look for the exports in, if they have moved.")  # fmt: skip
@shared_options
@pass_front
def command(
    front: Front, folder: Path, patient: str, variable: str, key: str | None, folders: tuple[Path, ...]
) -> None:
    """Show where a value came from. PATIENT is a pseudonym, or - to read the raw id on standard input."""
    from tabml.study.trace import trace_value

    raw_id = _read_raw_id(front) if patient == "-" else None
    answers = trace_value(
        folder, variable, pseudonym=None if patient == "-" else patient, raw_id=raw_id,
        key_file=Path(key) if key else None, search=folders,
    )  # fmt: skip
    front.answer("trace", [a.record for a in answers], "\n\n".join(a.text for a in answers))


def _read_raw_id(front: Front) -> str:
    """One line of standard input: a raw id is no argument, for arguments are seen by others."""
    if front.interactive:
        return str(click.prompt("patient id", err=True, hide_input=True))
    return sys.stdin.readline().strip()

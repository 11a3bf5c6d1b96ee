"""`tabml predict`: a model file applied to new patients, one row out for each row in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tabml.cli.configure import AnyPath, from_options, inputs_argument, parameter
from tabml.cli.front import Front, finding_lines, pass_front, shared_options
from tabml.cli.text import name
from tabml.core.wording import counted

if TYPE_CHECKING:
    from tabml.core.findings import Finding

#: Rows of a file that give no row of the table are always told.
ROWS_SET_ASIDE = "TB103"
#: The setting that `fit --plugin` fills too, so that the environment may name the plugin for both.
PLUGIN = parameter("search.plugins")


@click.command()
@click.argument("model", metavar="MODEL", type=AnyPath)
@inputs_argument
@click.option("-o", "--out", required=True, metavar="FILE", type=AnyPath,
              help="Table to write: .xlsx, .csv or .parquet; it must not exist.")  # fmt: skip
@click.option("--codebook", metavar="FILE", type=AnyPath,
              help="How these exports are read, where the model file's own codebook does not fit.")  # fmt: skip
@click.option("--sheet", metavar="NAME", help="Sheet to read.")
@click.option("--plugin", PLUGIN, multiple=True, metavar="FILE.py", help="File of a plugin whose model MODEL holds.")
@shared_options
@pass_front
def command(
    front: Front, /, model: Path, inputs: tuple[Path, ...], out: Path, codebook: Path | None, sheet: str | None,
    **options: Any,
) -> None:  # fmt: skip
    """Apply MODEL to the rows of INPUT and write one line per row: risk, flag and its reasons.

    flag is use, review or refuse; a refused row has no number. The table holds your own patient ids: keep it
    where you keep such tables.
    """
    from tabml.study.apply import flag_counts, predict_file
    from tabml.study.table_file import check_table_path, write_table

    check_table_path(out)
    plugins = [Path(file) for file in from_options(options).search.plugins]
    applied = predict_file(model, inputs, codebook_file=codebook, sheet=sheet, plugins=plugins)
    write_table(out, applied.table)
    counts = flag_counts(applied.table["flag"])
    result = {"file": out.name, "rows": len(applied.table), "flags": counts, "bundle": applied.bundle}
    words = ", ".join(f"{n} {flag}" for flag, n in counts.items())
    line = f"{counted(len(applied.table), 'row')} written to {name(out)}: {words}"
    text = "\n".join(filter(None, [line, *_said(front, applied.findings)]))
    front.answer("predict", result, text, applied.findings, line=line)


def _said(front: Front, findings: Sequence[Finding]) -> Iterator[str]:
    """Warnings and rows set aside in full; other notes with -v, else their number."""
    told = [f for f in findings if front.verbose or f.severity != "info" or f.code == ROWS_SET_ASIDE]
    yield finding_lines(told)
    if len(told) < len(findings):
        yield f"  {counted(len(findings) - len(told), 'note')} more: -v lists them"

"""`tabml predict`: a model file applied to new patients, one row out for each row in."""

from __future__ import annotations

from pathlib import Path

import click

from tabml.cli.configure import inputs_argument
from tabml.cli.front import Front, finding_lines, pass_front, shared_options
from tabml.cli.text import name


@click.command()
@click.argument("model", metavar="MODEL", type=click.Path(path_type=Path))
@inputs_argument
@click.option("-o", "--out", required=True, metavar="FILE", type=click.Path(path_type=Path),
              help="Table to write: .xlsx, .csv or .parquet; it must not exist.")  # fmt: skip
@click.option("--codebook", metavar="FILE", type=click.Path(path_type=Path),
              help="How these exports are read, where the model file's own codebook does not fit.")  # fmt: skip
@click.option("--sheet", metavar="NAME", help="Sheet to read.")
@shared_options
@pass_front
def command(
    front: Front, model: Path, inputs: tuple[Path, ...], out: Path, codebook: Path | None, sheet: str | None
) -> None:
    """Apply MODEL to the rows of INPUT and write one line per row: risk, flag and its reasons.

    flag is use, review or refuse; a refused row has no number. The table holds your own patient ids: keep it
    where you keep such tables.
    """
    from tabml.study.apply import flag_counts, predict_file
    from tabml.study.table_file import check_table_path, write_table

    check_table_path(out)
    applied = predict_file(model, inputs, codebook_file=codebook, sheet=sheet)
    write_table(out, applied.table)
    counts = flag_counts(applied.table["flag"])
    result = {"file": out.name, "rows": len(applied.table), "flags": counts, "bundle": applied.bundle}
    words = ", ".join(f"{n} {flag}" for flag, n in counts.items())
    text = f"{len(applied.table)} rows written to {name(out)}: {words}"
    front.answer("predict", result, f"{text}\n{finding_lines(applied.findings)}".rstrip(), applied.findings)

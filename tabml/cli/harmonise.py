"""`tabml harmonise`: exports and a reviewed codebook in, one clean table with its provenance out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tabml.cli.configure import AnyPath, inputs_argument, yes_option
from tabml.cli.front import Front, count_findings, finding_lines, pass_front, shared_options
from tabml.cli.text import name, table
from tabml.core.wording import counted

if TYPE_CHECKING:
    from tabml.core.cohort import Cohort


@click.command()
@inputs_argument
@click.option("--codebook", required=True, metavar="FILE", type=AnyPath, help="Reviewed codebook.")
@click.option("--apply", "apply_", is_flag=True, required=True, help="Build the table.")
@click.option("--keep-ids", is_flag=True, help="Write the original patient ids too, for local use.")
@click.option("--key", metavar="FILE", type=AnyPath, help="Site key that makes pseudonyms.")
@click.option("--out", required=True, metavar="DIR", type=AnyPath, help="New or empty folder.")
@yes_option
@shared_options
@pass_front
def command(
    front: Front, inputs: tuple[Path, ...], codebook: Path, apply_: bool, keep_ids: bool, key: Path | None, out: Path,
    yes: bool,
) -> None:  # fmt: skip
    """Read INPUT as the codebook says and write cohort.csv, provenance and findings to DIR."""
    from tabml.study.harmonised import harmonise_files

    cohort = harmonise_files(inputs, codebook, out, key_file=key, keep_ids=keep_ids, yes=yes)
    result = {"folder": out.name, "patients": cohort.n_patients, "rows": len(cohort.frame),
              "variables": list(cohort.frame.columns), "original_ids": keep_ids}  # fmt: skip
    line = _written(cohort, out, keep_ids=keep_ids)
    front.answer("harmonise", result, _text(front, cohort, out, line), cohort.findings, line=line)


def _written(cohort: Cohort, out: Path, *, keep_ids: bool) -> str:
    ids = ("It holds the ORIGINAL patient ids: keep it where you keep such tables." if keep_ids
           else "It holds pseudonyms, no original ids.")  # fmt: skip
    counts = f"{counted(cohort.n_patients, 'patient')}, {counted(len(cohort.frame), 'row')}"
    return f"{counts} written to {name(out)}/cohort.csv. {ids}"


def _text(front: Front, cohort: Cohort, out: Path, written: str) -> str:
    flow = table(("source", "step", "rows"), [(s.source or "", s.label, s.rows) for s in cohort.flow])
    severities = ("grave", "warn", "info") if front.verbose else ("grave", "warn")
    findings = [f"Findings: {count_findings(cohort.findings)} (all in {name(out)}/findings.csv)",
                finding_lines(cohort.findings, severities=severities)]  # fmt: skip
    return "\n\n".join([flow, written, "\n".join(findings)])

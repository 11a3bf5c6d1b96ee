"""`tabml harmonise`: exports in, a codebook to review or one clean table with its provenance out."""

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
@click.option("--codebook", metavar="FILE", type=AnyPath, help="Reviewed codebook.")
@click.option("--propose", metavar="FILE", type=AnyPath, help="Write a codebook to review, and stop.")
@click.option("--apply", "apply_", is_flag=True, help="Build the table.")
@click.option("--keep-ids", is_flag=True, help="Write the original patient ids too, for local use.")
@click.option("--key", metavar="FILE", type=AnyPath, help="Site key that makes pseudonyms.")
@click.option("--out", metavar="DIR", type=AnyPath, help="New or empty folder.")
@yes_option
@shared_options
@pass_front
def command(
    front: Front, inputs: tuple[Path, ...], codebook: Path | None, propose: Path | None, apply_: bool, keep_ids: bool,
    key: Path | None, out: Path | None, yes: bool,
) -> None:  # fmt: skip
    """Bring the exports INPUT together: --propose a codebook to review, or --apply one.

    --apply reads INPUT as the codebook says and writes cohort.csv, provenance and findings to DIR; without
    --codebook it is proposed, and doubtful mappings are asked about.
    """
    _check(codebook, propose, apply_=apply_, out=out)
    if propose is not None:
        _propose(front, inputs, propose)
        return
    from tabml.cli.ask import asker
    from tabml.cli.mapping import shower
    from tabml.study.harmonised import harmonise_files

    assert out is not None
    cohort = harmonise_files(
        inputs, codebook, out, key_file=key, keep_ids=keep_ids, yes=yes, ask=asker(front, yes=yes), show=shower(front)
    )
    result = {"folder": out.name, "patients": cohort.n_patients, "rows": len(cohort.frame),
              "variables": list(cohort.frame.columns), "original_ids": keep_ids}  # fmt: skip
    line = _written(cohort, out, keep_ids=keep_ids)
    front.answer("harmonise", result, _text(front, cohort, out, line), cohort.findings, line=line)


def _check(codebook: Path | None, propose: Path | None, *, apply_: bool, out: Path | None) -> None:
    """One thing at a time: a codebook is proposed, or applied to a folder."""
    if propose is not None and (apply_ or codebook is not None):
        raise click.UsageError(
            "--propose writes a codebook to review; apply it afterwards with --codebook FILE --apply"
        )
    if propose is None and not apply_:
        raise click.UsageError("say --propose FILE to write a codebook, or --apply to build the table")
    if apply_ and out is None:
        raise click.UsageError("--apply needs --out DIR")


def _propose(front: Front, inputs: tuple[Path, ...], file: Path) -> None:
    from tabml.cli.mapping import mapping_table
    from tabml.core.config import Data
    from tabml.study.harmonised import propose_file
    from tabml.study.proposed import doubts

    proposal = propose_file(inputs, file)
    accept = Data().accept_score
    open_rows = doubts(proposal.codebook, accept)
    result = {"file": file.name, "variables": list(proposal.codebook.variables), "doubtful": len(open_rows),
              "questions": [q.text for q in proposal.questions]}  # fmt: skip
    questions = [f"  - {q.text}" for q in proposal.questions]
    written = f"Written to {name(file)}: review it (status: accepted, edited or rejected), then --codebook {name(file)} --apply."
    parts = [mapping_table(proposal.codebook, accept), finding_lines(proposal.findings, severities=("grave", "warn")),
             "\n".join(["Open questions:", *questions]) if questions else "", written]  # fmt: skip
    front.answer("harmonise", result, "\n\n".join(p for p in parts if p), proposal.findings, line=written)


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

"""Exports and a reviewed codebook become one clean table in a folder of its own, with provenance and findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tabml.core.codebook import Codebook
from tabml.core.cohort import Cohort
from tabml.core.config import Data, StudyConfig
from tabml.core.errors import ConfigError
from tabml.core.findings import Finding, ordered
from tabml.study.cohort_file import write_cohort
from tabml.study.folder import ROW_LEVEL_MODE, StudyFolder, building, check_out, write_bytes, write_text
from tabml.study.proposed import Review
from tabml.study.questions import Ask, settle_codebook
from tabml.study.table_file import csv_bytes

if TYPE_CHECKING:
    from tabml.ingest.propose import Proposal


def harmonise_files(
    inputs: Sequence[Path],
    codebook_file: Path | None,
    out: Path,
    *,
    key_file: Path | None = None,
    keep_ids: bool = False,
    yes: bool = False,
    ask: Ask | None = None,
    show: Callable[[Codebook, float], None] | None = None,
) -> Cohort:
    """Read the exports as the codebook says and write the folder `out`; gives the cohort.

    Without a codebook one is proposed: doubtful mappings are asked through `ask`, left out with `yes`, or else are a
    QuestionError naming the file to review. `out` holds `cohort.csv` (with `keep_ids` also the original ids),
    `cohort.parquet` and `provenance/` for `tabml trace`, `findings.csv`, the codebook, and `private/` with cell
    addresses and input paths.
    """
    from tabml.ingest.codebook_file import dump_codebook
    from tabml.ingest.harmonise import harmonise, written_table
    from tabml.ingest.identity import SiteKey
    from tabml.ingest.propose.question import quoted
    from tabml.ingest.read import read_files

    check_out(out)
    config = StudyConfig(data=Data(codebook=str(codebook_file) if codebook_file is not None else None))
    sheets = read_files(inputs, config.data)
    typed = " ".join(quoted(p.as_posix()) for p in inputs)
    codebook, config, said = settle_codebook(
        sheets, config, ask=ask, yes=yes, typed=typed, review=Review(show, out), verb="harmonise"
    )
    cohort = harmonise(sheets, codebook, SiteKey.load(key_file, outside=out), data=config.data, yes=yes)
    cohort = replace(cohort, findings=ordered((*said, *cohort.findings)))
    with building(out) as folder:
        folder.write_inputs(inputs)
        write_cohort(folder, cohort)
        write_bytes(
            folder.root / "cohort.csv", csv_bytes(written_table(cohort, keep_ids=keep_ids)), mode=ROW_LEVEL_MODE
        )
        write_text(folder.codebook, dump_codebook(codebook))
        write_findings(folder, cohort.findings)
    return cohort


def propose_file(inputs: Sequence[Path], file: Path) -> Proposal:
    """Write the codebook proposed for the exports to `file`, which must not exist; gives the proposal."""
    from tabml.ingest.codebook_file import dump_codebook
    from tabml.ingest.propose import propose
    from tabml.ingest.read import read_files

    if file.exists():
        raise ConfigError("the file for the proposal is there already", where=file.name, hint="give another name")
    proposal = propose(read_files(inputs, Data()), Data())
    write_text(file, dump_codebook(proposal.codebook))
    return proposal


def write_findings(folder: StudyFolder, findings: Sequence[Finding]) -> None:
    """Write `findings.csv`, and the same with cell addresses in `private/`."""
    public = ("code", "severity", "source", "columns", "count", "evidence", "remedy")
    records = [{**vars(f), "columns": " ".join(f.columns), "where": "; ".join(f.where)} for f in ordered(findings)]
    table = pd.DataFrame(records, columns=[*public, "where"])
    write_bytes(folder.root / "findings.csv", csv_bytes(table[list(public)]))
    write_bytes(folder.private / "findings.csv", csv_bytes(table), mode=ROW_LEVEL_MODE)

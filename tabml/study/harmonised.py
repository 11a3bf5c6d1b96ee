"""Exports and a reviewed codebook become one clean table in a folder of its own, with provenance and findings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tabml.core.cohort import Cohort
from tabml.core.config import Data
from tabml.core.findings import Finding, ordered
from tabml.study.cohort_file import write_cohort
from tabml.study.csv_file import csv_bytes
from tabml.study.folder import ROW_LEVEL_MODE, StudyFolder, building, check_out, write_bytes, write_text


def harmonise_files(
    inputs: Sequence[Path],
    codebook_file: Path,
    out: Path,
    *,
    key_file: Path | None = None,
    keep_ids: bool = False,
    yes: bool = False,
) -> Cohort:
    """Read the exports as the codebook says and write the folder `out`; gives the cohort.

    `out` holds `cohort.csv` (with `keep_ids` also the original ids), `cohort.parquet` and `provenance/` for
    `tabml trace`, `findings.csv`, the codebook, and `private/` with cell addresses and input paths.
    """
    from tabml.ingest.codebook_file import dump_codebook, load_codebook
    from tabml.ingest.harmonise import harmonise, written_table
    from tabml.ingest.identity import SiteKey
    from tabml.ingest.read import read_files

    check_out(out)
    codebook = load_codebook(codebook_file)
    data = Data(codebook=str(codebook_file))
    cohort = harmonise(read_files(inputs, data), codebook, SiteKey.load(key_file, outside=out), data=data, yes=yes)
    with building(out) as folder:
        folder.write_inputs(inputs)
        write_cohort(folder, cohort)
        write_bytes(
            folder.root / "cohort.csv", csv_bytes(written_table(cohort, keep_ids=keep_ids)), mode=ROW_LEVEL_MODE
        )
        write_text(folder.codebook, dump_codebook(codebook))
        write_findings(folder, cohort.findings)
    return cohort


def write_findings(folder: StudyFolder, findings: Sequence[Finding]) -> None:
    """Write `findings.csv`, and the same with cell addresses in `private/`."""
    public = ("code", "severity", "source", "columns", "count", "evidence", "remedy")
    records = [{**vars(f), "columns": " ".join(f.columns), "where": "; ".join(f.where)} for f in ordered(findings)]
    table = pd.DataFrame(records, columns=[*public, "where"])
    write_bytes(folder.root / "findings.csv", csv_bytes(table[list(public)]))
    write_bytes(folder.private / "findings.csv", csv_bytes(table), mode=ROW_LEVEL_MODE)

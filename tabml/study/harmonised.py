"""Exports and a reviewed codebook become one clean table in a folder of its own, with provenance and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tabml.core.cohort import Cohort
from tabml.core.config import StudyConfig
from tabml.core.findings import Finding, ordered
from tabml.study.cohort_file import write_cohort
from tabml.study.folder import ROW_LEVEL_MODE, StudyFolder, building, check_out, write_bytes, write_text
from tabml.study.review import said_of_review
from tabml.study.table_file import check_table_path, csv_bytes, write_table

if TYPE_CHECKING:
    from tabml.core.codebook import Codebook
    from tabml.ingest.codebook_workbook import Change


@dataclass(frozen=True)
class Harmonised:
    """The cohort, and what the codebook's workbook changed on the way."""

    cohort: Cohort
    changes: tuple[Change, ...] = ()


def harmonise_files(
    inputs: Sequence[Path],
    config: StudyConfig,
    out: Path | None,
    *,
    table: Path | None = None,
    keep_ids: bool = False,
    yes: bool = False,
) -> Harmonised:
    """Read the exports as `data.codebook` says and write the folder `out`; without one nothing is written.

    `out` holds `cohort.csv` (with `keep_ids` also the original ids), `cohort.parquet` and `provenance/` for
    `tabml trace`, `findings.csv`, the codebook, and `private/` with cell addresses and input paths. `table` is
    one more copy of the table, by its suffix .csv, .xlsx or .parquet.
    """
    from tabml.ingest.codebook_workbook import read_reviewed
    from tabml.ingest.harmonise import harmonise, written_table
    from tabml.ingest.identity import SiteKey
    from tabml.ingest.read import read_files

    if out is not None:
        check_out(out)
    if table is not None:
        check_table_path(table)
    file = Path(config.data.codebook or "")
    reviewed = read_reviewed(file)
    key_file = Path(config.privacy.key_file) if config.privacy.key_file else None
    key = SiteKey.load(key_file, outside=out)
    cohort = harmonise(read_files(inputs, config.data), reviewed.codebook, key, data=config.data, yes=yes)
    cohort = replace(cohort, findings=ordered((*said_of_review(reviewed, file.name), *cohort.findings)))
    if out is not None:
        rows = written_table(cohort, keep_ids=keep_ids)
        with building(out) as folder:
            _write_folder(folder, inputs, cohort, reviewed.codebook, rows)
            if table is not None:  # the last thing: a full disk leaves neither folder nor table
                write_table(table, rows)
    return Harmonised(cohort, reviewed.changes)


def _write_folder(
    folder: StudyFolder, inputs: Sequence[Path], cohort: Cohort, codebook: Codebook, rows: pd.DataFrame
) -> None:
    from tabml.ingest.codebook_file import dump_codebook

    folder.write_inputs(inputs)
    write_cohort(folder, cohort)
    write_bytes(folder.root / "cohort.csv", csv_bytes(rows), mode=ROW_LEVEL_MODE)
    write_text(folder.codebook, dump_codebook(codebook))
    write_findings(folder, cohort.findings)


def write_findings(folder: StudyFolder, findings: Sequence[Finding]) -> None:
    """Write `findings.csv`, and the same with cell addresses in `private/`."""
    public = ("code", "severity", "source", "columns", "count", "evidence", "remedy")
    records = [{**vars(f), "columns": " ".join(f.columns), "where": "; ".join(f.where)} for f in ordered(findings)]
    table = pd.DataFrame(records, columns=[*public, "where"])
    write_bytes(folder.root / "findings.csv", csv_bytes(table[list(public)]))
    write_bytes(folder.private / "findings.csv", csv_bytes(table), mode=ROW_LEVEL_MODE)

"""Exports and a reviewed codebook become one clean table in a folder of its own, with provenance and findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tabml.core.codebook import Codebook
from tabml.core.cohort import Cohort
from tabml.core.config import StudyConfig
from tabml.core.findings import Finding, ordered
from tabml.study.cohort_file import write_cohort
from tabml.study.folder import ROW_LEVEL_MODE, StudyFolder, building, check_out, write_bytes, write_text
from tabml.study.proposed import Review
from tabml.study.questions import Ask, settle_codebook
from tabml.study.table_file import check_table_path, csv_bytes, write_table

if TYPE_CHECKING:
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
    ask: Ask | None = None,
    show: Callable[[Codebook, float], None] | None = None,
) -> Harmonised:
    """Read the exports as `data.codebook` says and write the folder `out`; without a place nothing is written.

    Without a codebook one is proposed: doubtful mappings are asked through `ask`, left out with `yes`, or else are a
    QuestionError naming the file to review.

    `out` holds `cohort.csv` (with `keep_ids` also the original ids), `cohort.parquet` and `provenance/` for
    `tabml trace`, `findings.csv`, the codebook, and `private/` with cell addresses and input paths. `table` is
    one more copy of the table, by its suffix .csv, .xlsx or .parquet.
    """
    from tabml.ingest.codebook_workbook import read_reviewed
    from tabml.ingest.harmonise import harmonise, written_table
    from tabml.ingest.identity import SiteKey
    from tabml.ingest.propose.question import quoted
    from tabml.ingest.read import read_files

    if out is not None:
        check_out(out)
    if table is not None:
        check_table_path(table)
    sheets = read_files(inputs, config.data)
    typed = " ".join(quoted(p.as_posix()) for p in inputs)
    codebook, config, said = settle_codebook(
        sheets, config, ask=ask, yes=yes, typed=typed, review=Review(show, out), verb="harmonise"
    )
    key_file = Path(config.privacy.key_file) if config.privacy.key_file else None
    key = SiteKey.load(key_file, outside=out)
    cohort = harmonise(sheets, codebook, key, data=config.data, yes=yes)
    cohort = replace(cohort, findings=ordered((*said, *cohort.findings)))
    if out is not None:
        rows = written_table(cohort, keep_ids=keep_ids)
        with building(out) as folder:
            _write_folder(folder, inputs, cohort, codebook, rows)
            if table is not None:  # the last thing: a full disk leaves neither folder nor table
                write_table(table, rows)
    changes = read_reviewed(Path(config.data.codebook)).changes if config.data.codebook is not None else ()
    return Harmonised(cohort, changes)


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

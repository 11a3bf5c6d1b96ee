"""Why a cell of the cohort is missing: its row read again by the codebook's rules, or the rule that left it out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabml.core.codebook import Codebook, ColumnMapping, VariableSpec
from tabml.core.cohort import Provenance
from tabml.core.errors import TabmlError
from tabml.ingest.cells import Filled, fill
from tabml.ingest.layout import Table, find_tables
from tabml.ingest.read import RawSheet, address
from tabml.ingest.sources import Part, SourceTable, stated_range
from tabml.ingest.values import fold

CONFLICT = "conflict: differing cells missing"


def conflict(cases: pd.DataFrame, cohort_row: int, variable: str) -> str:
    """The rows of one patient that contradict each other in this variable, where that made the cell missing."""
    mine = cases[(cases["row"] == cohort_row) & (cases["variable"] == variable) & (cases["action"] == CONFLICT)]
    return f"rows {mine['rows'].iloc[0]} of this patient hold different values" if len(mine) else ""


def unfilled(provenance: Provenance, cohort_row: int, variable: str, codebook: Codebook) -> str:
    """Why no source fills the cell: a join without partner, or a mapping that is absent, rejected or in doubt."""
    spec = codebook.variables[variable]
    for base in codebook.base_sources():
        if provenance.rows_in(base)[cohort_row] < 0:
            continue
        joined = [n for n, s in codebook.sources.items() if s.join is not None and s.join.to == base]
        for source in (base, *joined):
            mapping = spec.from_.get(source)
            if mapping is None:
                continue
            if mapping.status in ("absent", "rejected"):
                note = f" ({mapping.note})" if mapping.note else ""
                return f"the codebook says {mapping.status} for source {source}{note}"
            if mapping.is_long:
                return f"no row of {source} counts for this patient"
            if source in joined:
                return f"no row of {source} belongs to this patient"
            if mapping.status == "proposed":
                return f"the column proposed for source {source} is in doubt and was not used"
        return f"source {base} has no column for it"
    return ""


def why_missing(
    sheet: RawSheet, row: int, source: str, codebook: Codebook, variable: str, header_rows: tuple[int, ...]
) -> str:
    """What the codebook's rules make of one row again, in words; empty where they give a value."""
    spec = codebook.variables[variable]
    mapping = spec.from_[source]
    node = codebook.sources[source]
    unchanged = node.sha256 is None or node.sha256 == sheet.sha256
    found = find_tables(sheet, header_rows=header_rows, named=True, within=stated_range(node, unchanged))
    table = next((t for t in found if isinstance(t, Table) and row in t.row_numbers), None)
    if table is None:
        return ""
    at = SourceTable(source, node, (Part(table, np.flatnonzero(table.row_numbers == row), {}),))
    try:
        filled = fill(at, variable, spec, mapping)
    except TabmlError:
        return ""
    return "" if filled.values.notna().all() else _reason(at, filled, spec, mapping)


def _reason(at: SourceTable, filled: Filled, spec: VariableSpec, mapping: ColumnMapping) -> str:
    empty = [h for h in filled.rule.header.split(", ") if at.has(h) and not at.column(h).text(0)]
    if mapping.column is not None:
        empty = [mapping.column] if not at.column(mapping.column).text(0) else []
    if empty:
        return _why_empty(at, empty[0], is_one=mapping.column is not None)
    codes = {f.code for f in filled.findings}
    if "TB113" in codes:
        return "a value that means missing in this column, by the codebook"
    if filled.missing_words:
        return "a word that means missing in this export"
    if "TB112" in codes and spec.range is not None:
        unit = f" {spec.unit}" if spec.unit else ""
        return f"outside the plausible range, {spec.range[0]:g} to {spec.range[1]:g}{unit}"
    if "TB115" in codes:
        return "a date that is not certain"
    if "TB110" in codes:
        is_number = spec.kind in ("number", "integer")
        return "a text in a column of numbers" if is_number else "a text that is no level and not recoded"
    recoded = mapping.column is not None and fold(at.column(mapping.column).text(0)) in {
        fold(k) for k in mapping.recode
    }
    return "recoded to missing by the codebook" if recoded else "the rule gives no value for this row"


def _why_empty(at: SourceTable, header: str, *, is_one: bool) -> str:
    cell = address(at.row_numbers[0], at.table.columns[at.table.position(header)])
    what = "the cell" if is_one else f"{header!r}"
    if cell in at.table.sheet.error_at:
        return f"{what} holds an error such as #N/A"
    if cell in at.table.sheet.uncached_at:
        return f"{what} holds a formula that was never calculated"
    return f"{what} is empty"

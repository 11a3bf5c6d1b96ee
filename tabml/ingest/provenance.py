"""Where every cell of the cohort came from, as small tables (`core.cohort.Provenance`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from tabml.core.cohort import Provenance
from tabml.ingest.cells import Rule
from tabml.ingest.records import Records
from tabml.ingest.repeats import RepeatCase
from tabml.ingest.source_table import SourceTable


def make_provenance(records: Records, tables: Mapping[str, SourceTable], cases: Sequence[RepeatCase]) -> Provenance:
    """The tables for records in cohort order; `cases` count their rows in that order."""
    return Provenance(
        sources=_sources(tables),
        rules=_rules(records.rules),
        cells=_cells(records, tables),
        exceptions=_exceptions(cases, tables),
        rowsets=_rowsets(records),
    )


def _cells(records: Records, tables: Mapping[str, SourceTable]) -> pd.DataFrame:
    """Table and row of every patient's own source, and rows of the joined ones."""
    cells = records.places.copy(deep=False)
    codes, names = pd.factorize(records.ids["source"])  # each name is looked up once
    source = pd.Index(list(tables)).get_indexer(names)[codes]
    first = np.cumsum([0, *(len(at.parts) for at in tables.values())])
    position = first[source]
    for i, at in enumerate(tables.values()):
        if len(at.parts) > 1:
            mine = source == i
            position[mine] += (
                np.searchsorted([p.offset for p in at.parts], cells["row"].to_numpy()[mine], side="left") - 1
            )
    cells.insert(0, "source", position.astype(np.int16))
    return cells


def _sources(tables: Mapping[str, SourceTable]) -> pd.DataFrame:
    """One line per table; a stacked source has several, whose row numbers begin after `offset`."""
    columns = ["source", "file", "sha256", "sheet", "encoding", "confidence", "header_rows", "rows", "offset", "moved"]
    rows = [
        {
            "source": name,
            "file": part.table.sheet.file,
            "sha256": part.table.sheet.sha256,
            "sheet": part.table.sheet.sheet or "",
            "encoding": part.table.sheet.encoding or "",
            "confidence": float(part.table.sheet.encoding_confidence),
            "header_rows": ", ".join(map(str, part.table.header_rows)),
            "rows": len(part.kept),
            "offset": part.offset,
            "moved": json.dumps(moved, ensure_ascii=False) if (moved := at.moved_columns(part)) else "",
        }
        for name, at in tables.items()
        for part in at.parts
    ]
    return pd.DataFrame(rows, columns=columns)


def _rowsets(records: Records) -> pd.DataFrame:
    """The rows behind values made from several, one line per row."""
    parts = [
        pd.DataFrame(
            {
                "source": name,
                "set": np.repeat(np.arange(len(sets.starts) - 1, dtype=np.int32), np.diff(sets.starts)),
                "row": sets.rows,
            }
        )
        for name, sets in records.rowsets.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["source", "set", "row"])


def _rules(rules: Sequence[Rule]) -> pd.DataFrame:
    columns = ["variable", "source", "column", "header", "unit_step", "expr", "recode", "rows"]
    table = pd.DataFrame([asdict(rule) for rule in rules], columns=columns)
    table.insert(0, "rule", pd.Series(range(len(table)), dtype="int32"))
    return table


def _exceptions(cases: Sequence[RepeatCase], tables: Mapping[str, SourceTable]) -> pd.DataFrame:
    rows = [
        {
            "row": case.position,
            "variable": case.variable,
            "source": case.source,
            "rows": tables[case.source].row_names(case.rows),
            "action": case.action,
        }
        for case in cases
    ]
    table = pd.DataFrame(rows, columns=["row", "variable", "source", "rows", "action"])
    return table.sort_values(["row", "variable"], kind="stable", ignore_index=True)

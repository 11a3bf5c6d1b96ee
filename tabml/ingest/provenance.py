"""Where every cell of the cohort came from, as four small tables (`core.cohort.Provenance`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import pandas as pd

from tabml.core.cohort import Provenance
from tabml.ingest.cells import Rule
from tabml.ingest.records import Records
from tabml.ingest.repeats import RepeatCase
from tabml.ingest.sources import SourceTable


def make_provenance(records: Records, tables: Mapping[str, SourceTable], cases: Sequence[RepeatCase]) -> Provenance:
    """The four tables for records in cohort order; `cases` count their rows in that order."""
    return Provenance(
        sources=_sources(tables),
        rules=_rules(records.rules),
        cells=_cells(records, list(tables)),
        exceptions=_exceptions(cases),
    )


def _cells(records: Records, sources: Sequence[str]) -> pd.DataFrame:
    """Source and row of every patient's own table, and rows of the joined ones."""
    cells = records.places.copy(deep=False)
    codes, names = pd.factorize(records.ids["source"])  # each name is looked up once
    cells.insert(0, "source", pd.Index(sources).get_indexer(names)[codes].astype("int16"))
    return cells


def _sources(tables: Mapping[str, SourceTable]) -> pd.DataFrame:
    rows = [
        {
            "source": name,
            "file": at.table.sheet.file,
            "sha256": at.table.sheet.sha256,
            "sheet": at.table.sheet.sheet or "",
            "encoding": at.table.sheet.encoding or "",
            "confidence": float(at.table.sheet.encoding_confidence),
            "header_rows": ", ".join(map(str, at.table.header_rows)),
            "rows": len(at),
        }
        for name, at in tables.items()
    ]
    return pd.DataFrame(
        rows, columns=["source", "file", "sha256", "sheet", "encoding", "confidence", "header_rows", "rows"]
    )


def _rules(rules: Sequence[Rule]) -> pd.DataFrame:
    columns = ["variable", "source", "column", "header", "unit_step", "expr", "recode"]
    table = pd.DataFrame([asdict(rule) for rule in rules], columns=columns)
    table.insert(0, "rule", pd.Series(range(len(table)), dtype="int32"))
    return table


def _exceptions(cases: Sequence[RepeatCase]) -> pd.DataFrame:
    rows = [
        {
            "row": case.position,
            "variable": case.variable,
            "source": case.source,
            "rows": ", ".join(map(str, case.rows)),
            "action": case.action,
        }
        for case in cases
    ]
    table = pd.DataFrame(rows, columns=["row", "variable", "source", "rows", "action"])
    return table.sort_values(["row", "variable"], kind="stable", ignore_index=True)

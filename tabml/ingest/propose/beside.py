"""The tables of the exports, and what stands beside them: sheets and ranges that explain, or that share nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabml.core.config import Data
from tabml.core.errors import InputError, QuestionError
from tabml.core.findings import finding
from tabml.ingest.layout import NoTable, Table, find_tables
from tabml.ingest.propose.stacks import stacked
from tabml.ingest.read import RawSheet
from tabml.ingest.shapes import stacked_endpoints


def tables_of(sheets: Sequence[RawSheet], data: Data) -> tuple[list[Table], list[NoTable]]:
    """Every table, exports of one kind put together, and what is none; InputError where there is no table."""
    header_rows = (data.header_row,) if data.header_row is not None else ()
    named = data.sheet is not None
    found = [part for sheet in sheets for part in find_tables(sheet, header_rows=header_rows, named=named)]
    tables = [t for t in found if isinstance(t, Table)]
    others = [t for t in found if isinstance(t, NoTable)]
    if not tables:
        reasons = "; ".join(f"{o.name}: {o.reason}" for o in others)
        raise InputError(f"no table of patients found ({reasons})", hint="--header-row or --sheet names where it is")
    return stacked(tables), others


def other_places(table: Table, others: Iterable[NoTable]) -> dict[str, str]:
    """`other_sheets` of a table's source: the sheets of its file, and the ranges of them, that are no source."""
    beside = [o for o in others if o.sheet.file == table.sheet.file and o.sheet.sheet is not None]
    return {
        f"{o.sheet.sheet}!{o.region.name}" if o.region is not None else str(o.sheet.sheet): o.reason for o in beside
    }


def second_tables(tables: Sequence[Table]) -> list[Table]:
    """Tables of a sheet that holds a larger one."""
    return [
        t for t in tables if t.region is not None and any(o.sheet is t.sheet and _size(o) > _size(t) for o in tables)
    ]


def set_aside(table: Table) -> NoTable:
    """A second table of a sheet that has nothing in common with the others: named, not read."""
    reason = "another table, with neither ids nor columns in common with the patients'"
    said = finding("TB104", f"{table.name}: {reason}; not read", count=len(table))
    return NoTable(table.sheet, reason, (said,), table.region)


def refuse_endpoints(table: Table, patient: str | None) -> None:
    """QuestionError for endpoints stacked as rows: each is a variable, and only the user knows which column tells it."""
    found = stacked_endpoints(table, patient) if patient is not None else None
    if found is None:
        return
    named = ", ".join(repr(e) for e in found.endpoints)
    raise QuestionError(
        f"{table.name} has a row for each endpoint of a patient ({found.column!r}: {named})",
        questions=[
            "which column says whether it happened? In a codebook, each endpoint is a variable: "
            f"from: {{column: ..., where: {{{found.column}: {found.endpoints[0]}}}}}"
        ],
        hint="docs/codebook.md, values picked from several rows of a patient",
    )


def _size(table: Table) -> int:
    return len(table) * len(table.headers)

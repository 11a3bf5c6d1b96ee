"""Layout: where the table stands in a sheet, what its columns are called, and which rows are set aside.

Without a codebook the choice is made by rule and shown; `header_rows` of a codebook, or `--header-row`,
overrides it. A sheet that holds no table of patients gives a `NoTable` with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence

import numpy as np
from numpy.typing import NDArray

from tabml.core.findings import finding
from tabml.ingest.layout.aside import rows_aside
from tabml.ingest.layout.body import Body
from tabml.ingest.layout.grid import HEAD_ROWS, Grid
from tabml.ingest.layout.head import Head, find_head, stated_head
from tabml.ingest.layout.notes import layout_findings
from tabml.ingest.layout.refuse import why_refused
from tabml.ingest.layout.table import NoTable, Table
from tabml.ingest.layout.words import TOTALS_WORDS
from tabml.ingest.read import Column, RawSheet
from tabml.ingest.values import fold

__all__ = ["HEAD_ROWS", "TOTALS_WORDS", "NoTable", "Table", "find_table"]


def find_table(
    sheet: RawSheet,
    *,
    header_rows: Sequence[int] = (),
    totals_words: Container[str] = TOTALS_WORDS,
    named: bool = False,
) -> Table | NoTable:
    """The table of a sheet, or why there is none.

    `header_rows` (counted from 1) are taken as stated and nothing is refused. A hidden sheet is read only
    when `named`, by a codebook or `--sheet`, or when its header rows are stated. `totals_words` are folded.
    """
    if sheet.hidden and not named and not header_rows:
        return NoTable(
            sheet, "the sheet is hidden", (finding("TB102", f"{sheet.name} is hidden: listed, not read", count=1),)
        )
    if sheet.is_empty:
        return _none(sheet, "empty")
    grid = Grid(sheet, max([HEAD_ROWS, *header_rows]))
    head = stated_head(grid, header_rows) if header_rows else find_head(grid)
    reason = None if header_rows else why_refused(grid, head)
    if head is None or reason is not None:
        return _none(sheet, reason or "free text")
    return _table(sheet, grid, head, totals_words)


def _none(sheet: RawSheet, reason: str) -> NoTable:
    severity = "info" if reason == "empty" else None
    evidence = f"{sheet.name} holds no table of patients ({reason})"
    return NoTable(sheet, reason, (finding("TB104", evidence, count=1, severity=severity),))  # type: ignore[arg-type]


def _table(sheet: RawSheet, grid: Grid, head: Head, totals_words: Container[str]) -> Table | NoTable:
    columns = _columns(sheet, head)
    low, high = columns[0] - 1, columns[-1]
    cells = tuple(column.slice(head.last_row).canonical() for column in sheet.columns[low:high])
    body = Body(cells, head.last_row + 1)
    heads = [tuple(map(str, grid.head[row - 1][low:high])) for row in head.rows]
    is_text = [grid.main_kind(head.last_row, column) == "text" for column in columns]
    below = rows_aside(body, heads, totals_words, is_text_column=is_text)
    kept = _without(range(head.last_row + 1, sheet.n_rows + 1), below)
    if not len(kept):
        return _none(sheet, "no rows below the header")
    headers = _headers(head, columns)
    table = Table(
        sheet=sheet,
        headers=headers,
        leaves=tuple(head.leaves[c - 1] for c in columns),
        columns=columns,
        header_rows=head.rows,
        row_numbers=kept,
        set_aside={**_above(sheet, head), **below},
        units={headers[i]: head.units[c] for i, c in enumerate(columns) if c in head.units},
        header_score=head.score,
    )
    return table.with_findings(layout_findings(table, head))


def _without(rows: range, aside: Collection[int]) -> NDArray[np.int32]:
    """The row numbers that are not set aside."""
    kept = np.ones(len(rows), dtype=bool)
    kept[np.fromiter(aside, dtype=np.int64, count=len(aside)) - rows.start] = False
    return np.flatnonzero(kept).astype(np.int32) + np.int32(rows.start)


def _columns(sheet: RawSheet, head: Head) -> tuple[int, ...]:
    """All columns of a text file; of a workbook those from the first to the last that is named or filled."""
    if sheet.is_text:
        return tuple(range(1, sheet.width + 1))
    used = [c for c, column in enumerate(sheet.columns, start=1) if _is_used(head, column, c)]
    return tuple(range(used[0], used[-1] + 1))


def _is_used(head: Head, column: Column, number: int) -> bool:
    if number <= len(head.names) and head.names[number - 1]:
        return True
    return column.slice(head.last_row).n_filled > 0


def _headers(head: Head, columns: Sequence[int]) -> tuple[str, ...]:
    """Names of the columns: nameless ones by their number, repeated ones with ` (2)`."""
    seen: dict[str, int] = {}
    headers: list[str] = []
    taken = {fold(name) for name in head.names if name}
    for column in columns:
        name = (head.names[column - 1] if column <= len(head.names) else "") or f"#{column}"
        key = fold(name)
        seen[key] = seen.get(key, 0) + 1
        number = seen[key]
        while number > 1 and fold(f"{name} ({number})") in taken:
            number += 1
        headers.append(name if number == 1 else f"{name} ({number})")
        taken.add(fold(headers[-1]))
    return tuple(headers)


def _above(sheet: RawSheet, head: Head) -> dict[int, str]:
    aside: dict[int, str] = {}
    for number in range(1, head.last_row + 1):
        if number in head.rows:
            continue
        is_blank = not any(sheet.text(number, column) for column in range(1, len(sheet.columns) + 1))
        aside[number] = "units" if number == head.units_row else "blank" if is_blank else "title"
    return aside

"""Layout: where the table stands in a sheet, what its columns are called, and which rows are set aside.

Without a codebook the choice is made by rule and shown; `header_rows` of a codebook, or `--header-row`,
overrides it. A sheet that holds no table of patients gives a `NoTable` with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import InputError
from tabml.core.findings import Severity, finding
from tabml.ingest.layout.aside import rows_aside
from tabml.ingest.layout.body import Body
from tabml.ingest.layout.grid import HEAD_ROWS, Grid
from tabml.ingest.layout.head import Head, find_head, stated_head
from tabml.ingest.layout.notes import OF_THE_SHEET, layout_findings
from tabml.ingest.layout.refuse import NO_ROWS, why_refused
from tabml.ingest.layout.regions import Region, find_regions, is_legend
from tabml.ingest.layout.table import NoTable, Table
from tabml.ingest.layout.words import TOTALS_WORDS
from tabml.ingest.read import Column, RawSheet
from tabml.ingest.values import fold

__all__ = ["HEAD_ROWS", "TOTALS_WORDS", "NoTable", "Region", "Table", "find_table", "find_tables"]


def find_table(
    sheet: RawSheet,
    *,
    header_rows: Sequence[int] = (),
    totals_words: Container[str] = TOTALS_WORDS,
    named: bool = False,
) -> Table | NoTable:
    """The table of a sheet, of several the largest (the others are named in a TB104), or why there is none."""
    found = find_tables(sheet, header_rows=header_rows, totals_words=totals_words, named=named)
    tables = [t for t in found if isinstance(t, Table)]
    if not tables:
        return found[0]
    largest = max(tables, key=lambda t: len(t) * len(t.headers))
    beside = [t for t in found if t is not largest]
    if not beside:
        return largest
    of_all = [
        f for t in beside for f in t.findings if isinstance(t, Table) and (f.code in OF_THE_SHEET or f in sheet.said)
    ]
    said = [f for t in beside if isinstance(t, NoTable) for f in t.findings]
    said += [finding("TB104", f"{t.name}: another table, not read", count=1) for t in beside if isinstance(t, Table)]
    return largest.with_findings((*of_all, *largest.findings, *said))


def find_tables(
    sheet: RawSheet,
    *,
    header_rows: Sequence[int] = (),
    totals_words: Container[str] = TOTALS_WORDS,
    named: bool = False,
    within: Region | None = None,
) -> tuple[Table | NoTable, ...]:
    """Every table of a sheet and what stands apart from it without being one; at least one item.

    `header_rows` (counted from 1) are taken as stated for the tables they stand in; where no part of the sheet
    is headed by them, the sheet is one table, which is not refused. A format that states its header rows itself
    holds one table. `within` looks at one range only. A hidden sheet is read only when `named`, by a codebook or
    `--sheet`, or when its header rows are stated. `totals_words` are folded.
    """
    if sheet.hidden and not named and not header_rows:
        evidence = f"{sheet.name} is hidden: listed, not read"
        return (NoTable(sheet, "the sheet is hidden", (finding("TB102", evidence, count=1),)),)
    if sheet.is_empty or (sheet.aside and not header_rows):
        return (_saying(sheet, _none(sheet, "empty" if sheet.is_empty else sheet.aside)),)
    if within is not None:
        region = _inside(within, sheet)
        own = tuple(row for row in sheet.header_rows if region.first_row <= row <= region.last_row)
        return (_saying(sheet, _in_region(sheet, region, header_rows or own, totals_words)),)
    if sheet.header_rows:
        return (_saying(sheet, _in_region(sheet, None, header_rows or sheet.header_rows, totals_words)),)
    regions = find_regions(sheet)
    parts = [_in_region(sheet, region, (), totals_words) for region in regions] if len(regions) > 1 else []
    if header_rows:
        parts = [_as_stated(part, header_rows, totals_words) for part in parts]
    headed = [
        t for t in parts if isinstance(t, Table) and (not header_rows or t.header_rows == tuple(sorted(header_rows)))
    ]
    if not headed:
        return (_saying(sheet, _in_region(sheet, None, header_rows, totals_words)),)
    first = next((part for part in parts if isinstance(part, Table)), None)
    return tuple(
        _saying(sheet, part) if part is first else part if isinstance(part, NoTable) else _of_its_own(part)
        for part in parts
    )


def _saying(sheet: RawSheet, found: Table | NoTable) -> Table | NoTable:
    """With what was found while the sheet was read: told once, whatever tables it holds."""
    return replace(found, findings=(*sheet.said, *found.findings))


def _as_stated(part: Table | NoTable, header_rows: Sequence[int], totals_words: Container[str]) -> Table | NoTable:
    """A table read again below the stated header rows, if these stand in its part of the sheet."""
    if isinstance(part, NoTable) or part.region is None or part.header_rows == tuple(sorted(header_rows)):
        return part
    is_inside = all(part.region.first_row <= row <= part.region.last_row for row in header_rows)
    return _in_region(part.sheet, part.region, header_rows, totals_words) if is_inside else part


def _inside(region: Region, sheet: RawSheet) -> Region:
    whole = Region.whole(sheet)
    if region.first_row > whole.last_row or region.first_column > whole.last_column:
        raise InputError(
            f"{region.name} lies outside the sheet, whose cells end at {whole.name.split(':')[1]}", where=sheet.name
        )
    rows, columns = min(region.last_row, whole.last_row), min(region.last_column, whole.last_column)
    return replace(region, last_row=rows, last_column=columns)


def _of_its_own(table: Table) -> Table:
    """Without the findings on the whole sheet, which its uppermost table tells."""
    return table.with_findings(tuple(f for f in table.findings if f.code not in OF_THE_SHEET))


def _in_region(
    sheet: RawSheet, region: Region | None, header_rows: Sequence[int], totals_words: Container[str]
) -> Table | NoTable:
    """The table in one part of a sheet (None: all of it), addressed in the sheet."""
    part = sheet if region is None else region.crop(sheet)
    down, right = (0, 0) if region is None else (region.first_row - 1, region.first_column - 1)
    stated = tuple(row - down for row in header_rows)
    grid = Grid(part, max([HEAD_ROWS, *stated]))
    head = stated_head(grid, stated) if stated else find_head(grid)
    reason = None if stated else why_refused(grid, head)
    if region is not None and not stated and is_legend(part):
        reason = "a legend: it explains codes of the table beside it"
    if head is None or reason is not None:
        return _none(sheet, reason or "free text", region)
    return _table(part, grid, head, totals_words, sheet, region, (down, right))


def _none(sheet: RawSheet, reason: str, region: Region | None = None) -> NoTable:
    severity: Severity | None = "info" if reason in ("empty", sheet.aside) or region is not None else None
    none = NoTable(sheet, reason, region=region)
    found = finding("TB104", f"{none.name} holds no table of patients ({reason})", count=1, severity=severity)
    return replace(none, findings=(found,))


def _table(
    part: RawSheet,
    grid: Grid,
    head: Head,
    totals_words: Container[str],
    sheet: RawSheet,
    region: Region | None,
    shift: tuple[int, int],
) -> Table | NoTable:
    columns = _columns(part, head)
    low, high = columns[0] - 1, columns[-1]
    cells = tuple(column.slice(head.last_row).canonical() for column in part.columns[low:high])
    body = Body(cells, head.last_row + 1)
    heads = [tuple(map(str, grid.head[row - 1][low:high])) for row in head.rows]
    is_text = [grid.main_kind(head.last_row, column) == "text" for column in columns]
    below = rows_aside(body, heads, totals_words, is_text_column=is_text)
    kept = _without(range(head.last_row + 1, part.n_rows + 1), below)
    if not len(kept):
        return _none(sheet, NO_ROWS, region)
    down, right = shift
    placed = head.moved(down, right)
    columns = tuple(c + right for c in columns)
    headers = _headers(placed, columns)
    table = Table(
        sheet=sheet,
        headers=headers,
        leaves=tuple(placed.leaves[c - 1] for c in columns),
        columns=columns,
        header_rows=placed.rows,
        row_numbers=kept + np.int32(down),
        set_aside={row + down: reason for row, reason in (_above(part, head) | below).items()},
        units={headers[i]: placed.units[c] for i, c in enumerate(columns) if c in placed.units},
        header_score=head.score,
        region=region,
    )
    return table.with_findings(layout_findings(table, placed))


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

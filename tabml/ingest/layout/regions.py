"""The regions of a sheet: rectangles apart from each other, each of which may hold a table of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import ConfigError
from tabml.ingest.layout.grid import Grid
from tabml.ingest.layout.head import Head, find_head
from tabml.ingest.layout.refuse import why_refused
from tabml.ingest.read import Column, RawSheet, address, column_number
from tabml.ingest.values import fold, parse_number

#: An export with more gaps than this sets its rows apart by habit: they separate no tables.
MOST_GAPS = 60
#: Rows of titles that may stand between a gap and the head of the next table.
MOST_TITLES = 6
#: A second table's names stand over numbers or dates in at least this share of its columns.
LEAST_CONTRAST = 0.3
#: A legend is no longer than this.
MOST_LINES = 40
#: Tables side by side differ in length by more than a footer.
LEAST_OFFSET = 2
_RANGE = re.compile(r"\s*\$?([A-Za-z]{1,3})\$?([1-9][0-9]*)\s*:\s*\$?([A-Za-z]{1,3})\$?([1-9][0-9]*)\s*")


@dataclass(frozen=True)
class Region:
    """A rectangle of a sheet; rows and columns count from 1, both ends belong to it."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @classmethod
    def whole(cls, sheet: RawSheet) -> Region:
        return cls(1, 1, sheet.n_rows, len(sheet.columns))

    @classmethod
    def of(cls, text: str) -> Region:
        """The region of a range as spreadsheets write it.

        >>> Region.of("B3:F40").name
        'B3:F40'
        """
        found = _RANGE.fullmatch(text)
        if found is None:
            raise ConfigError(f"{text!r} is no range of cells", hint="e.g. table: B3:F40")
        columns = sorted((column_number(found[1]), column_number(found[3])))
        rows = sorted((int(found[2]), int(found[4])))
        return cls(rows[0], columns[0], rows[1], columns[1])

    @property
    def name(self) -> str:
        return f"{address(self.first_row, self.first_column)}:{address(self.last_row, self.last_column)}"

    def meets(self, other: Region) -> bool:
        """Whether the two have a cell in common."""
        rows = self.first_row <= other.last_row and other.first_row <= self.last_row
        return rows and self.first_column <= other.last_column and other.first_column <= self.last_column

    def crop(self, sheet: RawSheet) -> RawSheet:
        """The region as a sheet of its own, addressed from A1."""
        n = self.last_row - self.first_row + 1
        down, right = self.first_row - 1, self.first_column - 1
        columns = tuple(c.slice(down, n) for c in sheet.columns[right : self.last_column])
        usual = None if sheet.usual is None else max(0, min(sheet.usual, self.last_column) - right)
        merged = (
            (max(a - down, 1), max(b - right, 1), min(c - down, n), min(d - right, len(columns)))
            for a, b, c, d in sheet.merged
            if a <= self.last_row and c > down and b <= self.last_column and d > right
        )
        return replace(
            sheet,
            columns=columns,
            usual=usual,
            merged=tuple(merged),
            header_rows=tuple(r - down for r in sheet.header_rows if self.first_row <= r <= self.last_row),
            stated={c - right: s for c, s in sheet.stated.items() if self.first_column <= c <= self.last_column},
            said=(),  # on the sheet as a whole, which tells it itself
            origin=None,  # its rows and columns are those of the whole sheet
        )


def find_regions(sheet: RawSheet) -> tuple[Region, ...]:
    """The regions that look like tables or legends of their own, from the top, then from the left.

    One region, the whole sheet, unless blank rows or columns part it and what stands behind them has a head
    of its own. In doubt it is one table: a table cut in two loses patients, two taken for one do not pass review.
    """
    whole = Region.whole(sheet)
    if sheet.n_rows < 3:
        return (whole,)
    found = tuple(_cut(sheet, whole, depth=0))
    return tuple(_trimmed(sheet, region) for region in found) if len(found) > 1 else (whole,)


def _cut(sheet: RawSheet, region: Region, depth: int) -> Iterator[Region]:
    for rows in _by_rows(sheet, region):
        parts = _by_columns(sheet, rows)
        for part in parts:
            if len(parts) > 1 and depth < 2:
                yield from _cut(sheet, part, depth + 1)
            else:
                yield part


def _by_rows(sheet: RawSheet, region: Region) -> list[Region]:
    """Cut where a head of other names, or a legend, follows a blank row."""
    filled = _rows_filled(sheet, region)
    runs = _runs(filled)
    if not 2 <= len(runs) <= MOST_GAPS:
        return [region]
    starts, names = [0], None
    for start, stop in runs:
        part = replace(region, first_row=region.first_row + start, last_row=region.first_row + stop - 1).crop(sheet)
        above = replace(region, first_row=region.first_row + starts[-1], last_row=region.first_row + start)
        own = _own_head(part, is_first=names is None)
        if names is not None and (own not in (None, names) or _explains(part, above.crop(sheet), len(names))):
            starts.append(start)
        names = own or names
    ends = [*(start - 1 for start in starts[1:]), len(filled) - 1]
    return [
        replace(region, first_row=region.first_row + start, last_row=region.first_row + end)
        for start, end in zip(starts, ends, strict=True)
    ]


def _own_head(part: RawSheet, *, is_first: bool) -> frozenset[str] | None:
    """The folded names of a head near the top with values of another kind below it.

    Below a table a pivot or a list of codes counts too: it is told apart, and refused later.
    """
    grid = Grid(part)
    head = find_head(grid) if part.n_rows > 1 else None
    if head is None or not head.rows or head.rows[0] > MOST_TITLES:
        return None
    named = [c for c, name in enumerate(head.names, start=1) if name]
    other = sum(
        grid.main_kind(head.last_row, c) in ("number", "date") and grid.kinds[head.rows[-1] - 1][c - 1] == "text"
        for c in named
    )
    if len(named) < 2:
        return None
    least = 1 if is_first else LEAST_CONTRAST * len(named)  # the first head only says which names are not new
    if other < least and (is_first or why_refused(grid, head) is None):
        return None
    return frozenset(fold(head.names[c - 1]) for c in named)


def _explains(part: RawSheet, above: RawSheet, width: int) -> bool:
    """Whether a run below a table is a legend: narrower than the table, with texts its columns do not hold."""
    lines = _lines(part)
    if width < 4 or max(map(len, lines), default=width) > width / 2 or not is_legend(part):
        return False
    known = [set(map(fold, c.slice(0, 2000).distinct)) for c in above.columns]
    texts = [(j, fold(c.text(i))) for i in range(part.n_rows) for j, c in enumerate(part.columns[1:], 1) if c.text(i)]
    return sum(text in known[j] for j, text in texts) <= len(texts) / 2


def _by_columns(sheet: RawSheet, region: Region) -> list[Region]:
    """Cut at blank columns where what stands to the right is no part of the table on the left."""
    columns = [
        c.slice(region.first_row - 1, region.last_row - region.first_row + 1)
        for c in sheet.columns[region.first_column - 1 : region.last_column]
    ]
    runs = _runs(np.array([_holds_something(c) for c in columns], dtype=bool))
    if not 2 <= len(runs) <= MOST_GAPS:
        return [region]
    parts = [_trimmed(sheet, replace(region, first_column=region.first_column + a, last_column=region.first_column + b - 1))
             for a, b in runs]  # fmt: skip
    joined = [parts[0]]
    for part in parts[1:]:
        if _is_apart(sheet, joined[-1], part):
            joined.append(part)
        else:
            joined[-1] = _around(joined[-1], part)
    return joined if len(joined) > 1 else [region]


def _is_apart(sheet: RawSheet, left: Region, right: Region) -> bool:
    """Whether the right part is a table or a legend of its own, and no further columns of the left one."""
    cropped = right.crop(sheet)
    if is_legend(cropped) and abs(left.last_row - right.last_row) >= LEAST_OFFSET:
        return True
    here, above = _head_of(cropped), _head_of(left.crop(sheet))
    if here is None or above is None or sum(map(bool, here.names)) < 2:
        return False
    known = {fold(n) for n in above.names if n}
    shared = known & {fold(n) for n in here.names if n}
    is_aligned = left.first_row + above.last_row == right.first_row + here.last_row and _end_alike(
        sheet, (left, above), (right, here)
    )
    if is_aligned:
        return fold(here.names[0]) in shared and fold(here.names[0]) == fold(above.names[0])
    if why_refused(Grid(cropped), here) is not None:
        return True
    return bool(shared) or (_is_dense(cropped, here) and _names_rows(cropped, here))


def _end_alike(sheet: RawSheet, left: tuple[Region, Head], right: tuple[Region, Head]) -> bool:
    """Whether two parts end with the same patient; remarks below, and ids on first rows only, do not count."""
    last, other = _last_full(sheet, *left), _last_full(sheet, *right)
    if abs(last - other) < LEAST_OFFSET:
        return True
    below = Region(last + 1, left[0].first_column, max(last + 1, other), left[0].last_column)
    return last < other and bool(_rows_filled(sheet, below).all())


def _last_full(sheet: RawSheet, region: Region, head: Head) -> int:
    """The last row with its first cell and more than half of the named columns filled."""
    part = region.crop(sheet)
    columns = [c.canonical() for c, name in zip(part.columns, head.names, strict=False) if name]
    filled = np.sum([c.filled for c in columns], axis=0)
    rows = np.flatnonzero((filled > len(columns) / 2) & columns[0].filled)
    return region.first_row + int(rows[-1])


def _names_rows(part: RawSheet, head: Head) -> bool:
    """Whether the first column could say whose row it is: filled throughout, and no measurement."""
    first = part.columns[0].slice(head.last_row).canonical()
    return first.n_filled >= 0.9 * len(first) and not any(
        re.fullmatch(r"-?\d+[.,]\d+", t) for t in first.distinct[:200]
    )


def is_legend(part: RawSheet) -> bool:
    """A few lines that explain codes: `1 = male`, or a short text beside each code."""
    if part.n_rows > MOST_LINES:
        return False
    lines = _lines(part)
    if max(map(len, lines), default=9) > 3:
        return False
    explained = [
        line for line in lines
        if (len(line) == 1 and re.search(r"^\S{1,12}\s*[=:–-]\s*\S", line[0]))
        or (len(line) >= 2 and len(line[0]) <= 12 and parse_number(line[1]) is None and any(map(str.isalpha, line[1])))
    ]  # fmt: skip
    codes = {line[0] for line in explained}
    return len(explained) >= max(2, len(lines) - 2) and len(codes) == len(explained)


def _lines(part: RawSheet) -> list[list[str]]:
    """The filled texts of every filled row."""
    if part.n_rows > MOST_LINES:
        return []
    lines = [[text for c in part.columns if (text := c.text(i))] for i in range(part.n_rows)]
    return [line for line in lines if line]


def _head_of(part: RawSheet) -> Head | None:
    head = find_head(Grid(part)) if part.n_rows > 1 else None
    return head if head is not None and head.rows else None


def _is_dense(part: RawSheet, head: Head) -> bool:
    """Most cells below the head are filled: a table, and no remarks beside one."""
    cells = (part.n_rows - head.last_row) * len(part.columns)
    return sum(c.slice(head.last_row).canonical().n_filled for c in part.columns) >= 0.5 * max(1, cells)


def _rows_filled(sheet: RawSheet, region: Region) -> NDArray[np.bool_]:
    n = region.last_row - region.first_row + 1
    filled = np.zeros(n, dtype=bool)
    for column in sheet.columns[region.first_column - 1 : region.last_column]:
        if filled.all():
            break
        filled |= column.slice(region.first_row - 1, n).canonical().filled
    return filled


def _trimmed(sheet: RawSheet, region: Region) -> Region:
    """Without the blank rows and columns around it."""
    filled = np.flatnonzero(_rows_filled(sheet, region))
    first, last = region.first_row + int(filled[0]), region.first_row + int(filled[-1])
    used = [
        c
        for c in range(region.first_column, region.last_column + 1)
        if _holds_something(sheet.columns[c - 1].slice(first - 1, last - first + 1))
    ]
    return Region(first, used[0], last, used[-1])


def _around(a: Region, b: Region) -> Region:
    return Region(
        min(a.first_row, b.first_row), min(a.first_column, b.first_column),
        max(a.last_row, b.last_row), max(a.last_column, b.last_column),
    )  # fmt: skip


def _runs(filled: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of true: (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], filled, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _holds_something(column: Column) -> bool:
    return column.n_filled > 0 and (column.slice(0, 200).canonical().n_filled > 0 or column.canonical().n_filled > 0)

"""What reading gives: sheets of cells by column as they stand in the file, addressed from A1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tabml.core.findings import Finding
from tabml.ingest.read.column import CellValue, Column

Row = tuple[CellValue, ...]
Range = tuple[int, int, int, int]


@dataclass(frozen=True)
class Stated:
    """What a file says of one column besides its cells: SPSS, Stata and SAS labels, a REDCap dictionary.

    `levels`: cell text -> label. `missing`: cell texts declared to mean missing. `kind` and `range` are
    those of a codebook variable. `identifier`: the file says that the column identifies people.
    """

    label: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    missing_labels: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["id", "number", "integer", "boolean", "category", "date", "text"] | None = None
    ordered: bool = False
    unit: str | None = None
    range: tuple[float | None, float | None] = (None, None)
    identifier: bool = False
    timing: Literal["baseline", "later"] | None = None
    unused: str = ""
    """Why the column holds nothing to learn from; '' where it may."""

    note: str = ""


@dataclass(frozen=True)
class Origin:
    """Where the cells of a table that was laid out anew stand in their file.

    `columns[j]` is the file's column (from 1) of column j; `rows[j][i]` the row below the file's header (from
    0) of cell i below ours, -1 where the file has none.
    """

    columns: tuple[int, ...]
    rows: tuple[NDArray[np.int64], ...]

    def place(self, row: int, column: int) -> tuple[int, int] | None:
        """Row and column (from 1) in the file of the cell at a row and column (from 1) here."""
        if row == 1:
            return 1, self.columns[column - 1]
        position = int(self.rows[column - 1][row - 2])
        return (position + 2, self.columns[column - 1]) if position >= 0 else None


@dataclass(frozen=True)
class RawSheet:
    """One sheet of a workbook, or one text file.

    `columns[column - 1][row - 1]` is the cell at a row and column counted from 1, whatever part of the sheet
    is filled; all columns are equally long. `usual` is the number of fields of most records of a text file:
    columns beyond it hold what longer records have more. `merged` holds first row, first column, last row,
    last column. `ragged` lists the records of a text file, counted from 1 (a record may span lines), whose
    number of fields is unusual. `error_cells` counts `#N/A` and the like by type, `uncached` formulas without
    a stored value: both stand as empty cells.
    """

    file: str
    sha256: str
    sheet: str | None
    columns: tuple[Column, ...]
    usual: int | None = None
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[Range, ...] = ()
    encoding: str | None = None
    encoding_confidence: float = 1.0
    delimiter: str | None = None
    delimiter_confidence: float = 1.0
    error_cells: Mapping[str, int] = field(default_factory=dict)
    error_at: tuple[str, ...] = ()
    uncached: int = 0
    uncached_at: tuple[str, ...] = ()
    ragged: tuple[int, ...] = ()
    header_rows: tuple[int, ...] = ()
    """Rows that name the columns, where the format itself says so; () elsewhere."""

    stated: Mapping[int, Stated] = field(default_factory=dict)
    """Column number (from 1) -> what the file says of it besides its cells."""

    said: tuple[Finding, ...] = ()
    """What was found and counted while the file was read."""

    aside: str = ""
    """Why the sheet holds no patients, where reading knows it: it explains another file."""

    origin: Origin | None = None
    """Where the cells stand in the file, where the table was laid out anew."""

    @classmethod
    def of_rows(
        cls, file: str, sha256: str, sheet: str | None, rows: Iterable[Sequence[CellValue]], **facts: Any
    ) -> RawSheet:
        """A sheet from rows of Python values, for small readers and tests; short rows end in empty cells."""
        return cls(file, sha256, sheet, tuple(Column.of(cells) for cells in zip_longest(*rows)), **facts)

    @property
    def name(self) -> str:
        """The sheet as messages name it: `export.xlsx, sheet Patients`."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet is not None else self.file

    @property
    def is_text(self) -> bool:
        """Whether no cell has a type: a text file (Parquet, SPSS and the like hold one typed table)."""
        is_file = self.sheet is None or self.encoding is not None
        return is_file and all(column.kinds is None for column in self.columns)

    @property
    def width(self) -> int:
        """Columns of the sheet; of a text file, those of a usual record."""
        return len(self.columns) if self.usual is None else self.usual

    @property
    def n_rows(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    @property
    def is_empty(self) -> bool:
        return not any(column.n_filled for column in self.columns)

    def rows(self, first: int = 1, n: int | None = None) -> tuple[Row, ...]:
        """Rows from `first` (counted from 1) on, typed; a text record longer than usual keeps all its fields."""
        parts = [column.slice(first - 1, n).values() for column in self.columns]
        rows = zip(*parts, strict=True)
        return tuple(rows) if self.width == len(parts) else tuple(_cut(row, self.width) for row in rows)

    def text(self, row: int, column: int) -> str:
        """The text of one cell (counted from 1) without the spaces around it; '' where it is empty or outside."""
        inside = 1 <= row <= self.n_rows and 1 <= column <= len(self.columns)
        return self.columns[column - 1].text(row - 1) if inside else ""

    def at(self, row: int, column: int | None = None) -> str:
        """A place in words: `export.xlsx, sheet Patients, cell B7`, or `..., row 7`."""
        name = self.name
        if self.origin is not None and row <= self.n_rows:
            found = self.origin.place(row, column or 1)
            if found is None:
                return f"{self.file}, no cell for {self.text(1, column or 1)!r}"
            name, row, column = self.file, found[0], found[1] if column is not None else None
        place = f"row {row}" if column is None else f"cell {address(row, column)}"
        return f"{name}, {place}"


def _cut(row: Row, width: int) -> Row:
    """Without the empty cells beyond the width."""
    last = len(row)
    while last > width and row[last - 1] is None:
        last -= 1
    return row[:last]


def column_letter(column: int) -> str:
    """The letters of a column counted from 1.

    >>> column_letter(1), column_letter(28), column_letter(16384)
    ('A', 'AB', 'XFD')
    """
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column from its letters, counted from 1.

    >>> column_number("A"), column_number("XFD")
    (1, 16384)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def address(row: int, column: int) -> str:
    """A cell's address.

    >>> address(7, 2)
    'B7'
    """
    return f"{column_letter(column)}{row}"

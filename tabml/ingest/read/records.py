"""What reading gives: sheets of cells by column as they stand in the file, addressed from A1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from tabml.ingest.read.column import CellValue, Column

Row = tuple[CellValue, ...]
Range = tuple[int, int, int, int]


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
        return self.sheet is None

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
        place = f"row {row}" if column is None else f"cell {address(row, column)}"
        return f"{self.name}, {place}"


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

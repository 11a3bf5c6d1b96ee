"""What reading gives: sheets of cells as they stand in the file, addressed from A1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from tabml.core.findings import Finding

#: A cell as the file holds it; an empty cell is None, never ''.
CellValue = str | float | int | bool | datetime | date | time | timedelta | None
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
    note: str = ""


@dataclass(frozen=True)
class RawSheet:
    """One sheet of a workbook, or one text file.

    `cells[row - 1][column - 1]` is the cell at a row and column counted from 1, whatever part of the
    sheet is filled. Rows of a workbook are equally long; a text record with more fields than the others
    keeps them. `merged` holds first row, first column, last row, last column. `ragged` lists the records
    of a text file, counted from 1 (a record may span lines), whose number of fields is unusual.
    `error_cells` counts `#N/A` and the like by type, `uncached` formulas without a stored value: both
    stand as None in `cells`.
    """

    file: str
    sha256: str
    sheet: str | None
    cells: tuple[Row, ...]
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

    @property
    def name(self) -> str:
        """The sheet as messages name it: `export.xlsx, sheet Patients`."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet is not None else self.file

    @property
    def is_text(self) -> bool:
        return self.sheet is None

    @property
    def width(self) -> int:
        """Columns of the first row; every other row is at least as wide."""
        return len(self.cells[0]) if self.cells else 0

    def at(self, row: int, column: int | None = None) -> str:
        """A place in words: `export.xlsx, sheet Patients, cell B7`, or `..., row 7`."""
        place = f"row {row}" if column is None else f"cell {address(row, column)}"
        return f"{self.name}, {place}"


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

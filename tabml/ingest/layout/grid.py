"""The top of a sheet as texts and kinds, with merged cells filled: what layout decides from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.read import CellValue, RawSheet, Row
from tabml.ingest.values import cell_text, fold, is_missing, parse_number, read_date

Kind = Literal["blank", "text", "number", "date"]
HEAD_ROWS = 30  # a header further down is named with --header-row
SAMPLE_ROWS = 200
BELOW = 60
#: Kinds that cells below a header can have; of equally frequent ones the first counts.
USUAL: tuple[Kind, ...] = ("date", "number", "text")


def kind_of(value: CellValue) -> Kind:
    """What a cell holds; numbers and dates written as text count as such, missing words as blank."""
    if isinstance(value, str):
        return _kind_of_text(value)
    if value is None:
        return "blank"
    return "date" if isinstance(value, date | time | timedelta) else "number"


def _kind_of_text(text: str) -> Kind:
    text = text.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return "number"
    if is_missing(text):
        return "blank"
    if not any(c.isdigit() for c in text):
        return "text"
    if parse_number(text, ".") is not None or parse_number(text, ",") is not None:
        return "number"
    return "date" if read_date(text).fault in (None, "order", "impossible") else "text"


def header_text(value: CellValue) -> str:
    """A header cell's text with spaces and line breaks evened."""
    return " ".join(cell_text(value).split())


@dataclass(frozen=True)
class Grid:
    """The first rows of a sheet, addressed by row and column counted from 1."""

    sheet: RawSheet
    head_rows: int = HEAD_ROWS

    @property
    def n_rows(self) -> int:
        return self.sheet.n_rows

    @property
    def width(self) -> int:
        return self.sheet.width

    @cached_property
    def sample(self) -> tuple[Row, ...]:
        """The rows that decide: head and what stands below it."""
        return self.sheet.rows(1, self.head_rows + SAMPLE_ROWS)

    @cached_property
    def head(self) -> tuple[tuple[str, ...], ...]:
        """Header texts of the first rows as they stand."""
        return tuple(tuple(header_text(v) for v in row[: self.width]) for row in self.sample[: self.head_rows + 1])

    @cached_property
    def filled(self) -> tuple[tuple[str, ...], ...]:
        """Header texts with every merged range filled from its first cell."""
        rows = [list(row) for row in self.head]
        for first_row, first_column, last_row, last_column in self.sheet.merged:
            if first_row > len(rows) or first_column > self.width:
                continue
            text = rows[first_row - 1][first_column - 1]
            for row in rows[first_row - 1 : last_row]:
                for column in range(first_column - 1, min(last_column, self.width)):
                    row[column] = row[column] or text
        return tuple(map(tuple, rows))

    @cached_property
    def kinds(self) -> tuple[tuple[Kind, ...], ...]:
        """Kinds of the cells of head and sample."""
        known = {(type(v), v): kind_of(v) for row in self.sample for v in row}
        return tuple(tuple([known[type(v), v] for v in row[: self.width]]) for row in self.sample)

    @cached_property
    def folded(self) -> tuple[tuple[str, ...], ...]:
        """Folded texts of head and sample, all as wide as the grid."""
        known = {(type(v), v): fold(cell_text(v)) for row in self.sample for v in row}
        return tuple(tuple([known[type(v), v] for v in row[: self.width]]) for row in self.sample)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Columns with two or more filled cells in head and sample."""
        columns = range(1, self.width + 1)
        return tuple(c for c in columns if sum(k[c - 1] != "blank" for k in self.kinds if c <= len(k)) > 1)

    def main_kind(self, row: int, column: int) -> Kind:
        """The usual kind of a column in the next rows after `row`; blank where nothing stands there."""
        if row not in self._main_kinds:
            counts = (self._kind_codes[row : row + BELOW, :, None] == np.arange(len(USUAL))).sum(axis=0)
            self._main_kinds[row] = np.where(counts.any(axis=1), counts.argmax(axis=1), -1).tolist()
        code = self._main_kinds[row][column - 1]
        return USUAL[code] if code >= 0 else "blank"

    @cached_property
    def _main_kinds(self) -> dict[int, list[int]]:
        return {}

    @cached_property
    def _kind_codes(self) -> NDArray[np.int8]:
        """Position in `USUAL` of the kind of each cell, -1 where blank: (n_rows, n_columns)."""
        codes = {kind: i for i, kind in enumerate(USUAL)}
        cells = [[codes.get(kind, -1) for kind in row] for row in self.kinds]
        return np.array(cells, dtype=np.int8).reshape(len(cells), self.width)

    def texts_below(self, row: int, column: int, n: int = BELOW) -> list[str]:
        """Folded texts of a column in the next rows."""
        rows = self.sample[row : row + n]
        return [fold(cell_text(r[column - 1])) for r in rows if r[column - 1] is not None]

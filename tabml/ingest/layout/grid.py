"""The top of a sheet as texts and kinds, with merged cells filled: what layout decides from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tabml.ingest.read import CellValue, Column, RawSheet, Row
from tabml.ingest.values import cell_text, fold, is_missing, parse_number, read_date
from tabml.ingest.values.vectors import hold_digits_only, look_like_dates, look_like_numbers

Kind = Literal["blank", "text", "number", "date"]
HEAD_ROWS = 30  # a header further down is named with --header-row
SAMPLE_ROWS = 200
BELOW = 60
#: Kinds that cells below a header can have; of equally frequent ones the first counts.
USUAL: tuple[Kind, ...] = ("date", "number", "text")
_CODES: dict[Kind, int] = {"date": 0, "number": 1, "text": 2, "blank": -1}
_KIND_NAMES = np.array([*USUAL, "blank"], dtype=object)


def _kind_of_text(text: str) -> Kind:
    """What a text holds: numbers and dates count as such, missing words as blank."""
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


def _kinds(column: Column) -> NDArray[np.int8]:
    """Position in `USUAL` of the kind of each cell, -1 where blank; a typed cell of a workbook is what its type says."""
    texts = column if column.kinds is None else column.where(column.is_kind("text"))
    kinds = texts.spread(_kinds_of_texts(texts.arrow_distinct), -1)
    if column.kinds is not None:
        kinds = kinds.copy()
        kinds[column.is_kind("number", "boolean")] = _CODES["number"]
        kinds[column.is_kind("date", "moment", "time", "duration")] = _CODES["date"]
    return kinds


def _kinds_of_texts(texts: pa.Array) -> NDArray[np.int8]:
    """`_kind_of_text` of many texts: what is written plainly at once."""
    is_number, is_date = look_like_numbers(texts), look_like_dates(texts)
    kinds = np.where(is_number, _CODES["number"], _CODES["date"]).astype(np.int8)
    others = np.flatnonzero(~is_number & ~is_date)
    words = texts.take(pa.array(others)).dictionary_encode()
    codes = np.array([_CODES[_kind_of_text(text)] for text in words.dictionary.to_pylist()], dtype=np.int8)
    kinds[others] = codes[np.asarray(words.indices)]
    return kinds


def _folded(column: Column) -> list[str]:
    """Folded texts of a column; digits and their marks are folded as they are."""
    distinct = column.arrow_distinct
    pairs = zip(distinct.to_pylist(), hold_digits_only(distinct).tolist(), strict=True)
    return column.mapped([text if is_plain else fold(text) for text, is_plain in pairs]).to_list()


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
        rows = self.sheet.rows(1, self.head_rows + 1)
        return tuple(tuple(header_text(v) for v in row[: self.width]) for row in rows)

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
        return tuple(map(tuple, _KIND_NAMES[self._kind_codes].tolist()))

    @cached_property
    def folded(self) -> tuple[tuple[str, ...], ...]:
        """Folded texts of the head and of what is looked at below it, all as wide as the grid."""
        cut = [column.slice(0, self.head_rows + BELOW + 1).canonical() for column in self._columns]
        return tuple(zip(*map(_folded, cut), strict=True))

    @property
    def _columns(self) -> tuple[Column, ...]:
        return self.sheet.columns[: self.width]

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Columns with two or more filled cells in head and sample."""
        n_filled = (self._kind_codes >= 0).sum(axis=0)
        return tuple((np.flatnonzero(n_filled > 1) + 1).tolist())

    def main_kind(self, row: int, column: int) -> Kind:
        """The usual kind of a column in the next rows after `row`; blank where nothing stands there."""
        return self.main_kinds(row)[column - 1]

    def main_kinds(self, row: int) -> list[Kind]:
        """`main_kind` of every column."""
        if row not in self._main_kinds:
            counts = np.stack([(self._kind_codes[row : row + BELOW] == code).sum(axis=0) for code in range(len(USUAL))])
            self._main_kinds[row] = _KIND_NAMES[np.where(counts.any(axis=0), counts.argmax(axis=0), -1)].tolist()
        return self._main_kinds[row]

    @cached_property
    def _main_kinds(self) -> dict[int, list[Kind]]:
        return {}

    @cached_property
    def _kind_codes(self) -> NDArray[np.int8]:
        """Position in `USUAL` of the kind of each cell of head and sample, -1 where blank: (n_rows, n_columns)."""
        columns = [_kinds(column.slice(0, self.head_rows + SAMPLE_ROWS)) for column in self._columns]
        return np.stack(columns, axis=1) if columns else np.zeros((0, 0), dtype=np.int8)

    def texts_below(self, row: int, column: int, n: int = BELOW) -> list[str]:
        """Folded texts of a column in the next rows."""
        rows = self.sample[row : row + n]
        return [fold(cell_text(r[column - 1])) for r in rows if r[column - 1] is not None]

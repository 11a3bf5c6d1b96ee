"""The top of a sheet as texts and kinds, with merged cells filled: what layout decides from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cached_property
from typing import Literal

from tabml.ingest.read import CellValue, RawSheet, Row
from tabml.ingest.values import cell_text, fold, is_missing, parse_number, read_date

Kind = Literal["blank", "text", "number", "date"]
HEAD_ROWS = 30  # a header further down is named with --header-row
SAMPLE_ROWS = 200


def kind_of(value: CellValue) -> Kind:
    """What a cell holds; numbers and dates written as text count as such, missing words as blank."""
    if isinstance(value, str):
        return _kind_of_text(value)
    if value is None:
        return "blank"
    return "date" if isinstance(value, date | time | timedelta) else "number"


def _kind_of_text(text: str) -> Kind:
    text = text.strip()
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
        return tuple(tuple(kind_of(v) for v in row[: self.width]) for row in self.sample)

    @cached_property
    def folded(self) -> tuple[tuple[str, ...], ...]:
        """Folded texts of head and sample, all as wide as the grid."""
        return tuple(tuple(fold(cell_text(v)) for v in row[: self.width]) for row in self.sample)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """Columns with two or more filled cells in head and sample."""
        columns = range(1, self.width + 1)
        return tuple(c for c in columns if sum(k[c - 1] != "blank" for k in self.kinds if c <= len(k)) > 1)

    def below(self, row: int, n: int = 60) -> tuple[tuple[Kind, ...], ...]:
        """Kinds of the next rows after `row`."""
        return self.kinds[row : row + n]

    def main_kind(self, row: int, column: int) -> Kind:
        """The usual kind of a column below `row`; blank where nothing stands there."""
        kinds = Counter(k[column - 1] for k in self.below(row) if column <= len(k))
        kinds.pop("blank", None)
        return max(sorted(kinds), key=lambda k: kinds[k]) if kinds else "blank"

    def texts_below(self, row: int, column: int, n: int = 60) -> list[str]:
        """Folded texts of a column in the next rows."""
        rows = self.sheet.rows(row + 1, n)
        return [fold(cell_text(r[column - 1])) for r in rows if column <= len(r) and r[column - 1] is not None]

"""A source's rows as they stand in its file, or in several files and sheets below each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tabml.core.codebook import Source
from tabml.core.errors import InputError, did_you_mean
from tabml.core.findings import Finding
from tabml.ingest.layout import Table
from tabml.ingest.read import Column, column_letter
from tabml.ingest.values import fold


@dataclass(frozen=True, eq=False)
class Part:
    """One table of a source. `kept`: positions in its data rows; `aside`: row number -> reason.

    `offset` is added to its row numbers, so that no two rows of a source have one number.
    """

    table: Table
    kept: NDArray[np.int64]
    aside: Mapping[int, str]
    offset: int = 0

    @property
    def n_header_rows(self) -> int:
        return len([row for row in self.table.header_rows if row not in self.aside])


@dataclass(frozen=True, eq=False)
class SourceTable:
    """One source's rows; a stacked source has several parts, whose columns are found by their headers.

    `picked`: the positions of some of the rows, where only these are looked at.
    """

    name: str
    source: Source
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...] = ()
    picked: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, name: str, source: Source, table: Table) -> SourceTable:
        """A source that is one table with all its data rows."""
        part = Part(table, np.arange(len(table), dtype=np.int64), dict(table.set_aside))
        return cls(name, source, (part,))

    def __len__(self) -> int:
        """Kept rows."""
        return sum(len(part.kept) for part in self.parts) if self.picked is None else len(self.picked)

    @property
    def table(self) -> Table:
        """The table, of a stacked source the first one."""
        return self.parts[0].table

    @property
    def place(self) -> str:
        """File and sheet, for messages."""
        more = len(self.parts) - 1
        return self.table.name if not more else f"{self.table.name} and {more} more"

    @property
    def is_text(self) -> bool:
        """Whether the source is text files only: no cell of it has a type."""
        return all(part.table.sheet.is_text for part in self.parts)

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """The headers of all parts, each once, in order of appearance."""
        known: dict[str, str] = {}
        for part in self.parts:
            for header in part.table.headers:
                known.setdefault(fold(header), header)
        return tuple(known.values())

    @cached_property
    def row_numbers(self) -> NDArray[np.int32]:
        """Number of each kept row: its absolute row in the file (from 1), plus the offset of its part."""
        numbers = [part.table.row_numbers[part.kept] + np.int32(part.offset) for part in self.parts]
        rows = numbers[0] if len(numbers) == 1 else np.concatenate(numbers).astype(np.int32)
        return rows if self.picked is None else rows[self.picked]

    @cached_property
    def blocks(self) -> NDArray[np.int64]:
        """A number for each kept row that changes where rows without a patient stand between two rows, or a part ends."""
        numbers = []
        for part in self.parts:
            breaks = np.array(sorted(r for r, reason in part.aside.items() if reason != "repeated header"), np.int64)
            numbers.append(np.searchsorted(breaks, part.table.row_numbers[part.kept]) + part.offset)
        rows = np.concatenate(numbers)
        return rows if self.picked is None else rows[self.picked]

    def take(self, positions: NDArray[np.int64]) -> SourceTable:
        """The same source with some of its rows."""
        return replace(self, picked=positions if self.picked is None else self.picked[positions])

    def has(self, header: str) -> bool:
        return any(part.table.find(header) is not None for part in self.parts)

    def lacks(self, header: str) -> tuple[Part, ...]:
        """The parts without a column."""
        return tuple(part for part in self.parts if part.table.find(header) is None)

    def column(self, header: str) -> Column:
        """The cells of the kept rows; empty in a part without the column."""
        if not self.has(header):
            near = did_you_mean(header, self.headers)
            raise InputError(f"there is no column {header!r}", where=f"{self.place}, source {self.name!r}", hint=near)
        cells = Column.concat([_cells(part, header) for part in self.parts])
        return cells if self.picked is None else cells.take(self.picked)

    def letter(self, header: str) -> str:
        """The letter of a column, in the first part that has it."""
        return next(_letter(part, header) for part in self.parts if part.table.find(header) is not None)

    def moved_columns(self, part: Part) -> dict[str, str]:
        """Header -> letter of the columns that stand elsewhere than in the first part that has them."""
        own = {h: _letter(part, h) for h in self.headers if part.table.find(h) is not None}
        return {header: letter for header, letter in own.items() if letter != self.letter(header)}

    def part_of(self, number: int) -> Part:
        """The part a row number lies in."""
        return next(part for part in reversed(self.parts) if number > part.offset)

    def row_names(self, numbers: Iterable[int]) -> str:
        """Rows for people: `35, 38`, with the file and sheet where the source has several parts."""
        if len(self.parts) == 1:
            return ", ".join(map(str, numbers))
        return ", ".join(f"{n - (part := self.part_of(n)).offset} in {part.table.name}" for n in numbers)

    def addresses(self, header: str, rows: Iterable[int]) -> tuple[str, ...]:
        """Places such as `export.xlsx, sheet Patients, cell F17` of kept rows."""
        numbers = self.row_numbers[list(rows)].tolist()
        if len(self.parts) == 1 and self.table.sheet.origin is None:
            start = f"{self.table.sheet.name}, cell {self.letter(header)}"
            return tuple(f"{start}{number}" for number in numbers)
        return tuple(self._addresses(header, numbers))

    def _addresses(self, header: str, numbers: Iterable[int]) -> Iterator[str]:
        for number in numbers:
            part = self.part_of(number)
            if part.table.find(header) is not None:
                yield part.table.sheet.at(number - part.offset, part.table.columns[part.table.position(header)])


def _letter(part: Part, header: str) -> str:
    return column_letter(part.table.columns[part.table.position(header)])


def _cells(part: Part, header: str) -> Column:
    if part.table.find(header) is None:
        return Column.empty(len(part.kept))
    return part.table.cells(header, part.table.row_numbers[part.kept])

"""What layout gives: a table of texts with absolute addresses, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import InputError, did_you_mean
from tabml.core.findings import Finding
from tabml.ingest.layout.regions import Region
from tabml.ingest.read import Column, RawSheet, Stated
from tabml.ingest.values import fold


@dataclass(frozen=True)
class NoTable:
    """A sheet without a table of patients: empty, hidden, a code list, a pivot table or free text."""

    sheet: RawSheet
    reason: str
    findings: tuple[Finding, ...] = ()
    region: Region | None = None
    """The part of the sheet, where it holds several."""

    @property
    def name(self) -> str:
        """The place in words, for messages."""
        return _placed(self.sheet, self.region)


@dataclass(frozen=True, eq=False)
class Table:
    """A table as texts by column: cell i of header j stands at row `row_numbers[i]`, column `columns[j]` of the sheet.

    Numbers of a workbook lose `.0` and have a decimal point whatever the source's own mark is; dates are ISO. `headers` join several header rows with ` / `; `leaves` are their last parts. `set_aside`
    gives the reason for every row that is neither header nor data. `units`: header -> text of a units row.
    `header_score` (0-1) says how sure the header row is.
    """

    sheet: RawSheet
    headers: tuple[str, ...]
    columns: tuple[int, ...]
    header_rows: tuple[int, ...]
    row_numbers: NDArray[np.int32]
    set_aside: Mapping[int, str]
    findings: tuple[Finding, ...] = ()
    leaves: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    header_score: float = 1.0
    region: Region | None = None
    """The part of the sheet, where it holds several; rows outside it are no concern of this table."""

    @property
    def name(self) -> str:
        """The table as messages name it: `export.xlsx, sheet S`, with its range where the sheet holds several."""
        return _placed(self.sheet, self.region)

    def __len__(self) -> int:
        """Data rows."""
        return len(self.row_numbers)

    def with_findings(self, findings: tuple[Finding, ...]) -> Table:
        """The same table with these findings."""
        return replace(self, findings=findings)

    @cached_property
    def _positions(self) -> dict[str, int]:
        """Folded header, then folded last part where it is unique -> position."""
        parts = [fold(leaf) for leaf in self.leaves]
        by_leaf = {leaf: j for j, leaf in enumerate(parts) if leaf and parts.count(leaf) == 1}
        return by_leaf | {fold(header): j for j, header in enumerate(self.headers)}

    def find(self, header: str) -> int | None:
        """Position of a column by its header, or by the header's last part where only one column has it."""
        if header in self.headers:
            return self.headers.index(header)
        return self._positions.get(fold(header))

    def position(self, header: str) -> int:
        """Position of a column; InputError with the nearest header where there is none."""
        found = self.find(header)
        if found is None:
            raise InputError(f"there is no column {header!r}", where=self.name, hint=did_you_mean(header, self.headers))
        return found

    def stated(self, header: str) -> Stated:
        """What the file says of a column besides its cells (SPSS labels, a REDCap dictionary); empty elsewhere."""
        return self.sheet.stated.get(self.columns[self.position(header)], Stated())

    def column(self, header: str) -> Column:
        """The cells of one column in the data rows, without the spaces around them."""
        return self.cells(header, self.row_numbers)

    def cells(self, header: str, row_numbers: NDArray[np.int32]) -> Column:
        """The cells of one column in these rows of the sheet (rising), without the spaces around them."""
        column = self.sheet.columns[self.columns[self.position(header)] - 1]
        n = len(row_numbers)
        if n and row_numbers[-1] - row_numbers[0] + 1 == n:
            return column.slice(int(row_numbers[0]) - 1, n).canonical()
        return column.take(row_numbers.astype(np.int64) - 1).canonical()

    def texts(self, header: str) -> list[str]:
        """Texts of one column in the data rows, '' where blank: for small tables."""
        return self.column(header).to_list()

    def at(self, i: int, header: str) -> str:
        """The place of a data cell in words: `export.xlsx, sheet Patients, cell B7`."""
        return self.sheet.at(int(self.row_numbers[i]), self.columns[self.position(header)])


def _placed(sheet: RawSheet, region: Region | None) -> str:
    return sheet.name if region is None else f"{sheet.name}, {region.name}"

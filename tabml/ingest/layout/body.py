"""The rows below the head of a table, by column: what says which of them are patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.read import Column

Texts = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Body:
    """Canonical columns of equal length; the first row of the body is row `first` of the sheet."""

    columns: tuple[Column, ...]
    first: int

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    @cached_property
    def filled(self) -> NDArray[np.int32]:
        """Filled cells of each row: (n_rows,)."""
        count = np.zeros(len(self), dtype=np.int32)
        for column in self.columns:
            count += column.filled
        return count

    @cached_property
    def leading(self) -> NDArray[np.int32]:
        """Position of the first filled cell of each row; the number of columns where it is blank: (n_rows,)."""
        found = np.full(len(self), len(self.columns), dtype=np.int32)
        for j, column in enumerate(self.columns):
            is_open = found == len(self.columns)
            if not (is_open & (self.filled > 0)).any():
                break
            found[is_open & column.filled] = j
        return found

    def filled_among(self, columns: Sequence[int]) -> NDArray[np.int32]:
        """Filled cells of each row in some of the columns: (n_rows,)."""
        count = np.zeros(len(self), dtype=np.int32)
        for j in columns:
            count += self.columns[j].filled
        return count

    def row(self, i: int) -> Texts:
        """The texts of one row of the body (from 0), '' where blank."""
        return tuple(column.text(i) for column in self.columns)

"""Conflicting rows of many patients settled at once: which variables differ, which row stays, what it then holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Conflicts:
    """Patients whose rows differ, by number. `rows`: positions of their rows, those of one patient together and in order.

    `starts[p]` is where those of patient p begin in `rows`. `contradicting[v][p]`: rows of p hold different values of
    variable v; a gap contradicts nothing. `first[v][p]`: position of p's first row that holds a value of v, -1 where
    none does.
    """

    rows: Positions
    starts: Positions
    contradicting: dict[str, Mask]
    first: dict[str, Positions]

    @classmethod
    def of(cls, values: pd.DataFrame, key: NDArray[np.int64], differs: Mask) -> Conflicts:
        """The rows in `differs` by their patient's `key`, patients in order of key."""
        at = np.flatnonzero(differs)
        rows = at[np.argsort(key[at], kind="stable")]
        starts = np.flatnonzero(np.diff(key[rows], prepend=-1)) if len(rows) else rows
        found = {name: _looked_at(values[name], rows, starts) for name in values.columns} if len(rows) else {}
        return cls(rows, starts, {n: c for n, (c, _) in found.items()}, {n: f for n, (_, f) in found.items()})

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def leading(self) -> Positions:
        """The first row of each patient."""
        return self.rows[self.starts]

    @property
    def any_contradicting(self) -> Mask:
        """Patients with a variable of different values."""
        found = np.zeros(len(self), dtype=bool)
        for mask in self.contradicting.values():
            found |= mask
        return found

    def groups(self) -> list[tuple[int, ...]]:
        """The rows of each patient."""
        return [tuple(part.tolist()) for part in np.split(self.rows, self.starts[1:])] if len(self) else []

    def variables(self) -> list[tuple[str, ...]]:
        """The contradicting variables of each patient, in column order."""
        names: list[list[str]] = [[] for _ in range(len(self))]
        for name, mask in self.contradicting.items():
            for patient in np.flatnonzero(mask).tolist():
                names[patient].append(name)
        return [tuple(of_patient) for of_patient in names]

    def most_complete(self, values: pd.DataFrame) -> Positions:
        """The row of each patient with the most values, the first of equals."""
        n_filled = values.notna().to_numpy().sum(axis=1)[self.rows]
        return self._first_where(n_filled == self._spread(np.maximum.reduceat(n_filled, self.starts)))

    def latest(self, dates: pd.Series) -> Positions:
        """The row of each patient with the latest date, the last of equals; -1 where no row has a date."""
        days = dates.to_numpy(dtype="datetime64[ns]").astype(np.int64)[self.rows]  # a missing date is the lowest number
        newest = self._spread(np.maximum.reduceat(days, self.starts))
        is_newest = (days == newest) & ~np.isnat(newest.astype("datetime64[ns]"))
        place = np.maximum.reduceat(np.where(is_newest, np.arange(len(days)), -1), self.starts)
        return np.where(place >= 0, self.rows[place], -1)

    def fill(self, values: pd.DataFrame, patients: Mask) -> pd.DataFrame:
        """The first row of these patients with gaps filled from their others, and missing what contradicts."""
        at = self.leading[patients]
        filled = {}
        for name in values.columns:
            taken = np.where(self.contradicting[name], -1, self.first[name])[patients]
            cells = values[name].array.copy()
            cells[at] = cells.take(taken, allow_fill=True)
            filled[name] = cells
        return pd.DataFrame(filled, index=values.index, copy=False)

    def _spread(self, of_patients: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(of_patients, np.diff(self.starts, append=len(self.rows)))

    def _first_where(self, mask: Mask) -> Positions:
        places = np.where(mask, np.arange(len(mask)), len(mask))
        return self.rows[np.minimum.reduceat(places, self.starts)]


def _looked_at(cells: pd.Series, rows: Positions, starts: Positions) -> tuple[Mask, Positions]:
    """Of each patient: whether different values are held, and the position of the first row with one, -1 for none."""
    codes = pd.factorize(cells.array.take(rows))[0].astype(np.int64)
    known = codes >= 0
    lowest = np.minimum.reduceat(np.where(known, codes, len(codes)), starts)
    highest = np.maximum.reduceat(codes, starts)
    place = np.minimum.reduceat(np.where(known, np.arange(len(codes)), len(codes)), starts)
    return highest > lowest, np.append(rows, -1)[place]

"""Patients out of rows: where a patient has several rows, what is described is one person, not a visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tabml.core.cohort import Cohort
from tabml.core.target import SURVIVAL_TASKS, Target
from tabml.summary.columns import Column, Floats, Group, Ints

NOTE = " Each patient counts once: the median of their rows, their commonest level, their mean outcome."


@dataclass(frozen=True)
class People:
    """Whose row each cohort row is: `of_row` (n_rows,) numbers the patients 0...n-1."""

    of_row: Ints

    @classmethod
    def of(cls, cohort: Cohort) -> People:
        return cls(np.unique(cohort.rows["patient"].to_numpy(), return_inverse=True)[1].astype(np.int64))

    @property
    def n(self) -> int:
        return int(self.of_row.max()) + 1 if len(self.of_row) else 0

    @property
    def several_rows(self) -> bool:
        return self.n < len(self.of_row)

    @cached_property
    def _first(self) -> Ints:
        return np.unique(self.of_row, return_index=True)[1]

    def columns(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """One value per patient: the median of numbers, the commonest level; missing where every row is."""
        if not self.several_rows:
            return dict(columns)
        return {name: replace(c, values=self._one_each(c)) for name, c in columns.items()}

    def groups(self, groups: Sequence[Group]) -> tuple[Group, ...]:
        """Groups of rows as groups of patients, each by the first row."""
        if not self.several_rows:
            return tuple(groups)
        return tuple(Group(g.label, np.flatnonzero(np.isin(self._first, g.rows))) for g in groups)

    def target(self, target: Target) -> Target:
        """The outcome of patients: any event, the mean number, the class of the last row; `rows` number patients."""
        if not self.several_rows:
            return target
        of_row = self.of_row[target.rows]
        who, place = np.unique(of_row, return_inverse=True)
        if target.task == "regression":
            return replace(target, y=np.bincount(place, weights=target.y) / np.bincount(place), rows=who)
        key = target.y["event"] if target.task in SURVIVAL_TASKS else target.y if target.task == "binary" else place
        order = np.lexsort((np.arange(len(place)), key, place))
        last = order[np.append(np.flatnonzero(np.diff(place[order])), len(order) - 1)]
        return replace(target, y=target.y[last], rows=who)

    def _one_each(self, column: Column) -> Floats:
        values: Floats = np.full(self.n, np.nan)
        seen = ~column.missing
        order = np.flatnonzero(seen)[np.argsort(self.of_row[seen], kind="stable")]
        for rows in np.split(order, np.flatnonzero(np.diff(self.of_row[order])) + 1) if len(order) else ():
            own = column.values[rows]
            values[self.of_row[rows[0]]] = np.bincount(own.astype(int)).argmax() if column.levels else np.median(own)
        return values

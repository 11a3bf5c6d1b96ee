"""Columns: how one variable of the cohort becomes numbers a model can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.cohort import Variable

Floats = NDArray[np.float64]
NUMERIC_KINDS = ("number", "integer", "boolean")
FEATURE_KINDS = (*NUMERIC_KINDS, "category")  # dates, texts and ids are never features


@dataclass(frozen=True)
class Reading:
    """One variable read from a frame: (n, w) numbers, NaN where missing, and which rows those are (n,)."""

    values: Floats
    missing: NDArray[np.bool_]


@dataclass(frozen=True)
class ColumnPlan:
    """How one variable is read, learned from training rows.

    `levels`: those of a category that enough training patients hold, in sorted order. `other`: some
    training patients hold further levels, which read as none of these; without such patients a level that
    is not listed reads as missing. Rare levels are not kept by name: they may stand for one person.
    `coded`: one column with 0...K-1 instead of one 0/1 column per level. `fill` (w,) replaces missing. Numbers
    beyond `fence` (low, high) read as the nearer of the two.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    other: bool = False
    coded: bool = False
    fill: tuple[float, ...] = ()
    fence: tuple[float, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns it makes: the variable's own, or `variable=level`."""
        if self.kind != "category" or self.coded:
            return (self.name,)
        return tuple(f"{self.name}={level}" for level in self._shown)

    @property
    def _shown(self) -> tuple[str, ...]:
        """Of two levels the second is enough; the first is its absence."""
        return self.levels[1:] if len(self.levels) == 2 and not self.other else self.levels

    def read(self, frame: pd.DataFrame) -> Reading:
        """The variable's numbers before filling and scaling."""
        column = frame[self.name]
        if self.kind != "category":
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            if self.fence:
                values = np.clip(values, self.fence[0], self.fence[1])
            return Reading(values[:, None], np.isnan(values))
        return self._read_category(column)

    def _read_category(self, column: pd.Series[Any]) -> Reading:
        codes = level_codes(column, self.levels)
        missing = column.isna().to_numpy(dtype=bool)
        if not self.other:
            missing = missing | (codes < 0)
        if self.coded:
            values = np.where(codes < 0, float(len(self.levels)), codes)[:, None]
        else:
            shown = [self.levels.index(level) for level in self._shown]
            values = (codes[:, None] == np.array(shown, dtype=np.int64)[None, :]).astype(np.float64)
        return Reading(np.where(missing[:, None], np.nan, values), missing)


def level_codes(column: pd.Series[Any], levels: Sequence[str]) -> NDArray[np.int64]:
    """Position of each row's level (n,), -1 where it is missing or not listed."""
    text = column.astype("string").to_numpy(dtype=object, na_value="")
    found = pd.Index(list(levels), dtype=object).get_indexer(pd.Index(text, dtype=object))
    return np.where(column.isna().to_numpy(dtype=bool), -1, found).astype(np.int64)


def plan_column(
    frame: pd.DataFrame, variable: Variable, *, rare_level: int, coded: bool, patient: NDArray[np.int64]
) -> ColumnPlan:
    """Learn from training rows which levels a variable has; a level needs `rare_level` patients to stand alone."""
    if variable.kind != "category":
        return ColumnPlan(variable.name, variable.kind)
    seen = frame[variable.name].notna().to_numpy(dtype=bool)
    level = frame[variable.name][seen].astype("string").to_numpy(dtype=object)
    held = pd.DataFrame({"level": level, "patient": patient[seen]})
    counts = held.drop_duplicates().groupby("level").size()
    levels = tuple(sorted(str(level) for level in counts.index[counts >= rare_level]))
    return ColumnPlan(variable.name, variable.kind, levels, other=bool((counts < rare_level).any()), coded=coded)

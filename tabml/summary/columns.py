"""A cohort's columns as plain arrays, and the groups they are compared in: read once, used by describe and audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.cohort import Cohort, Variable
from tabml.core.target import SURVIVAL_TASKS, Target

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """One variable as an array of numbers.

    `values (n,)`: the number, 0/1 for yes/no, the level's position for a category, the year for a date;
    NaN is missing. `levels` are the codes of a category or of yes/no ("0", "1"); empty for numbers.
    """

    variable: Variable
    values: Floats
    levels: tuple[str, ...] = ()

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        return np.isnan(self.values)

    @cached_property
    def known(self) -> Floats:
        """The values that are there."""
        return self.values[~self.missing]

    @cached_property
    def codes(self) -> Ints:
        """Each distinct value numbered by size, missing as -1: equal codes are equal columns up to recoding."""
        codes = np.full(len(self.values), -1, dtype=np.int64)
        codes[~self.missing] = np.unique(self.known, return_inverse=True)[1]
        return codes

    def label(self, level: int) -> str:
        """What level number `level` is called."""
        if self.variable.kind == "boolean":
            return self.variable.two_words[level]
        return self.variable.levels.get(self.levels[level], self.levels[level])


@dataclass(frozen=True)
class Group:
    """Some rows of the cohort under one heading, such as a centre or an outcome class."""

    label: str
    rows: Ints


def column(frame: pd.DataFrame, variable: Variable) -> Column:
    """Read one column of the cohort's frame; text and ids have no numbers and come out all missing."""
    series = frame[variable.name]
    if variable.kind == "category":
        category = series.astype("category").cat
        codes = _numbers(category.codes)
        return Column(variable, np.where(codes < 0, np.nan, codes), tuple(str(c) for c in category.categories))
    if variable.kind == "boolean":
        return Column(variable, _numbers(series.astype("boolean")), ("0", "1"))
    if variable.kind in ("number", "integer"):
        values = _numbers(pd.to_numeric(series, errors="coerce"))
        return Column(variable, np.where(np.isfinite(values), values, np.nan))
    if variable.kind == "date":
        return Column(variable, _numbers(pd.to_datetime(series).dt.year))
    return Column(variable, np.full(len(frame), np.nan))


def _numbers(series: Any) -> Floats:
    return np.array(series.to_numpy(dtype="float64", na_value=np.nan), dtype=np.float64)


def columns(cohort: Cohort, names: Sequence[str]) -> dict[str, Column]:
    """These columns by name, in order."""
    return {name: column(cohort.frame, cohort.variables[name]) for name in names}


def centre_groups(cohort: Cohort) -> tuple[Group, ...]:
    """One group per centre, in order of name; none when there is at most one centre."""
    centre = cohort.rows["centre"] if "centre" in cohort.rows else pd.Series([pd.NA] * len(cohort.frame))
    names = np.array([None if pd.isna(c) else str(c) for c in centre], dtype=object)
    found = sorted({n for n in names if n is not None})
    if len(found) < 2:
        return ()
    label = centre_labels(cohort)
    return tuple(Group(label.get(n, n), np.flatnonzero(names == n)) for n in found)


def centre_labels(cohort: Cohort) -> Mapping[str, str]:
    """Centre code -> label, where the codebook gives one."""
    named = cohort.with_role("centre")
    return cohort.variables[named[0]].levels if named else {}


def outcome_groups(target: Target) -> tuple[Group, ...]:
    """Rows by outcome: classes, event against none, or thirds of a number; only rows with an outcome."""
    if target.task in SURVIVAL_TASKS:
        happened = target.y["event"] > 0
        return (Group("no event", target.rows[~happened]), Group("event", target.rows[happened]))
    if target.task == "regression":
        return _thirds(target)
    labels = target.class_labels or target.classes or ("0", "1")
    if tuple(labels) in (("no", "yes"), ("0", "1")):
        labels = ("without", "with")
    return tuple(Group(label, target.rows[target.y == k]) for k, label in enumerate(labels))


def _thirds(target: Target) -> tuple[Group, ...]:
    low, high = np.quantile(target.y, [1 / 3, 2 / 3])
    if not low < high:
        return ()
    return (
        Group(f"lowest third (to {low:.3g})", target.rows[target.y <= low]),
        Group("middle third", target.rows[(target.y > low) & (target.y <= high)]),
        Group(f"highest third (above {high:.3g})", target.rows[target.y > high]),
    )

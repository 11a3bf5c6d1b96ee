"""Imputation: one value per variable, learned from training rows; the outcome is never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tabml.prep.columns import ColumnPlan, Floats, Reading


def learn_fill(plan: ColumnPlan, reading: Reading, *, mean: bool = False) -> ColumnPlan:
    """The plan with what replaces missing cells: the median of numbers, the most frequent level or boolean.

    With `mean` it is the training mean of each column the variable makes, of a category the shares of its levels:
    right for linear models, to whom a missing cell then says nothing, where the most frequent level would be believed.
    A tree could tell such a value from every measured one and read who was not measured, and with it the centre.
    Depends on the values only, not on their order; at a tie the first in sorted order wins. A variable never
    seen is filled with 0.
    """
    seen = reading.values[~reading.missing]
    if not len(seen):
        return replace(plan, fill=(0.0,) * reading.values.shape[1])
    if mean and not plan.coded:
        return replace(plan, fill=tuple(float(v) for v in np.sort(seen, axis=0).mean(axis=0)))
    if plan.kind in ("number", "integer"):
        return replace(plan, fill=(float(np.median(seen[:, 0])),))
    patterns, counts = np.unique(seen, axis=0, return_counts=True)
    return replace(plan, fill=tuple(float(v) for v in patterns[np.argmax(counts)]))


def filled(plan: ColumnPlan, reading: Reading) -> Floats:
    """The variable's numbers (n, w) with missing cells replaced."""
    return np.asarray(np.where(reading.missing[:, None], np.array(plan.fill)[None, :], reading.values))

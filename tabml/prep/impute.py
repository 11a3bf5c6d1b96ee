"""Imputation: one value per variable, learned from training rows; the outcome is never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tabml.prep.columns import ColumnPlan, Floats, Reading


def learn_fill(plan: ColumnPlan, reading: Reading) -> ColumnPlan:
    """The plan with what replaces missing cells: the median of numbers, the most frequent level or boolean.

    Depends on the values only, not on their order; at a tie the first in sorted order wins. A variable never
    seen is filled with 0.
    """
    seen = reading.values[~reading.missing]
    if not len(seen):
        return replace(plan, fill=(0.0,) * reading.values.shape[1])
    if plan.kind in ("number", "integer"):
        return replace(plan, fill=(float(np.median(seen[:, 0])),))
    patterns, counts = np.unique(seen, axis=0, return_counts=True)
    return replace(plan, fill=tuple(float(v) for v in patterns[np.argmax(counts)]))


def filled(plan: ColumnPlan, reading: Reading) -> Floats:
    """The variable's numbers (n, w) with missing cells replaced."""
    return np.asarray(np.where(reading.missing[:, None], np.array(plan.fill)[None, :], reading.values))

"""Imputation: one value per variable, learned from training rows; the outcome is never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tabml.core.weighting import weighted_quantiles
from tabml.prep.columns import ColumnPlan, Floats, Reading


def learn_fill(plan: ColumnPlan, reading: Reading, share: Floats | None = None, *, mean: bool = False) -> ColumnPlan:
    """The plan with what replaces missing cells: the median of numbers, the most frequent level or boolean.

    With `mean` it is the training mean of each column the variable makes, of a category the shares of its levels:
    right for linear models, to whom a missing cell then says nothing, where the most frequent level would be believed.
    A tree could tell such a value from every measured one and read who was not measured, and with it the centre.
    Depends on the values only, not on their order; at a tie the first in sorted order wins. A variable never
    seen is filled with 0. `share` (n,): rows of one patient count as one together.
    """
    seen = reading.values[~reading.missing]
    weight = None if share is None else share[~reading.missing]
    if not len(seen):
        return replace(plan, fill=(0.0,) * reading.values.shape[1])
    if mean and not plan.coded:
        return replace(plan, fill=tuple(_mean(column, weight) for column in seen.T))
    if plan.kind in ("number", "integer"):
        middle = np.median(seen[:, 0]) if weight is None else weighted_quantiles(seen[:, 0], weight, (0.5,))[0]
        return replace(plan, fill=(float(middle),))
    patterns, of_row = np.unique(seen, axis=0, return_inverse=True)
    counts = np.bincount(of_row.ravel(), weights=weight)
    if weight is not None:
        counts = np.round(counts, 9)  # equal sums of shares stay a tie
    return replace(plan, fill=tuple(float(v) for v in patterns[np.argmax(counts)]))


def _mean(values: Floats, weight: Floats | None) -> float:
    """Mean, summed over sorted values."""
    if weight is None:
        return float(np.sort(values).mean())
    order = np.lexsort((weight, values))
    return float(np.average(values[order], weights=weight[order]))


def filled(plan: ColumnPlan, reading: Reading) -> Floats:
    """The variable's numbers (n, w) with missing cells replaced."""
    return np.asarray(np.where(reading.missing[:, None], np.array(plan.fill)[None, :], reading.values))

"""Imputation: one value per variable, learned from training rows; the outcome is never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tabml.core.weighting import ROUNDING, weighted_quantiles
from tabml.prep.columns import ColumnPlan, Floats, Reading


def learn_fill(plan: ColumnPlan, reading: Reading, share: Floats | None = None, *, mean: bool = False) -> ColumnPlan:
    """The plan with what replaces missing cells: the median of numbers, the most frequent level or boolean.

    Of two middle numbers the lower is taken, not their mean: the value is one that some patient was measured at, so
    that no split of a tree holds filled cells alone. Splits close around it can still hold mostly filled cells.
    With `mean` it is the training mean of each column the variable makes, of a category the shares of its levels:
    right for linear models, to whom a missing cell then says nothing, where the most frequent level would be believed.
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
        return replace(plan, fill=(_measured_median(seen[:, 0], weight),))
    patterns, of_row = np.unique(seen, axis=0, return_inverse=True)
    counts = np.bincount(of_row.ravel(), weights=weight)
    if weight is not None:
        counts = np.round(counts, 9)  # equal sums of shares stay a tie
    return replace(plan, fill=tuple(float(v) for v in patterns[np.argmax(counts)]))


def _measured_median(values: Floats, weight: Floats | None) -> float:
    """The largest measured value that is not above the median."""
    middle = float(np.median(values) if weight is None else weighted_quantiles(values, weight, (0.5,))[0])
    below = values[values <= middle + ROUNDING * max(1.0, abs(middle))]
    return float(below.max())


def _mean(values: Floats, weight: Floats | None) -> float:
    """Mean, summed over sorted values."""
    if weight is None:
        return float(np.sort(values).mean())
    order = np.lexsort((weight, values))
    return float(np.average(values[order], weights=weight[order]))


def filled(plan: ColumnPlan, reading: Reading) -> Floats:
    """The variable's numbers (n, w) with missing cells replaced."""
    return np.asarray(np.where(reading.missing[:, None], np.array(plan.fill)[None, :], reading.values))

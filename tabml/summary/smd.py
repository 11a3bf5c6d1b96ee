"""Standardised mean differences: how far two groups lie apart, in standard deviations, whatever the kind of variable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tabml.summary.columns import Column, Ints

MIN_GROUP = 5  # fewer known values: a difference says nothing


def smd(column: Column, one: Ints, other: Ints) -> float | None:
    """Mean of `one` minus mean of `other`, over the root of their mean variance; None with too few values.

    Yes/no uses p(1-p) as variance. A category with K levels is the Mahalanobis distance of its level
    shares (Yang and Dalton 2012) and has no sign. Positive means: larger in `one`.
    """
    a, b = _known(column, one), _known(column, other)
    if min(len(a), len(b)) < MIN_GROUP:
        return None
    if len(column.levels) > 2:
        return _distance(a, b, len(column.levels))
    spread = np.sqrt((a.var(ddof=0) + b.var(ddof=0)) / 2)
    gap = float(a.mean() - b.mean())
    if spread == 0:
        return 0.0 if gap == 0 else None
    return gap / float(spread)


def rest(group: Ints, n: int) -> Ints:
    """All rows that are not in the group."""
    outside = np.ones(n, dtype=bool)
    outside[group] = False
    return np.flatnonzero(outside)


def _known(column: Column, rows: Ints) -> NDArray[np.float64]:
    values = column.values[rows]
    return values[~np.isnan(values)]


def _distance(a: NDArray[np.float64], b: NDArray[np.float64], k: int) -> float:
    p = np.bincount(a.astype(int), minlength=k)[1:] / len(a)
    q = np.bincount(b.astype(int), minlength=k)[1:] / len(b)
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    gap = p - q
    return float(max(0.0, float(gap @ np.linalg.pinv(covariance) @ gap)) ** 0.5)

"""Quantiles and quantile groups of weighted rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.metrics.value import Floats


def quantile_groups(values: Floats, weight: Floats, groups: int, *, least: int = 1) -> NDArray[np.intp]:
    """Group number of every row from 0, in rising order, cut at quantiles; equal values share a group.

    A group of fewer than `least` rows joins the one below it (the lowest: the one above).
    """
    cuts = np.unique(weighted_quantiles(values, weight, np.arange(1, groups) / groups))
    member = np.unique(np.searchsorted(cuts, values, side="left"), return_inverse=True)[1]
    while len(member) and member.max() > 0:
        small = np.flatnonzero(np.bincount(member) < least)
        if not len(small):
            break
        joined = max(int(small[0]), 1)
        member = np.where(member >= joined, member - 1, member)
    return np.asarray(member, dtype=np.intp)


def weighted_quantiles(values: Floats, weight: Floats, at: ArrayLike) -> Floats:
    """Quantiles by R's rule 7, whole weights counted as repetitions."""
    order = np.argsort(values, kind="stable")
    rank = np.cumsum(weight[order]) - 1
    place = np.asarray(at, dtype=float) * rank[-1]
    last = len(order) - 1
    low = np.minimum(np.searchsorted(rank, np.floor(place + 1e-9), side="left"), last)
    high = np.minimum(np.searchsorted(rank, np.ceil(place - 1e-9), side="left"), last)
    share = np.clip(place - np.floor(place + 1e-9), 0.0, 1.0)
    found = values[order][low] + share * (values[order][high] - values[order][low])
    return np.asarray(found, dtype=float)

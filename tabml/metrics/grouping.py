"""Quantile groups of weighted rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tabml.core.weighting import ROUNDING, weighted_quantiles
from tabml.metrics.value import Floats


def quantile_groups(values: Floats, weight: Floats, groups: int, *, least: int = 1) -> NDArray[np.intp]:
    """Group number of every row from 0, in rising order, cut at quantiles; equal values share a group.

    A group of less weight than `least` joins the one below it (the lowest: the one above).
    """
    cuts = np.unique(weighted_quantiles(values, weight, np.arange(1, groups) / groups))
    member = np.unique(np.searchsorted(cuts, values, side="left"), return_inverse=True)[1]
    while len(member) and member.max() > 0:
        small = np.flatnonzero(np.bincount(member, weights=weight) < least - ROUNDING)
        if not len(small):
            break
        joined = max(int(small[0]), 1)
        member = np.where(member >= joined, member - 1, member)
    return np.asarray(member, dtype=np.intp)

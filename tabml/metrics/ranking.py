"""Counting pairs: how often a case is ranked above a control, ties counting half, in O(n log n).

The one engine below AUROC, its variance, Hand and Till's M and the time-dependent AUC. With `fold` only pairs
inside one fold count: scores of different fold models have no common origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.metrics.value import Floats

Ints = NDArray[np.intp]
CHUNK = 2_000_000  # cells of one block of resamples: about 16 MB an array


@dataclass(frozen=True)
class Ranking:
    """Rows sorted once by fold and score; then any weights are counted by cumulative sums.

    For the row at each sorted place: `low` and `high` bound its block of tied scores, `start` and `end` its fold.
    """

    order: Ints
    low: Ints
    high: Ints
    start: Ints
    end: Ints

    @classmethod
    def of(cls, score: ArrayLike, fold: ArrayLike | None = None) -> Ranking:
        score = np.asarray(score, dtype=float)
        group = np.zeros(len(score), dtype=np.intp) if fold is None else np.unique(fold, return_inverse=True)[1]
        order = np.lexsort((score, group))
        s, g = score[order], group[order]
        new_fold = np.concatenate([[True], g[1:] != g[:-1]]) if len(s) else np.zeros(0, dtype=bool)
        new_block = new_fold | np.concatenate([[True], s[1:] != s[:-1]]) if len(s) else new_fold
        return cls(order, *_bounds(new_block), *_bounds(new_fold))

    def gains(self, case: ArrayLike, control: ArrayLike) -> tuple[Floats, Floats]:
        """Per row, in the order given: weight of controls it beats (ties half), and of controls in its fold."""
        control = np.asarray(control, dtype=float)[..., self.order]
        below = np.concatenate([np.zeros((*control.shape[:-1], 1)), np.cumsum(control, axis=-1)], axis=-1)
        first = below[..., self.start]
        beaten = (below[..., self.low] + below[..., self.high]) / 2 - first
        met = below[..., self.end] - first
        back = np.empty_like(self.order)
        back[self.order] = np.arange(len(self.order))
        return beaten[..., back], met[..., back]

    def count(self, case: ArrayLike, control: ArrayLike) -> tuple[Floats, Floats]:
        """Weighted concordant and usable pairs; leading axes of the weights are kept."""
        case, control = np.asarray(case, dtype=float), np.asarray(control, dtype=float)
        beaten, met = self.gains(case, control)
        return np.asarray((case * beaten).sum(axis=-1)), np.asarray((case * met).sum(axis=-1))

    def share(self, case: Floats, control: Floats, counts: ArrayLike) -> Floats:
        """Concordant share under each row of resampling counts (B, n); NaN where no pair is usable."""
        counts = np.asarray(counts)
        shares = np.full(len(counts), np.nan)
        step = max(1, CHUNK // max(1, counts.shape[1]))
        for first in range(0, len(counts), step):
            block = counts[first : first + step].astype(float)
            concordant, usable = self.count(block * case, block * control)
            np.divide(concordant, usable, out=shares[first : first + step], where=usable > 0)
        return shares


def _bounds(starts: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """First place and one past the last place of the block each place belongs to."""
    first = np.flatnonzero(starts)
    ends = np.append(first[1:], len(starts))
    block = np.cumsum(starts) - 1
    return (first[block], ends[block]) if len(starts) else (first, ends[:0])

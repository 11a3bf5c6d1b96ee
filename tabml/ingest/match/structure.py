"""What a column goes together with: the same variable has the same correlations with others at every hospital."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tabml.ingest.match.column import Column

Floats = NDArray[np.float64]
#: Rows looked at: more of them change nothing.
MOST_ROWS = 4000
#: Rows two columns must share, and anchors there must be.
LEAST_ROWS, LEAST_ANCHORS = 25, 3
#: How far correlations of one pair of variables differ between hospitals (SD), beside chance: they see other patients.
BETWEEN = 0.2
#: Anchors go together among themselves: their evidence counts for so much, and never for more than this. Other
#: patients can undo a correlation sooner than make one, so that it speaks less against than for a pair.
SHARED, AGAINST, FOR = 0.6, -1.0, 3.0


def structure_weights(
    columns: Sequence[Column], others: Sequence[Column], anchors: Sequence[tuple[Column, Column]]
) -> Floats:
    """Log likelihood ratios (len(columns), len(others)) that two columns are one variable, by what they go with.

    `anchors` are pairs of columns, one of each hospital, that are one variable for sure. Rank correlations with them
    differ by chance and a little between hospitals where two columns are the same, and by their whole spread where not.
    """
    nothing = np.zeros((len(columns), len(others)))
    if len(anchors) < LEAST_ANCHORS:
        return nothing
    mine, n_mine = _correlations(columns, [a for a, _ in anchors])
    theirs, n_theirs = _correlations(others, [b for _, b in anchors])
    spread = max(0.05**2, float(np.nanmean(np.concatenate([mine, theirs]) ** 2)) if np.isfinite(mine).any() else 0.0)
    difference = mine[:, None, :] - theirs[None, :, :]
    chance = 1 / n_mine[:, None, :] + 1 / n_theirs[None, :, :] + BETWEEN**2
    apart = chance + 2 * spread
    ratio = 0.5 * np.log(apart / chance) - difference**2 / 2 * (1 / chance - 1 / apart)
    # An anchor tells nothing of itself.
    itself = np.array([[a is c for a, _ in anchors] for c in columns])[:, None, :]
    itself = itself | np.array([[b is o for _, b in anchors] for o in others])[None, :, :]
    known = np.isfinite(ratio) & ~itself
    weights = np.where(known, ratio, 0.0).sum(axis=2) * SHARED
    return np.clip(np.where(known.sum(axis=2) >= LEAST_ANCHORS, weights, 0.0), AGAINST, FOR)


def _correlations(columns: Sequence[Column], anchors: Sequence[Column]) -> tuple[Floats, Floats]:
    """Rank correlations and the rows behind them: (n_columns, n_anchors) each, NaN where too few rows are shared."""
    left, right = [_ranks(c) for c in columns], [_ranks(c) for c in anchors]
    found = np.full((len(left), len(right)), np.nan)
    rows = np.ones_like(found)
    for i, x in enumerate(left):
        for j, y in enumerate(right):
            if x is None or y is None or len(x) != len(y):
                continue
            both = ~np.isnan(x) & ~np.isnan(y)
            n = int(both.sum())
            if n < LEAST_ROWS:
                continue
            a, b = x[both], y[both]
            sd = a.std() * b.std()
            if sd > 0:
                found[i, j], rows[i, j] = float(((a - a.mean()) * (b - b.mean())).mean() / sd), n
    return found, rows


def _ranks(column: Column) -> Floats | None:
    """Ranks of the numbers, ties halved; None where a column holds no numbers or only one."""
    values = column.aligned[:MOST_ROWS]
    known = ~np.isnan(values)
    if known.sum() < LEAST_ROWS:
        return None
    distinct, where, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    if len(distinct) < 2:
        return None
    middle = np.cumsum(counts) - (counts - 1) / 2
    ranks = np.full(len(values), np.nan)
    ranks[known] = middle[where]
    return ranks

"""Local regression of degree 2 with tricube weights: the smooth line below calibration plots and ICI.

Cleveland and Devlin (1988), fitted directly at each point; equals R's `loess(surface = "direct")`, which the
degree-1 `lowess` of the usual libraries does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tabml.metrics.value import Floats

SPAN = 0.75
BLOCK = 1_000_000  # cells of one block of distances: 8 MB


def loess(x: ArrayLike, y: ArrayLike, at: ArrayLike, *, weight: ArrayLike | None = None, span: float = SPAN) -> Floats:
    """Smoothed y at each point of `at` (m,), from x, y (n,) and case weights (n,).

    The window of a point reaches to its floor(span n)-th nearest row, weights counted as repetitions.
    """
    x, y, at = (np.asarray(a, dtype=float) for a in (x, y, at))
    weight = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=float)
    kept = weight > 0
    x, y, weight = x[kept], y[kept], weight[kept]
    nearest = max(1.0, np.floor(span * weight.sum() + 1e-5))
    step = max(1, BLOCK // max(1, len(x)))
    return np.concatenate(
        [_smooth(x, y, weight, at[i : i + step], nearest) for i in range(0, len(at), step)] or [np.zeros(0)]
    )


def _smooth(x: Floats, y: Floats, weight: Floats, at: Floats, nearest: float) -> Floats:
    apart = x[None, :] - at[:, None]
    distance = np.abs(apart)
    reach = _reach(distance, weight, nearest)
    u = np.minimum(distance / reach[:, None], 1.0)
    kernel = weight * np.where(u < np.sqrt(0.999), (1 - u**3) ** 3, 0.0)
    scaled = apart / reach[:, None]
    powers = [kernel]
    for _ in range(4):
        powers.append(powers[-1] * scaled)
    moments = np.stack([p.sum(axis=1) for p in powers], axis=1)  # (m, 5)
    left = moments[:, np.arange(3)[:, None] + np.arange(3)[None, :]]  # (m, 3, 3)
    right = np.stack([p @ y for p in powers[:3]], axis=1)
    # A window with fewer than three distinct x has no parabola: the pseudo-inverse gives the shortest one.
    inverse = np.linalg.pinv(left, rcond=1e-12, hermitian=True)
    return np.asarray(np.einsum("mj,mj->m", inverse[:, 0, :], right), dtype=float)


def _reach(distance: Floats, weight: Floats, nearest: float) -> Floats:
    """Distance to the nearest-th row of each point, never 0: then the next larger one, or 1 where all are tied."""
    if np.all(weight == 1.0):
        reach = np.partition(distance, int(nearest) - 1, axis=1)[:, int(nearest) - 1]
    else:
        order = np.argsort(distance, axis=1, kind="stable")
        place = (np.cumsum(weight[order], axis=1) < nearest - 1e-9).sum(axis=1)
        chosen = np.take_along_axis(order, np.minimum(place, distance.shape[1] - 1)[:, None], axis=1)
        reach = np.take_along_axis(distance, chosen, axis=1)[:, 0]
    beyond = np.where(distance > 0, distance, np.inf).min(axis=1)
    return np.where(reach > 0, reach, np.where(np.isfinite(beyond), beyond, 1.0))

"""One vote per patient: the weights of rows that share a patient, and quantiles under weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
ROUNDING = 1e-9


def patient_shares(patient: ArrayLike) -> Floats | None:
    """1 / (rows of the row's patient) for every row; None where each row is a patient of its own.

    >>> patient_shares([7, 7, 9]).tolist(), patient_shares([7, 8, 9])
    ([0.5, 0.5, 1.0], None)
    """
    _, of_row, rows = np.unique(np.asarray(patient), return_inverse=True, return_counts=True)
    return None if (rows == 1).all() else np.asarray(1.0 / rows[of_row], dtype=float)


def weighted_quantiles(values: Floats, weight: Floats, at: ArrayLike) -> Floats:
    """Quantiles by R's rule 7: whole weights count as repetitions, equal values with shares of 1 as one value."""
    order = np.argsort(values, kind="stable")
    rank = np.cumsum(weight[order]) - 1 + ROUNDING
    place = np.asarray(at, dtype=float) * max(rank[-1] - ROUNDING, 0.0)
    last = len(order) - 1
    low = np.minimum(np.searchsorted(rank, np.floor(place + ROUNDING), side="left"), last)
    high = np.minimum(np.searchsorted(rank, np.ceil(place - ROUNDING), side="left"), last)
    share = np.clip(place - np.floor(place + ROUNDING), 0.0, 1.0)
    found = values[order][low] + share * (values[order][high] - values[order][low])
    return np.asarray(found, dtype=float)

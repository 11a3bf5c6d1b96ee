"""The range a model was trained on, from patients: it flags few of them again and holds the value of none."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tabml.core.weighting import patient_shares, weighted_quantiles

Floats = NDArray[np.float64]
#: Share of the training patients that may lie beyond each bound.
BEYOND = 0.01


def training_range(values: Floats, patient: NDArray[np.int64], *, small_cell: int) -> tuple[float, float, float] | None:
    """Lower bound, median and upper bound of what was seen; None below 2 x `small_cell` patients.

    Each patient counts once, however many rows. At most `BEYOND` of them lie beyond a bound. Where at least
    `small_cell` patients do, it is a quantile. Where fewer do, a quantile would be the value of one of them: then it
    starts at the value that `small_cell` patients exceed and goes outwards in steps of their mean excess.
    """
    if len(np.unique(patient)) < 2 * small_cell:
        return None
    shares = patient_shares(patient)
    weight = np.ones(len(values)) if shares is None else shares
    low = -_upper(-values, patient, weight, small_cell)
    high = _upper(values, patient, weight, small_cell)
    if values.min() >= 0:
        low = max(low, 0.0)
    return low, float(weighted_quantiles(values, weight, (0.5,))[0]), high


def _upper(values: Floats, patient: NDArray[np.int64], weight: Floats, small_cell: int) -> float:
    quantile = _quantile(values, weight)
    highest, who = _highest(values, patient)
    beyond = highest[highest > quantile]
    if len(beyond) >= small_cell:
        above = float(values[values > quantile].min())
        return (quantile + above) / 2  # between two patients: the value of neither
    start = float(highest[small_cell])
    is_excess = np.isin(patient, who[:small_cell]) & (values >= start)
    step = float(np.average(values[is_excess] - start, weights=weight[is_excess]))
    if step <= 0:  # the highest value is one that many hold
        return start
    return start + (math.floor(max(0.0, quantile - start) / step + 1e-9) + 1) * step


def _quantile(values: Floats, weight: Floats) -> float:
    """The smallest value seen beyond which no more than `BEYOND` of the weight lies."""
    order = np.argsort(values, kind="stable")
    beyond = weight.sum() - np.cumsum(weight[order])
    return float(values[order][int(np.argmax(beyond <= BEYOND * weight.sum() + 1e-9))])


def _highest(values: Floats, patient: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """The highest value of every patient, from the highest down, and whose it is."""
    who, of_row = np.unique(patient, return_inverse=True)
    highest = np.full(len(who), -np.inf)
    np.maximum.at(highest, of_row, values)
    order = np.argsort(-highest, kind="stable")
    return highest[order], who[order]

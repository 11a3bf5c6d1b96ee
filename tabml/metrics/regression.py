"""Continuous outcomes: how far predictions are from what was measured. `y` and `predicted` are (n,), in one unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tabml.core.weighting import weighted_quantiles
from tabml.metrics.value import Floats, Value, columns, known, unknown

CONSTANT = "every outcome is the same number"


def rmse(y: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Root of the mean squared error, in the unit of y. Lower is better."""
    y, predicted, weight = columns(y, predicted, weight=weight)
    return known(np.sqrt(np.average((y - predicted) ** 2, weights=weight)))


def mae(y: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Mean absolute error, in the unit of y. Lower is better."""
    y, predicted, weight = columns(y, predicted, weight=weight)
    return known(np.average(np.abs(y - predicted), weights=weight))


def median_absolute_error(y: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Median absolute error, in the unit of y. Lower is better."""
    y, predicted, weight = columns(y, predicted, weight=weight)
    kept = weight > 0
    return known(weighted_quantiles(np.abs(y - predicted)[kept], weight[kept], (0.5,))[0])


def r2(y: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """1 - SSE/SST: 1 is perfect, 0 the mean of these rows for everybody, below 0 worse than it."""
    y, predicted, weight = columns(y, predicted, weight=weight)
    total = _variance(y, weight)
    if total == 0:
        return unknown(CONSTANT)
    return known(1 - np.average((y - predicted) ** 2, weights=weight) / total)


def slope(y: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Slope of y regressed on the prediction: 1 is right, below 1 predictions are too spread out."""
    y, predicted, weight = columns(y, predicted, weight=weight)
    spread = _variance(predicted, weight)
    if _variance(y, weight) == 0:
        return unknown(CONSTANT)
    return known(_covariance(y, predicted, weight) / spread) if spread > 0 else unknown("every prediction is the same")


def intercept(y: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Intercept of y regressed on the prediction, in the unit of y; read it with its slope."""
    found = slope(y, predicted, weight=weight)
    if found.value is None:
        return found
    y, predicted, weight = columns(y, predicted, weight=weight)
    return known(np.average(y, weights=weight) - found.value * np.average(predicted, weights=weight))


def concordance_correlation(y: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Lin's concordance correlation (1989), variances over n: 1 is the diagonal, 0 no agreement. Higher is better."""
    y, predicted, weight = columns(y, predicted, weight=weight)
    if _variance(y, weight) == 0:
        return unknown(CONSTANT)
    bias = np.average(y, weights=weight) - np.average(predicted, weights=weight)
    apart = _variance(y, weight) + _variance(predicted, weight) + bias**2
    return known(2 * _covariance(y, predicted, weight) / apart)


def _covariance(a: Floats, b: Floats, weight: Floats) -> float:
    a, b = a - np.average(a, weights=weight), b - np.average(b, weights=weight)
    return float(np.average(a * b, weights=weight))


def _variance(a: Floats, weight: Floats) -> float:
    """Variance over n; exactly 0 where all values of weight above 0 are equal."""
    return 0.0 if np.ptp(a[weight > 0]) == 0 else _covariance(a, a, weight)

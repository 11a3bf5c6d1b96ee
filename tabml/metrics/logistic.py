"""Unpenalised logistic regression on a few columns, for calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tabml.metrics.value import Floats, columns, expit


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients (k,) and their covariance (k, k)."""

    beta: Floats
    covariance: Floats


def logistic(
    x: ArrayLike, y: ArrayLike, *, weight: ArrayLike | None = None, offset: ArrayLike | None = None
) -> LogisticFit | None:
    """Maximum likelihood for logit P(y = 1) = offset + x beta; x (n, k) holds the intercept as a column of ones.

    Newton steps, halved when they overshoot. None with one outcome, or where no maximum exists (separation).
    """
    x, y, offset, weight = columns(x, y, np.zeros(len(np.asarray(y))) if offset is None else offset, weight=weight)
    if len(y) == 0 or y.min() == y.max():
        return None

    def likelihood(b: Floats) -> float:
        z = offset + x @ b
        return float((weight * (y * z - np.logaddexp(0.0, z))).sum())

    beta = np.zeros(x.shape[1])
    best = likelihood(beta)
    for _ in range(60):
        p = expit(offset + x @ beta)
        information = (x * (weight * p * (1 - p))[:, None]).T @ x
        if not np.linalg.cond(information) < 1e14:
            return None
        step = np.linalg.solve(information, x.T @ (weight * (y - p)))
        size = 1.0
        while likelihood(beta + size * step) < best - 1e-12 * abs(best) and size > 1e-6:
            size /= 2
        beta = beta + size * step
        best = likelihood(beta)
        if np.abs(size * step).max() < 1e-10 * (1 + np.abs(beta).max()):
            return LogisticFit(np.asarray(beta), np.asarray(np.linalg.inv(information), dtype=float))
    return None

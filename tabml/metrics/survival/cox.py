"""Unpenalised Cox regression with Efron ties on one or a few columns, for calibration of survival models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabml.core.hazard import tied_patients
from tabml.metrics.value import Floats

FLAT = 1e-9  # a spread of rounding errors only: nothing to regress on
SINGULAR = 1e-12


@dataclass(frozen=True)
class CoxFit:
    """Coefficients (k,), covariance (k, k), log partial likelihood at them and at 0."""

    beta: Floats
    covariance: Floats
    log_likelihood: float
    log_likelihood_null: float


def cox(x: Floats, time: Floats, event: NDArray[np.bool_], weight: Floats) -> CoxFit | None:
    """Efron's partial likelihood maximised by Newton's method, or None where it has no maximum.

    `x` (n, k) float64; steps are halved when the likelihood falls. Columns are centred and scaled for the sums only.
    """
    centre = np.average(x, axis=0, weights=weight)
    x = x - centre
    spread = np.sqrt(np.average(x**2, axis=0, weights=weight))
    if not (spread > FLAT * (1 + np.abs(centre))).all():
        return None
    x = x / spread  # so that the information is of the size of the number of events
    beta = np.zeros(x.shape[1])
    best, score, information = _terms(x, beta, time, event, weight)
    null = best
    for _ in range(50):
        if not np.linalg.eigvalsh(information).min() > SINGULAR * max(1.0, np.trace(information)):
            return None
        step = np.linalg.solve(information, score)
        size = 1.0
        trial = _terms(x, beta + step, time, event, weight)
        while not trial[0] >= best - 1e-12 * abs(best) and size > 1e-6:
            size /= 2
            trial = _terms(x, beta + size * step, time, event, weight)
        beta = beta + size * step
        best, score, information = trial
        if np.abs(size * step).max() < 1e-9 * (1 + np.abs(beta).max()):
            if not np.linalg.eigvalsh(information).min() > SINGULAR * max(1.0, np.trace(information)):
                return None
            covariance = np.asarray(np.linalg.inv(information), dtype=float) / np.outer(spread, spread)
            return CoxFit(np.asarray(beta / spread, dtype=float), covariance, best, null)
    return None


def _terms(
    x: Floats, beta: Floats, time: Floats, event: NDArray[np.bool_], weight: Floats
) -> tuple[float, Floats, Floats]:
    """Log partial likelihood, score (k,) and information (k, k); Efron (1977), tied events share a mean weight."""
    link = np.clip(x @ beta, -500.0, 500.0)
    r = weight * np.exp(link)
    k = x.shape[1]
    outer = (x[:, :, None] * x[:, None, :]).reshape(len(x), k * k)
    masses = np.column_stack([r, r[:, None] * x, r[:, None] * outer])
    times, block, rows = np.unique(time[event], return_inverse=True, return_counts=True)
    order = np.argsort(time, kind="stable")
    tail = np.vstack([np.cumsum(masses[order][::-1], axis=0)[::-1], np.zeros(masses.shape[1])])
    at_risk = tail[np.searchsorted(time[order], times, side="left")]
    tied, mean = np.zeros_like(at_risk), np.zeros(len(times))
    np.add.at(tied, block, masses[event])
    np.add.at(mean, block, weight[event])
    ties = tied_patients(rows, mean)
    mean /= ties
    place = np.repeat(np.arange(len(times)), ties)
    share = (np.arange(len(place)) - np.repeat(np.cumsum(ties) - ties, ties)) / ties[place]
    sums = at_risk[place] - share[:, None] * tied[place]
    w, average = mean[place], sums[:, 1 : k + 1] / sums[:, :1]
    likelihood = float((weight * link)[event].sum() - (w * np.log(sums[:, 0])).sum())
    score = (weight[:, None] * x)[event].sum(axis=0) - (w[:, None] * average).sum(axis=0)
    second = (w[:, None] * sums[:, k + 1 :] / sums[:, :1]).sum(axis=0).reshape(k, k)
    return likelihood, score, second - (average * w[:, None]).T @ average

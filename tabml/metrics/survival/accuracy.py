"""Accuracy of predicted survival: Brier score under censoring, at a horizon and over a grid (Graf et al. 1999)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.errors import InputError
from tabml.core.hazard import kaplan_meier
from tabml.metrics.survival.outcome import Outcome, outcome
from tabml.metrics.value import Floats, Value, known, unknown

IBS_STEPS = 50


def ibs_grid(tau: float) -> Floats:
    """The days at which the integrated Brier score is taken: 50 equal steps from 0 to tau."""
    return np.linspace(0.0, tau, IBS_STEPS + 1)


def brier_at(y: NDArray[np.void], survival: ArrayLike, horizon: float, *, weight: ArrayLike | None = None) -> Value:
    """Mean of w ((T > t) - S(t))^2, w = 1/G(T-) for events by t, 1/G(t) after t, else 0. Lower is better.

    `survival` (n,): predicted probability of being event-free at the horizon (days).
    """
    found, (survival,) = outcome(y, survival, weight=weight)
    reason = found.beyond(horizon)
    return unknown(reason) if reason else known(_brier(found, survival[:, None], np.array([float(horizon)]))[0])


def brier_null_at(y: NDArray[np.void], horizon: float, *, weight: ArrayLike | None = None) -> Value:
    """Brier score at the horizon of the Kaplan-Meier curve of these rows, the same for everybody."""
    found, _ = outcome(y, weight=weight)
    reason = found.beyond(horizon)
    if reason:
        return unknown(reason)
    at = np.array([float(horizon)])
    return known(_brier(found, np.repeat(_marginal(found, at), len(found.time), axis=0), at)[0])


def ipa_at(y: NDArray[np.void], survival: ArrayLike, horizon: float, *, weight: ArrayLike | None = None) -> Value:
    """Index of prediction accuracy: 1 - Brier(t) / Brier of Kaplan-Meier. 1 perfect, 0 useless, below 0 harmful."""
    model, null = brier_at(y, survival, horizon, weight=weight), brier_null_at(y, horizon, weight=weight)
    if model.value is None or null.value is None:
        return model
    return known(1 - model.value / null.value) if null.value > 0 else unknown("everybody has the same outcome by then")


def ibs(y: NDArray[np.void], curves: ArrayLike, times: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Integrated Brier score: trapezoid over the grid divided by its length. Lower is better.

    `curves` (n, T): predicted survival on `times` (T,) in days. Comparable only on the same grid.
    """
    times = np.asarray(times, dtype=float)
    found, (curves,) = outcome(y, curves, weight=weight)
    if curves.shape[1:] != times.shape or len(times) < 2 or (np.diff(times) <= 0).any():
        raise InputError("survival curves need one column for each of at least two rising times")
    reason = found.beyond(times[-1])
    if reason:
        return unknown(reason)
    return known(np.trapezoid(_brier(found, curves, times), times) / (times[-1] - times[0]))


def _marginal(found: Outcome, at: Floats) -> Floats:
    return kaplan_meier(found.time, found.event, entry=found.entry, weight=found.weight).at(at)[None, :]


def _brier(found: Outcome, curves: Floats, at: Floats) -> Floats:
    """Brier score (T,) at each time, for survival (n, T)."""
    g = found.censoring()
    own = g.left(found.time)
    early = np.divide(1.0, own, out=np.zeros_like(own), where=found.event & (own > 0))
    alive = found.time[:, None] > at[None, :]
    weight = np.where(alive, 1.0 / g.at(at)[None, :], early[:, None])
    loss = weight * (alive - curves) ** 2
    return np.asarray(np.average(loss, axis=0, weights=found.weight), dtype=float)

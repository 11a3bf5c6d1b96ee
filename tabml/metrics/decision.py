"""Would acting on the model help: net benefit and decision curves (Vickers and Elkin 2006)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tabml.core.hazard import kaplan_meier
from tabml.metrics.intervals import Resamples
from tabml.metrics.value import Floats, Value, columns, known, probabilities, unknown

#: Drawn where the study states no range; the report marks it "range not pre-stated".
DEFAULT_THRESHOLDS = tuple(round(t / 100, 2) for t in range(1, 51))


def net_benefit(y: ArrayLike, p: ArrayLike, threshold: float, *, weight: ArrayLike | None = None) -> Value:
    """TP/n - FP/n x t/(1-t), treating where p >= t: true positives per patient, net of weighted harm. Higher is better."""
    y, p, weight = probabilities(y, p, weight)
    return known(float(_net(y, p, weight[None, :], np.array([threshold]))[0, 0]))


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit over thresholds of the model and of treating all; treating none is 0. `lower`, `upper`: its band."""

    threshold: Floats
    model: Floats
    treat_all: Floats
    lower: Floats | None = None
    upper: Floats | None = None


def decision_curve(
    y: ArrayLike,
    p: ArrayLike,
    thresholds: ArrayLike = DEFAULT_THRESHOLDS,
    *,
    resamples: Resamples | None = None,
    weight: ArrayLike | None = None,
    level: float = 0.95,
) -> DecisionCurve:
    """The decision curve, with a pointwise percentile band where resampling counts are given.

    `weight` (n,), above 0, holds for the counts too.
    """
    y, p, weight = probabilities(y, p, weight)
    at = np.asarray(thresholds, dtype=float)
    model = _net(y, p, weight[None, :], at)[0]
    treat_all = _net(y, np.ones(len(p)), weight[None, :], at)[0]
    if resamples is None:
        return DecisionCurve(at, model, treat_all)
    draws = _net(y, p, resamples.counts * weight, at)
    low, high = np.quantile(draws, ((1 - level) / 2, (1 + level) / 2), axis=0)
    return DecisionCurve(at, model, treat_all, low, high)


def survival_net_benefit(
    y: np.ndarray, risk: ArrayLike, threshold: float, horizon: float, *, weight: ArrayLike | None = None
) -> Value:
    """Net benefit at a horizon (days): share x (1 - S) - share x S x t/(1-t), S by Kaplan-Meier among risk >= t.

    `y` is the structured survival array, `risk` (n,) the predicted probability of the event by the horizon.
    Nobody at or above the threshold: 0.
    """
    time, event, risk, weight = columns(y["time"], y["event"] == 1, risk, weight=weight)
    treated = (risk >= threshold) & (weight > 0)
    if not treated.any():
        return known(0.0)
    if time[treated].max() < horizon and not event[treated][time[treated] == time[treated].max()].all():
        return unknown(f"nobody at or above the threshold is followed for {horizon:g} days")
    survival = float(kaplan_meier(time[treated], event[treated], weight=weight[treated]).at(horizon))
    share = float(weight[treated].sum() / weight.sum())
    return known(share * (1 - survival) - share * survival * threshold / (1 - threshold))


def _net(y: Floats, p: Floats, weight: Floats, at: Floats) -> Floats:
    """Net benefit (B, T) for case weights (B, n), by cumulative sums over sorted risks."""
    order = np.argsort(p, kind="stable")
    place = np.searchsorted(p[order], at, side="left")

    def above(w: Floats) -> Floats:
        total = np.concatenate([np.zeros((len(w), 1)), np.cumsum(w[:, order], axis=1)], axis=1)
        return np.asarray(total[:, -1:] - total[:, place])

    n = weight.sum(axis=1, keepdims=True)
    return np.asarray((above(weight * y) - above(weight * (1 - y)) * at / (1 - at)) / n, dtype=float)

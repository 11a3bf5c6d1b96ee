"""Calibration of survival predictions: at a horizon, and of the risk score as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.hazard import baseline_hazard, kaplan_meier, risk_table
from tabml.core.privacy import SMALL_CELL
from tabml.core.weighting import ROUNDING, weighted_quantiles
from tabml.metrics.grouping import quantile_groups
from tabml.metrics.intervals import wald, z_of
from tabml.metrics.survival.cox import cox
from tabml.metrics.survival.description import survival_at
from tabml.metrics.survival.outcome import NO_EVENTS, Outcome, outcome
from tabml.metrics.value import Floats, Value, known, unknown


def observed_expected_at(
    y: NDArray[np.void], risk: ArrayLike, horizon: float, *, weight: ArrayLike | None = None, level: float = 0.95
) -> Value:
    """(1 - Kaplan-Meier at t) / mean predicted risk by t. 1 is right, above 1: risks are too low.

    `risk` (n,): predicted probability of the event by the horizon (days). Interval on the log scale with
    jackknife pseudo-values v of 1 - KM(t): se = sqrt(sum (v - (O/E) p)^2) / sum v; none in a resample.
    """
    found, (risk,) = outcome(y, risk, weight=weight)
    reason = found.beyond(horizon)
    if reason:
        return unknown(reason)
    observed = 1 - float(_kaplan_meier_at(found, horizon))
    expected = float(np.average(risk, weights=found.weight))
    if expected <= 0:
        return unknown("every predicted risk is 0")
    ratio = observed / expected
    if observed == 0:
        return known(0.0, note="no interval: no event by the horizon")
    if found.weighted or found.entry.any():
        return known(ratio)
    pseudo = _pseudo_values(found, horizon)
    reach = z_of(level) * math.sqrt(float(((pseudo - ratio * risk) ** 2).sum())) / float(pseudo.sum())
    return known(ratio).between(ratio * math.exp(-reach), ratio * math.exp(reach), "log_pseudo_value")


def calibration_slope(
    y: NDArray[np.void], log_hazard: ArrayLike, *, weight: ArrayLike | None = None, level: float = 0.95
) -> Value:
    """Coefficient of the outcome's Cox regression on the predicted log hazard: 1 is right, below 1 too extreme.

    Efron ties, Wald interval. Not estimable without events, with one log hazard, or under separation.
    """
    found, (lp,) = outcome(y, log_hazard, weight=weight)
    if not found.event.any():
        return unknown(NO_EVENTS)
    if np.ptp(lp) < 1e-9:
        return unknown("every row has the same risk")
    fitted = cox(lp[:, None], found.time, found.event, found.weight)
    if fitted is None:
        return unknown("the fit does not converge: the risk orders the events completely")
    slope, se = float(fitted.beta[0]), math.sqrt(fitted.covariance[0, 0])
    return known(slope).between(*wald(slope, se, level=level), "wald")


@dataclass(frozen=True)
class SurvivalGroup:
    """One dot of the calibration plot: mean predicted risk and 1 - Kaplan-Meier with its log-log interval.

    `observed` has no number where the group is not followed to the horizon.
    """

    n: int
    events: int
    at_risk: int
    predicted: float
    observed: Value


def calibration_groups_at(
    y: NDArray[np.void],
    risk: ArrayLike,
    horizon: float,
    *,
    groups: int = 5,
    weight: ArrayLike | None = None,
    level: float = 0.95,
    least: int = SMALL_CELL,
) -> tuple[SurvivalGroup, ...]:
    """Quantile groups of the predicted risk by the horizon (days), in rising order; at least `least` patients each.

    `weight` (n,) is above 0; numbers of patients are whole ones.
    """
    found, (risk,) = outcome(y, risk, weight=weight)
    w = found.weight
    wanted = max(1, min(groups, int(w.sum() + ROUNDING) // least))
    member = quantile_groups(risk, found.weight, wanted, least=least)
    answer = []
    for g in range(int(member.max()) + 1 if len(member) else 0):
        here = member == g
        alive = survival_at(y[here], horizon, weight=w[here], level=level)
        counted = (here, here & found.event & (found.time <= horizon), here & (found.time >= horizon))
        n, by_then, at_risk = (int(w[rows].sum() + ROUNDING) for rows in counted)
        mean = float(np.average(risk[here], weights=w[here]))
        answer.append(SurvivalGroup(n, by_then, at_risk, mean, _turned(alive)))
    return tuple(answer)


@dataclass(frozen=True)
class CalibrationErrorsAt:
    """Mean, median and 90 % quantile of |observed - predicted| risk by the horizon. Lower is better."""

    ici: Value
    e50: Value
    e90: Value


def calibration_errors_at(
    y: NDArray[np.void], risk: ArrayLike, horizon: float, *, weight: ArrayLike | None = None
) -> CalibrationErrorsAt:
    """Austin, Harrell and van Klaveren (2020): observed risk from Cox on a restricted cubic spline of log(-log(1 - p)).

    Three knots at the 10, 50 and 90 % quantiles, Efron baseline.
    """
    found, (risk,) = outcome(y, risk, weight=weight)
    held = np.clip(risk, 1e-12, 1 - 1e-12)
    x = np.log(-np.log1p(-held))
    knots = weighted_quantiles(x, found.weight, (0.1, 0.5, 0.9))
    reason = found.beyond(horizon) or ("fewer than three distinct risks" if (np.diff(knots) <= 0).any() else None)
    spline = None if reason else np.column_stack([x, _spline(x, knots)])
    fitted = None if spline is None else cox(spline, found.time, found.event, found.weight)
    if fitted is None or spline is None:
        nothing = unknown(reason or "the smooth curve does not converge")
        return CalibrationErrorsAt(nothing, nothing, nothing)
    lp = spline @ fitted.beta
    base = baseline_hazard(found.time, found.event, lp, entry=found.entry, weight=found.weight)
    observed = -np.expm1(-float(base.at(horizon)) * np.exp(np.minimum(lp, 500.0)))
    gap = np.abs(observed - risk)
    if not np.isfinite(gap).all():
        nothing = unknown("too few events for a smooth curve")
        return CalibrationErrorsAt(nothing, nothing, nothing)
    middle = weighted_quantiles(gap, found.weight, (0.5, 0.9))
    return CalibrationErrorsAt(known(np.average(gap, weights=found.weight)), known(middle[0]), known(middle[1]))


def ici_at(y: NDArray[np.void], risk: ArrayLike, horizon: float, *, weight: ArrayLike | None = None) -> Value:
    """Integrated calibration index at the horizon: mean distance of observed from predicted risk; 0 is right."""
    return calibration_errors_at(y, risk, horizon, weight=weight).ici


def _turned(alive: Value) -> Value:
    """1 - S, interval turned with it."""
    if alive.value is None:
        return alive
    if alive.lower is None or alive.upper is None:
        return known(1 - alive.value, note=alive.note)
    return known(1 - alive.value).between(1 - alive.upper, 1 - alive.lower, "log_log")


def _kaplan_meier_at(found: Outcome, horizon: float) -> Floats:
    return kaplan_meier(found.time, found.event, entry=found.entry, weight=found.weight).at(horizon)


def _pseudo_values(found: Outcome, horizon: float) -> Floats:
    """Jackknife pseudo-values of 1 - KM(t), all at once: n F - (n - 1) F without row i.

    Without row i the risk set is one smaller at every time up to its own, and its own event is gone.
    """
    table = risk_table(found.time, found.event)
    upto = table.times <= horizon
    t, r, d = table.times[upto], table.at_risk[upto], table.events[upto]
    full = np.append(1.0, np.cumprod(1 - d / r))
    fewer = np.append(1.0, np.cumprod(1 - d / np.maximum(r - 1, 1)))  # row i still at risk, its event elsewhere
    after = np.append(np.cumprod((1 - d / r)[::-1])[::-1], 1.0)
    place = np.searchsorted(t, found.time, side="left")
    n = len(found.time)
    own = np.minimum(place, max(len(t) - 1, 0))
    at_own = np.where(
        place < len(t), 1 - (d[own] - found.event) / np.maximum(r[own] - 1, 1), 1.0
    )  # fmt: skip
    without = fewer[place] * at_own * after[np.minimum(place + 1, len(t))]
    return np.asarray(n * (1 - full[-1]) - (n - 1) * (1 - without), dtype=float)


def _spline(x: Floats, knots: Floats) -> Floats:
    """The non-linear column of a restricted cubic spline with three knots, in the units of x."""
    low, middle, high = knots

    def cube(k: float) -> Floats:
        return np.maximum(x - k, 0.0) ** 3

    wide, narrow = high - low, high - middle
    return np.asarray((cube(low) - cube(middle) * wide / narrow + cube(high) * (middle - low) / narrow) / wide**2)

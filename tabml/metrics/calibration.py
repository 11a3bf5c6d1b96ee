"""Can a risk of 20 % be believed: calibration of binary probabilities, in numbers and as a curve.

`y` (n,) holds 0 and 1, `p` (n,) the probability of 1. Intervals in closed form assume one row per patient;
patients with several rows need the patient bootstrap of `intervals.py`, through `weight`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tabml.core.privacy import SMALL_CELL
from tabml.core.weighting import ROUNDING, weighted_quantiles
from tabml.metrics.grouping import quantile_groups
from tabml.metrics.intervals import wald, wilson, z_of
from tabml.metrics.loess import loess
from tabml.metrics.logistic import LogisticFit, logistic
from tabml.metrics.value import Floats, Value, known, logit, probabilities, unknown

MIN_DISTINCT = 20  # fewer distinct risks: a smooth curve would be drawn through gaps
ONE_CLASS = "all rows have the same outcome"


def calibration_in_the_large(
    y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, level: float = 0.95
) -> Value:
    """Intercept of logit y = a + logit p, slope held at 1; Wald interval. 0 is right, above 0: risks are too low."""
    y, p, weight = probabilities(y, p, weight)
    found = logistic(np.ones((len(y), 1)), y, weight=weight, offset=logit(p))
    if found is None:
        return unknown(ONE_CLASS if len(np.unique(y)) < 2 else "the fit does not converge")
    return _wald(found, 0, level)


@dataclass(frozen=True)
class CalibrationLine:
    """Intercept and slope of logit y = a + b logit p."""

    intercept: Value
    slope: Value


def calibration_line(
    y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, level: float = 0.95
) -> CalibrationLine:
    """Fit logit y = a + b logit p by maximum likelihood, Wald intervals (Cox 1958).

    Slope 1 is right; below 1 risks are too extreme, above 1 too timid. Not estimable with one outcome, one
    probability, or where the risks separate the outcomes.
    """
    y, p, weight = probabilities(y, p, weight)
    x = logit(p)
    reason = _no_line(x, y)
    found = None if reason else logistic(np.column_stack([np.ones(len(x)), x]), y, weight=weight)
    if found is None:
        nothing = unknown(reason or "the fit does not converge: the risks nearly separate the outcomes")
        return CalibrationLine(nothing, nothing)
    return CalibrationLine(_wald(found, 0, level), _wald(found, 1, level))


def calibration_slope(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Slope b of logit y = a + b logit p: 1 is right, below 1 risks are too extreme."""
    return calibration_line(y, p, weight=weight).slope


def calibration_intercept(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Intercept a of logit y = a + b logit p; read it with its slope."""
    return calibration_line(y, p, weight=weight).intercept


def observed_expected(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, level: float = 0.95) -> Value:
    """Observed over expected outcomes: mean y / mean p. 1 is right, above 1: risks are too low.

    Interval on the log scale with se(ln O/E) = sqrt(sum (y - (O/E) p)^2) / sum y; none without outcomes.
    """
    y, p, weight = probabilities(y, p, weight)
    observed, expected = float((weight * y).sum()), float((weight * p).sum())
    if expected == 0:
        return unknown("every probability is 0")
    if observed == 0:
        return known(0.0, note="no interval: no row has the outcome")
    ratio = observed / expected
    reach = z_of(level) * math.sqrt(float((weight * (y - ratio * p) ** 2).sum())) / observed
    return known(ratio).between(ratio * math.exp(-reach), ratio * math.exp(reach), "log_residual")


@dataclass(frozen=True)
class CalibrationErrors:
    """Mean (`ici`), median, 90 % quantile and maximum of |observed - predicted| risk. Lower is better."""

    ici: Value
    e50: Value
    e90: Value
    emax: Value


def calibration_errors(
    y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, grid: int | None = None
) -> CalibrationErrors:
    """Distance between the smooth calibration curve and the diagonal (Austin and Steyerberg 2019).

    The curve is loess of y on p (span 0.75, degree 2). With `grid` it is fitted at that many points and
    interpolated, for bootstraps. Fewer than 20 distinct probabilities: means of quantile groups instead, noted.
    """
    y, p, weight = probabilities(y, p, weight)
    if len(np.unique(y)) < 2:
        return CalibrationErrors(*[unknown(ONE_CLASS)] * 4)
    distinct, note = len(np.unique(p)), None
    if distinct < MIN_DISTINCT:
        note = f"{distinct} distinct probabilities: quantile groups instead of a smooth curve"
        member = quantile_groups(p, weight, 10)
        total = np.bincount(member, weights=weight)
        gap = np.abs(np.bincount(member, weights=weight * (y - p)) / total)[member]
    elif grid is None:
        points, inverse = np.unique(p, return_inverse=True)
        gap = np.abs(loess(p, y, points, weight=weight)[inverse] - p)
    else:
        points = np.linspace(p.min(), p.max(), grid)
        gap = np.abs(np.interp(p, points, loess(p, y, points, weight=weight)) - p)
    quantile = weighted_quantiles(gap, weight, (0.5, 0.9))
    numbers = (np.average(gap, weights=weight), *quantile, gap.max())
    return CalibrationErrors(*[known(v, note=note) for v in numbers])


def ici(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None, grid: int | None = None) -> Value:
    """Integrated calibration index: mean distance of the smooth calibration curve from the diagonal; 0 is right."""
    return calibration_errors(y, p, weight=weight, grid=grid).ici


def spiegelhalter_z(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Spiegelhalter's z (1986): sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p)); about N(0, 1) if calibrated."""
    y, p, weight = probabilities(y, p, weight)
    spread = float((weight * (1 - 2 * p) ** 2 * p * (1 - p)).sum())
    if spread == 0:
        return unknown("every probability is 0, 1 or one half")
    return known(float((weight * (y - p) * (1 - 2 * p)).sum()) / math.sqrt(spread))


def hosmer_lemeshow(y: ArrayLike, p: ArrayLike, *, groups: int = 10) -> Value:
    """Hosmer and Lemeshow's chi2 over quantile groups of p; on request only, it depends on the grouping."""
    y, p, weight = probabilities(y, p)
    if len(np.unique(p)) < groups:
        return unknown(f"fewer than {groups} distinct probabilities")
    member = quantile_groups(p, weight, groups)
    n, o, e = (np.bincount(member, weights=w) for w in (weight, y, p))
    if ((e == 0) | (e == n)).any():
        return unknown("a group of probabilities is all 0 or all 1")
    return known(float(((o - e) ** 2 * n / (e * (n - e))).sum()))


@dataclass(frozen=True)
class CalibrationGroup:
    """One dot of the calibration plot: mean predicted and observed share with its interval; `n` whole patients."""

    n: int
    events: int
    predicted: float
    observed: float
    lower: float
    upper: float


def calibration_groups(
    y: ArrayLike,
    p: ArrayLike,
    *,
    groups: int = 10,
    weight: ArrayLike | None = None,
    level: float = 0.95,
    least: int = SMALL_CELL,
) -> tuple[CalibrationGroup, ...]:
    """Quantile groups of the predicted risk with Wilson intervals, in rising order.

    Tied risks stay together; fewer groups where a group would hold less weight than `least`.
    """
    y, p, weight = probabilities(y, p, weight)
    wanted = max(1, min(groups, int(weight.sum() + ROUNDING) // least))
    member = quantile_groups(p, weight, wanted, least=least)
    found = []
    for g in range(int(member.max()) + 1 if len(member) else 0):
        here = member == g
        n, events = float(weight[here].sum()), float((weight * y)[here].sum())
        mean = float(np.average(p[here], weights=weight[here]))
        low, high = wilson(events, n, level)
        found.append(CalibrationGroup(_whole(n), _whole(events), mean, events / n, low, high))
    return tuple(found)


def _whole(weight: float) -> int:
    return int(weight + 1e-6)


@dataclass(frozen=True)
class CalibrationCurve:
    """The smooth line of the calibration plot, held inside 0-1; `n` patients lie nearest to each point of `predicted`."""

    predicted: Floats
    observed: Floats
    n: tuple[int, ...]


def calibration_curve(
    y: ArrayLike, p: ArrayLike, *, points: int = 50, weight: ArrayLike | None = None
) -> CalibrationCurve | None:
    """Loess of y on p between the 1 % and 99 % quantile of p; None below 20 distinct risks or with one outcome."""
    y, p, weight = probabilities(y, p, weight)
    if len(np.unique(p)) < MIN_DISTINCT or len(np.unique(y)) < 2:
        return None
    low, high = np.quantile(p, (0.01, 0.99)) if (weight == 1).all() else weighted_quantiles(p, weight, (0.01, 0.99))
    at = np.linspace(float(low), float(high), points)
    nearest = np.abs(p[:, None] - at[None, :]).argmin(axis=1)
    observed = np.clip(loess(p, y, at, weight=weight), 0.0, 1.0)
    return CalibrationCurve(at, observed, tuple(map(_whole, np.bincount(nearest, weight, minlength=points))))


def _wald(fit: LogisticFit, j: int, level: float) -> Value:
    value, se = float(fit.beta[j]), math.sqrt(fit.covariance[j, j])
    return known(value).between(*wald(value, se, level=level), "wald")


def _no_line(x: Floats, y: Floats) -> str | None:
    if len(y) == 0 or y.min() == y.max():
        return ONE_CLASS
    if np.ptp(x) < 1e-9:
        return "every row has the same probability"
    low, high = x[y == 0], x[y == 1]
    if low.max() <= high.min() or high.max() <= low.min():
        return "the risks separate the outcomes completely"
    return None

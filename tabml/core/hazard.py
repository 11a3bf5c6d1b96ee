"""Counting-process estimates every wing needs: survival, censoring and cumulative hazard as step functions.

Times are days, `event` is true where the event of interest happened. A patient counts as at risk at t if
`entry < t <= time`. `weight` are case weights (bootstrap counts, for example); a patient of weight 0 is absent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StepFunction:
    """A right-continuous step function: `start` before `times[0]`, then `values[j]` from `times[j]` on.

    >>> f = StepFunction(np.array([2.0, 5.0]), np.array([0.8, 0.5]), start=1.0)
    >>> f.at([1, 2, 9]).tolist(), f.left([1, 2, 9]).tolist()
    ([1.0, 0.8, 0.5], [1.0, 1.0, 0.5])
    """

    times: Floats
    values: Floats
    start: float

    def at(self, when: ArrayLike) -> Floats:
        """f(t), jumps at t included; constant after the last jump."""
        return self._value(when, "right")

    def left(self, when: ArrayLike) -> Floats:
        """f(t-), the limit from the left: jumps at t not yet made."""
        return self._value(when, "left")

    def _value(self, when: ArrayLike, side: str) -> Floats:
        passed = np.searchsorted(self.times, np.asarray(when, dtype=float), side=side)  # type: ignore[call-overload]
        return np.asarray(np.concatenate([[self.start], self.values])[passed], dtype=float)


@dataclass(frozen=True)
class RiskTable:
    """One line per distinct time: weighted numbers at risk just before it, with an event, and censored at it."""

    times: Floats
    at_risk: Floats
    events: Floats
    censored: Floats


def risk_table(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None
) -> RiskTable:
    """Count who is at risk, has the event and is censored at each distinct time."""
    time, event, entry, weight = _columns(time, event, entry, weight)
    times, position = np.unique(time, return_inverse=True)
    events = np.bincount(position, weights=weight * event, minlength=len(times))
    leaving = np.bincount(position, weights=weight, minlength=len(times))
    at_risk = _still_in(weight, time, entry, times)
    return RiskTable(times, at_risk, _floats(events), _floats(leaving - events))


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None
) -> StepFunction:
    """Kaplan-Meier's probability of being free of the event; 1 at the start, never rising."""
    table = risk_table(time, event, entry=entry, weight=weight)
    return _product_limit(table.times, table.events, table.at_risk)


def censoring_kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None
) -> StepFunction:
    """Kaplan-Meier's probability of not being censored yet, for censoring weights.

    At a tie events come first: whoever has an event at t is no longer at risk of being censored at t.
    Weights of events take the left limit, `G.left(time)`. Any event, of whatever cause, is no censoring.
    """
    table = risk_table(time, event, entry=entry, weight=weight)
    return _product_limit(table.times, table.censored, table.at_risk - table.events)


def nelson_aalen(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None
) -> StepFunction:
    """Nelson-Aalen's cumulative hazard; 0 at the start, never falling."""
    table = risk_table(time, event, entry=entry, weight=weight)
    kept = table.events > 0
    return StepFunction(table.times[kept], np.cumsum(table.events[kept] / table.at_risk[kept]), 0.0)


def greenwood(
    time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None, weight: ArrayLike | None = None
) -> StepFunction:
    """Greenwood's sum, d / (r (r - d)): the variance of log S(t); S(t) squared times it is that of S(t).

    Infinite from the time on at which the last patient at risk has the event.
    """
    table = risk_table(time, event, entry=entry, weight=weight)
    kept = table.events > 0
    d, r = table.events[kept], table.at_risk[kept]
    terms = np.divide(d, r * (r - d), out=np.full(len(d), np.inf), where=r > d)
    return StepFunction(table.times[kept], np.cumsum(terms), 0.0)


def baseline_hazard(
    time: ArrayLike,
    event: ArrayLike,
    log_hazard: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> StepFunction:
    """Cumulative baseline hazard by Efron's treatment of ties, for given log hazards (n,).

    `S(t | x) = exp(-H0(t) exp(log_hazard))`. With all log hazards 0 and no ties it is Nelson-Aalen's. Tied
    events share their mean weight, as in R's survival.
    """
    time, event, entry, weight = _columns(time, event, entry, weight)
    log_hazard = np.asarray(log_hazard, dtype=float)
    shift = float(np.max(log_hazard)) if len(log_hazard) else 0.0  # keeps exp() in range
    relative = weight * np.exp(np.maximum(log_hazard - shift, -700.0))
    hit = event & (weight > 0)
    times, position, rows = np.unique(time[hit], return_inverse=True, return_counts=True)
    at_risk = _still_in(relative, time, entry, times)
    tied = np.bincount(position, weights=relative[hit], minlength=len(times))
    mass = np.bincount(position, weights=weight[hit], minlength=len(times))
    ties = tied_patients(rows, mass)
    block = np.repeat(np.arange(len(times)), ties)
    step = np.arange(len(block)) - np.repeat(np.cumsum(ties) - ties, ties)  # 0...d-1 inside each tie block
    terms = mass[block] / ties[block] / (at_risk[block] - step / ties[block] * tied[block])
    jumps = np.bincount(block, weights=terms, minlength=len(times))
    return StepFunction(times, np.cumsum(jumps) * np.exp(-np.clip(shift, -700.0, 700.0)), 0.0)


def tied_patients(rows: ArrayLike, mass: ArrayLike) -> NDArray[np.int64]:
    """How many patients have the event at one time, from its rows and their case weights together.

    Rows of one patient share the weight of one, so that they are one event and no tie. Bootstrap counts do not make
    more ties than there are rows.

    >>> tied_patients([3, 3, 3], [3.0, 1.0, 5.0]).tolist()
    [3, 1, 3]
    """
    whole = np.ceil(_floats(mass) - 1e-6).astype(np.int64)
    return np.asarray(np.clip(whole, 1, np.maximum(np.asarray(rows, dtype=np.int64), 1)), dtype=np.int64)


def proportional_survival(cumulative: ArrayLike, log_hazard: ArrayLike) -> Floats:
    """Survival (n, T) from the cumulative baseline hazard (T,) of some grid and log hazards (n,): `exp(-H0(t) exp(lp))`."""
    relative = np.exp(np.minimum(_floats(log_hazard), 500.0))  # beyond it S is 0 or 1 anyway
    return _floats(np.exp(-relative[:, None] * _floats(cumulative)[None, :]))


def _columns(
    time: ArrayLike, event: ArrayLike, entry: ArrayLike | None, weight: ArrayLike | None
) -> tuple[Floats, NDArray[np.bool_], Floats | None, Floats]:
    time = np.asarray(time, dtype=float)
    case = np.ones(len(time)) if weight is None else np.asarray(weight, dtype=float)
    late = None if entry is None or not np.any(entry) else np.asarray(entry, dtype=float)
    return time, np.asarray(event) != 0, late, case


def _still_in(mass: Floats, time: Floats, entry: Floats | None, times: Floats) -> Floats:
    """Summed mass of those with `entry < t <= time`, for each t of `times`."""
    total = _mass_from(mass, time, times)
    return total if entry is None else total - _mass_from(mass, entry, times)


def _mass_from(mass: Floats, time: Floats, times: Floats) -> Floats:
    """Summed mass of those whose time is `>= t`, for each t; summed from the end, where sums are small."""
    order = np.argsort(time, kind="stable")
    tail = np.concatenate([np.cumsum(mass[order][::-1])[::-1], [0.0]])
    return np.asarray(tail[np.searchsorted(time[order], times, side="left")], dtype=float)


def _product_limit(times: Floats, leaving: Floats, at_risk: Floats) -> StepFunction:
    kept = leaving > 0
    return StepFunction(times[kept], _floats(np.cumprod(1.0 - leaving[kept] / at_risk[kept])), 1.0)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=float)

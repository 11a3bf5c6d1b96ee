"""Calibration of survival: cloglog S(t) = a(t) + b * score, by Cox's likelihood (van Houwelingen 2000).

One slope serves all times and a(t), the log of a cumulative hazard, never falls: calibrated curves keep the order of
the scores, cannot cross, and stay sums of what a score is a sum of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabml.core.hazard import tied_patients
from tabml.learn.loss import SURVIVAL_FLOOR, Floats

Ints = NDArray[np.int64]
STEPS, CLOSE = 60, 1e-10
LONGEST_STEP = 3.0  # standard deviations of the score
FLAT = 1e-9  # a spread of rounding errors only
BLOCK = 2_000_000  # cells of one block of weightings: 16 MB an array


def fit_hazards(
    score: Floats,
    y: NDArray[np.void],
    weights: Floats,
    times: Floats,
    *,
    patients: Floats,
    slope: bool,
    least: float,
    pull: float,
) -> tuple[Floats, Floats]:
    """a on the times (B, T) and b (B,) from scores (n,), under each row of case weights (B, n).

    b is the slope of Cox's regression on the score (Efron), pulled weakly (`pull`) to 1 and never below `least`;
    without `slope` it is 1. A score that is the same for everybody gets b = 0, and a(t) is the marginal curve.
    `patients` (n,): how much of a patient each row is, which tells how many patients are tied at a time.
    """
    seen = weights.any(axis=0)  # ties are counted among the rows that some weighting sees
    score, weights = score[seen], weights[:, seen]
    risk = _RiskSets.of(y[seen], patients[seen])
    a, b = np.full((len(weights), len(times)), np.log(SURVIVAL_FLOOR)), np.ones(len(weights))
    step = max(1, BLOCK // max(1, len(score)))
    for first in range(0, len(weights), step):
        here = slice(first, first + step)
        a[here], b[here] = _fit(risk, score, weights[here], times, slope, least, pull)
    return a, b


@dataclass(frozen=True)
class _RiskSets:
    """Rows sorted by time (`patients` as they came), and Efron's steps: at a time with d tied patients step l = 0...d-1 leaves out l/d of them.

    `starts` (K,): first row still at risk at each event time; `event` the rows with the event, `blocks` (K,) the
    first of each time among them; `entered`: late entries, sorted, and how many are in before each time.
    """

    order: Ints
    patients: Floats
    times: Floats
    starts: Ints
    event: Ints
    blocks: Ints
    of_step: Ints
    left_out: Floats
    ties: Ints
    entered: tuple[Ints, Ints] | None

    @classmethod
    def of(cls, y: NDArray[np.void], patients: Floats) -> _RiskSets:
        order = np.argsort(y["time"], kind="stable")
        time, entry = y["time"][order], y["entry"][order]
        event = np.flatnonzero(y["event"][order] == 1)
        times, blocks, rows = np.unique(time[event], return_index=True, return_counts=True)
        mass = np.add.reduceat(patients[order][event], blocks) if len(times) else np.zeros(0)
        ties = tied_patients(rows, mass)
        of_step = np.repeat(np.arange(len(times)), ties)
        place = np.arange(len(of_step)) - np.repeat(np.cumsum(ties) - ties, ties)
        late = np.argsort(entry, kind="stable")
        entered = (late, np.searchsorted(entry[late], times, side="left")) if entry.any() else None
        starts = np.searchsorted(time, times, side="left")
        return cls(order, patients, times, starts, event, blocks, of_step, place / ties[of_step], ties, entered)

    def sums(self, mass: Floats) -> Floats:
        """Sums of `mass` (B, n) over the risk set of each Efron step: (B, steps)."""
        at_risk = np.cumsum(np.add.reduceat(mass, self.starts, axis=1)[:, ::-1], axis=1)[:, ::-1]
        if self.entered is not None:
            late, inside = self.entered
            tail = np.cumsum(mass[:, late][:, ::-1], axis=1)[:, ::-1]
            at_risk = at_risk - np.append(tail, np.zeros((len(mass), 1)), axis=1)[:, inside]
        return np.asarray(at_risk[:, self.of_step] - self.left_out * self.tied(mass)[:, self.of_step])

    def tied(self, mass: Floats) -> Floats:
        """Sums of `mass` (B, n) over the rows with the event at each time: (B, K)."""
        return np.asarray(np.add.reduceat(mass[:, self.event], self.blocks, axis=1), dtype=float)


def _fit(
    risk: _RiskSets, score: Floats, weights: Floats, times: Floats, slope: bool, least: float, pull: float
) -> tuple[Floats, Floats]:
    floor = np.full((len(weights), len(times)), np.log(SURVIVAL_FLOOR))
    if not len(risk.times):
        return floor, np.ones(len(weights))
    centre = float(np.average(score, weights=risk.patients))
    spread = float(np.sqrt(np.average((score - centre) ** 2, weights=risk.patients)))
    unit = spread if spread > FLAT * (1 + abs(centre)) else 1.0
    z, w = ((score - centre) / unit)[risk.order], weights[:, risk.order]
    apart = np.sqrt(np.maximum(w @ z**2 / w.sum(axis=1) - (w @ z / w.sum(axis=1)) ** 2, 0.0)) * unit
    b = _slopes(risk, z, w, unit, least, pull) if slope else np.ones(len(w))
    b = np.where(apart > FLAT * (1 + abs(centre)), b, 0.0)
    mass = (risk.tied(w) / risk.ties)[:, risk.of_step]
    terms = _ratio(mass, risk.sums(w * _relative(b[:, None] * unit * z)))
    jumps = np.add.reduceat(terms, np.cumsum(risk.ties) - risk.ties, axis=1)
    hazard = np.append(np.zeros((len(w), 1)), np.cumsum(jumps, axis=1), axis=1)
    at = hazard[:, np.searchsorted(risk.times, times, side="right")]
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(at), floor) - (b * centre)[:, None], b


def _slopes(risk: _RiskSets, z: Floats, w: Floats, unit: float, least: float, pull: float) -> Floats:
    """Slope under each weighting: the root of the falling score function at or above `least`, by guarded Newton."""
    low, high = np.full(len(w), least), np.full(len(w), np.inf)
    b = low.copy()
    mass = (risk.tied(w) / risk.ties)[:, risk.of_step]
    seen = risk.tied(w * z).sum(axis=1)
    for _ in range(STEPS):
        relative = w * _relative(b[:, None] * unit * z)
        s0 = risk.sums(relative)
        mean = _ratio(risk.sums(relative * z), s0)
        square = _ratio(risk.sums(relative * z**2), s0)
        u = unit * (seen - (mass * mean).sum(axis=1)) - pull * (b - 1)
        i = unit**2 * (mass * np.maximum(square - mean**2, 0.0)).sum(axis=1) + pull
        low, high = np.where(u > 0, b, low), np.where(u > 0, high, b)
        step = np.clip(u / i, -LONGEST_STEP / unit, LONGEST_STEP / unit)
        middle = np.where(np.isfinite(high), (low + high) / 2, b + step)
        new = np.where((b + step > low) & (b + step < high), b + step, middle)
        moved, b = np.abs(new - b) * unit, new
        if moved.max() < CLOSE:
            break
    return np.asarray(np.maximum(b, least))


def _relative(link: Floats) -> Floats:
    return np.asarray(np.exp(np.clip(link, -300.0, 300.0)))


def _ratio(above: Floats, below: Floats) -> Floats:
    """above / below, 0 where nobody of weight is at risk."""
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))

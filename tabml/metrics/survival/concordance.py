"""Separation of survival outcomes: do those with higher risk have the event earlier."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.hazard import censoring_kaplan_meier
from tabml.metrics.ranking import Ranking
from tabml.metrics.survival.outcome import NO_EVENTS, Outcome, outcome
from tabml.metrics.value import Floats, Value, known, unknown

BLOCK = 4_000_000  # cells of one block of pairs: about 32 MB an array
NO_PAIR = "no two patients can be compared"


def harrell_c(
    y: NDArray[np.void], risk: ArrayLike, *, fold: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Value:
    """Harrell's C: concordant over usable pairs, ties in risk count half. Higher is better, 0.5 is chance.

    A pair is usable if the shorter time ends in the event; at equal times, if exactly one has the event. With
    `fold` (n,) only pairs inside one fold count. It depends on the censoring; Uno's C does not.
    """
    found, (risk, fold) = outcome(y, risk, _labels(fold, len(y)), weight=weight)
    if not found.event.any():
        return unknown(NO_EVENTS)
    concordant, usable = _count(found, risk, fold, found.weight[None], found.weight[None], ties=True)
    return known(concordant[0] / usable[0]) if usable[0] > 0 else unknown(NO_PAIR)


def uno_c(
    y: NDArray[np.void],
    risk: ArrayLike,
    tau: float,
    *,
    fold: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Value:
    """Uno's C up to tau days (2011): pairs Ti < Tj, Ti < tau, event at Ti, weight G(Ti-)^-2. Higher is better."""
    found, (risk, fold) = outcome(y, risk, _labels(fold, len(y)), weight=weight)
    reason = found.beyond(tau)
    if reason:
        return unknown(reason)
    case = (found.weight * _uno_weight(found.time, found.censoring().left(found.time), tau))[None]
    concordant, usable = _count(found, risk, fold, case, found.weight[None], ties=False)
    return known(concordant[0] / usable[0]) if usable[0] > 0 else unknown(NO_PAIR)


def concordance_resampled(
    y: NDArray[np.void],
    risk: ArrayLike,
    counts: ArrayLike,
    *,
    tau: float | None = None,
    fold: ArrayLike | None = None,
) -> Floats:
    """Harrell's C, or Uno's with `tau`, under each row of resampling counts (B, n): NaN where no pair is usable.

    G is estimated anew in every resample. One pass over the pairs serves all resamples.
    """
    found, (risk, fold) = outcome(y, risk, _labels(fold, len(y)))
    control = np.asarray(counts, dtype=float)
    case = control
    if tau is not None:
        case = np.empty_like(control)
        for b, w in enumerate(control):
            g = censoring_kaplan_meier(found.time, found.observed, entry=found.entry, weight=w).left(found.time)
            case[b] = w * _uno_weight(found.time, g, tau)
    concordant, usable = _count(found, risk, fold, case, control, ties=tau is None)
    shares = np.full(len(usable), np.nan)
    np.divide(concordant, usable, out=shares, where=usable > 0)
    return shares


def auc_at(
    y: NDArray[np.void],
    risk: ArrayLike,
    horizon: float,
    *,
    fold: ArrayLike | None = None,
    weight: ArrayLike | None = None,
) -> Value:
    """Cumulative/dynamic AUC at a horizon in days: cases had the event by then (weight 1/G(T-)), controls had not.

    Higher is better. As in Blanche, Dartigues and Jacqmin-Gadda (2013).
    """
    found, (risk, fold) = outcome(y, risk, _labels(fold, len(y)), weight=weight)
    reason = found.beyond(horizon)
    if reason:
        return unknown(reason)
    g = found.censoring().left(found.time)
    case = np.divide(found.weight, g, out=np.zeros_like(g), where=found.event & (found.time <= horizon) & (g > 0))
    concordant, usable = Ranking.of(risk, fold).count(case, found.weight * (found.time > horizon))
    return (
        known(concordant / usable) if usable > 0 else unknown(f"no event and no event-free patient at {horizon:g} days")
    )


def _labels(fold: ArrayLike | None, n: int) -> Floats:
    return np.zeros(n) if fold is None else np.unique(np.asarray(fold), return_inverse=True)[1].astype(float)


def _uno_weight(time: Floats, g: Floats, tau: float) -> Floats:
    return np.divide(1.0, g**2, out=np.zeros_like(g), where=(g > 0) & (time < tau))


def _count(
    found: Outcome, risk: Floats, fold: Floats, case: Floats, control: Floats, *, ties: bool
) -> tuple[Floats, Floats]:
    """Weighted concordant and usable pairs (B,), for weights (B, n); blocks of cases against their whole fold."""
    concordant, usable = np.zeros(len(case)), np.zeros(len(case))
    for f in np.unique(fold):
        here = np.flatnonzero(fold == f)
        time, event, score = found.time[here], found.event[here], risk[here]
        others = control[:, here].T  # (n_f, B)
        first = np.flatnonzero(event)
        step = max(1, BLOCK // max(1, len(here)))
        for i in range(0, len(first), step):
            rows = first[i : i + step]
            later = time[None, :] > time[rows, None]
            if ties:
                later |= (time[None, :] == time[rows, None]) & ~event[None, :]
            above = (score[rows, None] > score[None, :]) + 0.5 * (score[rows, None] == score[None, :])
            mine = case[:, here[rows]].T  # (rows, B)
            concordant += (mine * ((above * later) @ others)).sum(axis=0)
            usable += (mine * (later.astype(float) @ others)).sum(axis=0)
    return concordant, usable

"""The one rule that chooses between candidates, for the study itself and for every bootstrap draw of its estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

NULL = 0  # simplicity of the models that give everybody the same answer


@dataclass(frozen=True)
class Choice:
    """For each weighting (B,): the candidate of least mean loss, the simplest one within 1 SE, and all means (B, C)."""

    best: Indices
    simple: Indices
    means: Floats


def select(loss: Floats, simplicity: NDArray[np.integer], weight: Floats | None = None) -> Choice:
    """Choose by loss per patient (C, N), lower is better, under patient weights (B, N); one row of ones by default.

    Best: least mean loss, the first of equals. Simple: least `simplicity` (C,) among the candidates whose mean
    paired difference to best is at most its standard error sd/sqrt(N); ties by lower loss, then by order. A
    candidate that lost a prediction holds NaN and is never chosen; nor is a null model (simplicity 0) beside a real
    one: that the models do no better is for the verdict to say, and a constant has no AUROC to estimate. A patient
    of weight 0 in every row is not asked for.
    """
    w = np.ones((1, loss.shape[1])) if weight is None else np.atleast_2d(np.asarray(weight, dtype=float))
    seen = w.any(axis=0)
    w, known = w[:, seen], loss[:, seen]
    lost = np.asarray(~np.isfinite(known).all(axis=1), dtype=bool)
    known = np.where(lost[:, None], 0.0, known)
    n = w.sum(axis=1)
    means = w @ known.T / n[:, None]
    means[:, lost] = np.inf
    barred = lost | (simplicity == NULL) if (~lost & (simplicity != NULL)).any() else lost
    best = np.where(barred, np.inf, means).argmin(axis=1)
    simple = np.empty_like(best)
    for winner in np.unique(best):
        rows = np.flatnonzero(best == winner)
        simple[rows] = _simplest(known, barred, simplicity, int(winner), w[rows], means[rows])
    return Choice(best, simple, means)


def paired(d: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Mean and standard error of paired differences (N,) under each row of patient weights (B, N)."""
    n = weight.sum(axis=1)
    d = np.where(weight.any(axis=0), d, 0.0)
    mean = weight @ d / n
    spread = np.maximum(weight @ d**2 / n - mean**2, 0.0)
    return np.asarray(mean), np.sqrt(spread / n)


def _simplest(
    loss: Floats, barred: NDArray[np.bool_], simplicity: NDArray[np.integer], winner: int, weight: Floats, means: Floats
) -> Indices:
    d = loss - loss[winner]
    n = weight.sum(axis=1)[:, None]
    mean = weight @ d.T / n
    se = np.sqrt(np.maximum(weight @ (d**2).T / n - mean**2, 0.0) / n)
    eligible = (mean <= se) & ~barred[None, :]
    rank = np.where(eligible, simplicity[None, :], np.iinfo(np.int64).max)
    least = rank == rank.min(axis=1, keepdims=True)
    return np.asarray(np.where(least & eligible, means, np.inf).argmin(axis=1), dtype=np.int64)

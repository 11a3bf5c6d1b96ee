"""What one wrong prediction costs, patient by patient: the proper losses that selection compares.

A link array has the rows first and then what the task predicts: a logit (n,), log-probabilities (n, K), a value
(n,), or for survival cloglog S(t) = log(-log S(t)) on the study's grid (n, T). On that scale links are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.hazard import StepFunction, censoring_kaplan_meier
from tabml.core.spec import Scores
from tabml.core.splits import Positions, SplitPlan
from tabml.core.target import SURVIVAL_TASKS, Target, Task
from tabml.core.weighting import patient_shares, weighted_quantiles

Floats = NDArray[np.float64]
Link = Floats

PROBABILITY_FLOOR = 1e-6  # one certain and wrong patient costs 13.8, not infinity
SURVIVAL_FLOOR = 1e-9
CENSORING_FLOOR = 0.05  # no patient weighs more than 20
GRID_STEPS = 50  # of the integrated Brier score


@dataclass(frozen=True)
class TimeGrid:
    """The study's times (days): 50 equal steps to the longest horizon, the horizons, and 9 event-time deciles."""

    times: NDArray[np.float64]
    deciles: NDArray[np.int64]
    horizons: NDArray[np.int64]
    steps: NDArray[np.int64]

    @property
    def last(self) -> int:
        """Place of the longest horizon."""
        return int(self.horizons[-1])


def study_grid(target: Target, share: Floats | None = None) -> TimeGrid | None:
    """The grid of a survival study; None for the other tasks. `share` (n,): what part of a patient each row is."""
    if target.task not in SURVIVAL_TASKS:
        return None
    tau = float(max(target.horizons))
    here = (target.y["event"] == 1) & (target.y["time"] <= tau)
    happened, at = target.y["time"][here], np.linspace(0.1, 0.9, 9)
    if share is None or not len(happened):
        deciles = np.unique(np.quantile(happened if len(happened) else [tau / 2], at))
    else:
        deciles = np.unique(weighted_quantiles(happened, share[here], at))
    horizons = np.array(sorted(target.horizons), dtype=float)
    steps = np.linspace(0, tau, GRID_STEPS + 1)
    times = np.unique(np.concatenate([steps, horizons, deciles]))
    where = [np.searchsorted(times, part).astype(np.int64) for part in (deciles, horizons, steps)]
    return TimeGrid(times, where[0], where[1], where[2])


def to_link(scores: Scores, task: Task) -> Link:
    """A model's scores on the scale that is averaged; survival curves become cloglog."""
    if task in SURVIVAL_TASKS:
        if scores.curves is None:
            raise ValueError("a survival model gave no curves")
        return cloglog(np.asarray(scores.curves, dtype=float))
    return np.asarray(scores.link, dtype=float)


def cloglog(survival: NDArray[np.floating]) -> Link:
    """log(-log S), S held 1e-9 inside 0-1; higher means earlier event."""
    held = np.clip(survival, SURVIVAL_FLOOR, 1 - SURVIVAL_FLOOR)
    return np.asarray(np.log(-np.log(held)), dtype=float)


def survival_of(link: Link) -> NDArray[np.float64]:
    """S(t) from cloglog links, the same shape."""
    return np.asarray(np.exp(-np.exp(np.clip(link, -700.0, 700.0))), dtype=float)


def tidy(link: Link, task: Task) -> Link:
    """A mean of links made lawful again: log-probabilities sum to one, survival never rises (running minimum)."""
    if task == "multiclass":
        shifted = link - link.max(axis=-1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=float)
    if task in SURVIVAL_TASKS:
        return np.asarray(np.maximum.accumulate(link, axis=-1), dtype=float)
    return link


def rank_score(link: Link, task: Task, grid: TimeGrid | None) -> Link:
    """What discrimination ranks by: the link; survival the risk by the longest horizon; higher means event."""
    return np.asarray(link[..., grid.last], dtype=float) if task in SURVIVAL_TASKS and grid is not None else link


@dataclass(frozen=True)
class LossRule:
    """The loss of any link array over a plan's repeats.

    `weights` (R, n, 9) are the censoring weights of survival rows, from the training part of the fold in which
    the row is tested; empty for the other tasks.
    """

    task: Task
    y: NDArray[Any]
    patient: Positions
    n_patients: int
    grid: TimeGrid | None
    weights: NDArray[np.float64]

    def __call__(self, link: Link) -> NDArray[np.float64]:
        """Loss per repeat and patient (R, N) of `link` (R, n, ...): the rows of a patient are averaged."""
        rows = np.stack([self.rows(link[r], r) for r in range(len(link))])
        return by_patient(rows, self.patient, self.n_patients)

    def rows(self, link: Link, repeat: int) -> NDArray[np.float64]:
        """Loss per row (n,); NaN where there is no prediction."""
        if self.grid is not None:
            event_free = survival_of(link[:, self.grid.deciles])
            still = self.y["time"][:, None] > self.grid.times[self.grid.deciles][None, :]
            return np.asarray((self.weights[repeat] * (still - event_free) ** 2).mean(axis=1), dtype=float)
        return row_loss(self.task, self.y, link)


def row_loss(task: Task, y: NDArray[np.floating], link: Link) -> NDArray[np.float64]:
    """Log loss or squared error of each row; any leading axes of `link` are kept."""
    if task == "binary":
        signed = np.where(y == 1, link, -link)  # -log p(truth) = log(1 + exp(-signed))
        with np.errstate(invalid="ignore"):  # NaN: a row without prediction
            loss = np.logaddexp(0.0, -signed)
        return np.asarray(np.minimum(loss, -np.log(PROBABILITY_FLOOR)), dtype=float)
    if task == "multiclass":
        chosen = np.take_along_axis(link, y.astype(int)[:, None], axis=-1)[..., 0]
        return np.asarray(-np.maximum(chosen, np.log(PROBABILITY_FLOOR)), dtype=float)
    return np.asarray((link - y) ** 2, dtype=float)


def by_patient(rows: NDArray[np.float64], patient: Positions, n: int) -> NDArray[np.float64]:
    """Mean over the rows of each patient: (..., n_rows) to (..., N)."""
    if len(patient) == n and np.array_equal(patient, np.arange(n)):
        return rows
    count = np.bincount(patient, minlength=n)
    flat = rows.reshape(-1, rows.shape[-1])
    means = np.stack([np.bincount(patient, weights=row, minlength=n) / count for row in flat])
    return means.reshape(*rows.shape[:-1], n)


def loss_rule(target: Target, plan: SplitPlan, grid: TimeGrid | None) -> LossRule:
    """The rule for a plan's out-of-fold rows."""
    repeats = 1 + max(f.repeat for f in plan.folds)
    weights = np.zeros((repeats, len(target.y) if grid is not None else 0, 0 if grid is None else len(grid.deciles)))
    if grid is not None:
        for fold in plan.folds:
            train, test = plan.rows(fold.train), plan.rows(fold.test)
            share = patient_shares(plan.patient_of_row[train])
            weights[fold.repeat, test] = censoring_weights(
                target.y[train], target.y[test], grid.times[grid.deciles], share
            )
    return LossRule(target.task, target.y, plan.patient_of_row, plan.n_patients, grid, weights)


def censoring_weights(
    train: NDArray[np.void], y: NDArray[np.void], times: NDArray[np.float64], share: Floats | None = None
) -> NDArray[np.float64]:
    """IPCW weight of each row at each time (n, T): 1/G(T-) after its event, 1/G(t) while event-free, 0 once censored.

    `share`: what part of a patient each training row is.
    """
    censoring: StepFunction = censoring_kaplan_meier(train["time"], train["event"] != 0, weight=share)
    own = 1 / np.maximum(censoring.left(y["time"]), CENSORING_FLOOR)
    at = 1 / np.maximum(censoring.at(times), CENSORING_FLOOR)
    still = y["time"][:, None] > times[None, :]
    return np.asarray(
        np.where(still, at[None, :], np.where((y["event"] != 0)[:, None], own[:, None], 0.0)), dtype=float
    )

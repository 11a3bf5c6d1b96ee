"""Calibration: a + b * link, which brings a model's scores back to what was observed.

Learnt from out-of-fold links only. Reported probabilities are cross-fitted: the calibrator of a fold learns from
the other folds; the shipped one learns from all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import BundleError
from tabml.core.spec import State
from tabml.core.target import SURVIVAL_TASKS, Target, Task
from tabml.learn.hazards import fit_hazards
from tabml.learn.loss import Floats, Link, TimeGrid, tidy

MIN_EVENTS_FOR_SLOPE = 50  # fewer: the slope costs more than it mends
MIN_SLOPE = 0.01  # a model without signal is flattened, never turned around: the order of patients stays
STEPS, CLOSE = 30, 1e-9
PULL = 1e-3  # weak pull towards a = 0, b = 1: keeps the answer finite where the classes are separated
SHIFT_PULL = 1.0  # of class shifts: a class of seven patients must not move far

Kind = Literal["none", "line", "classes", "hazard"]


@dataclass(frozen=True)
class Calibrator:
    """`line`: a + b * link. `classes`: log-probabilities times b plus a shift per class. `hazard`: a(t) + b * score,
    a (T,) rising over the grid and one b, where the score is the link at the last time, the longest horizon.
    """

    kind: Kind
    a: Floats
    b: Floats
    task: Task

    def apply(self, link: Link) -> Link:
        """Calibrated links, the shape unchanged."""
        if self.kind == "none":
            return link
        if self.kind == "hazard":
            return np.asarray(self.a + self.b * link[..., -1:], dtype=float)
        return tidy(self.a + self.b * link, self.task)

    @property
    def is_flat(self) -> bool:
        """Whether the slope ended at its floor: the model said nothing, and its spread is arbitrary."""
        return self.kind != "none" and float(self.b) <= MIN_SLOPE

    def dump(self) -> State:
        return State({"kind": self.kind, "a": self.a.tolist(), "b": self.b.tolist(), "task": self.task})

    @classmethod
    def restore(cls, state: State) -> Calibrator:
        body = state.json
        if body["kind"] not in get_args(Kind):
            raise BundleError(f"the model file holds a calibration of kind {body['kind']!r}, which this version of "
                              "tabml does not read", hint="fit the model again")  # fmt: skip
        return cls(body["kind"], np.array(body["a"]), np.array(body["b"]), body["task"])


def unchanged(task: Task) -> Calibrator:
    """The calibrator that changes nothing."""
    return Calibrator("none", np.zeros(()), np.ones(()), task)


@dataclass(frozen=True)
class Teacher:
    """What calibration learns from: the outcome, the events there are, and survival's grid.

    `events` decides whether a slope is fitted. `share` (n,): the weight of each row, so that the rows of a patient
    count as one together; None where each row is one. The outcomes stand there `repeats` times.
    """

    task: Task
    y: NDArray[Any]
    events: int
    grid: TimeGrid | None = None
    share: Floats | None = None
    repeats: int = 1

    @property
    def slope(self) -> bool:
        return self.task == "regression" or self.events >= MIN_EVENTS_FOR_SLOPE

    def tiled(self, repeats: int) -> Teacher:
        """The same outcomes once for each repeat."""
        if repeats == 1:
            return self
        share = None if self.share is None else np.tile(self.share, repeats)
        return replace(self, y=np.tile(self.y, repeats), share=share, repeats=repeats)

    def fit(self, link: Link, weight: Floats) -> Calibrator:
        """One calibrator from links (n, ...) under row weights (n,)."""
        return self.fit_many(link, np.atleast_2d(weight))[0]

    def fit_many(self, link: Link, weights: Floats) -> list[Calibrator]:
        """One calibrator for each row of weights (B, n), which are those of patients: their rows share them."""
        weights = weights if self.share is None else weights * self.share
        if self.task == "multiclass":
            return [self._classes(link, w) for w in weights]
        if self.grid is not None:
            return self._hazards(link, weights, self.grid)
        family: Family = "identity" if self.task == "regression" else "logit"
        lines = fit_lines(link, self.y, weights, family, slope=self.slope)
        return [Calibrator("line", np.array(a), np.array(b), self.task) for a, b in lines]

    def _classes(self, link: Link, weight: Floats) -> Calibrator:
        shift, temperature = _fit_classes(link, self.y.astype(int), weight, slope=self.slope)
        return Calibrator("classes", shift, np.array(temperature), self.task)

    def _hazards(self, link: Link, weights: Floats, grid: TimeGrid) -> list[Calibrator]:
        patients = (np.ones(len(self.y)) if self.share is None else self.share) / self.repeats
        a, b = fit_hazards(
            link[:, grid.last], self.y, weights, grid.times,
            patients=patients, slope=self.slope, least=MIN_SLOPE, pull=PULL,
        )  # fmt: skip
        return [Calibrator("hazard", at, np.array(slope), self.task) for at, slope in zip(a, b, strict=True)]


def teacher(target: Target, events: int, grid: TimeGrid | None, share: Floats | None = None) -> Teacher:
    """What calibration learns from; `share` (n,): weights that make the rows of a patient one."""
    return Teacher(target.task, target.y, events, grid if target.task in SURVIVAL_TASKS else None, share)


def cross_fit(lesson: Teacher, link: Link, fold: NDArray[np.int64]) -> Link:
    """Calibrated out-of-fold links: each fold by the calibrator of the other folds' rows. `fold` (n,)."""
    out = np.array(link, dtype=float)
    for f in np.unique(fold):
        here = fold == f
        others = (~here).astype(float)
        out[here] = lesson.fit(link, others).apply(link[here])
    return out


Family = Literal["logit", "identity"]


def fit_lines(x: Floats, y: Floats, weights: Floats, family: Family, *, slope: bool) -> Floats:
    """Intercept and slope (B, 2) of y on x (n,) under each row of weights (B, n), by Fisher scoring.

    `logit` regresses an event of 0 or 1 on its own link scale, `identity` a value. Without `slope` it stays 1; a
    slope that falls below 0.01 is held there.
    """
    y = np.asarray(y, dtype=float)
    offset, unit = (float(np.mean(x)), float(np.std(x)) or 1.0) if family == "identity" else (0.0, 1.0)
    z = (x - offset) / unit
    lines = _score(z, y, weights, family, 0.0 if slope else unit, free=slope)
    low = lines[:, 1] < MIN_SLOPE * unit
    if low.any():
        lines[low] = _score(z, y, weights[low], family, MIN_SLOPE * unit, free=False)
    b = lines[:, 1] / unit
    return np.stack([lines[:, 0] - b * offset, b], axis=1)


def _score(x: Floats, y: Floats, weights: Floats, family: Family, slope: float, *, free: bool) -> Floats:
    """Fisher scoring of all weightings at once from this slope, which stays where it is unless `free`.

    Starting flat, the first step is that of a linear discriminant: nothing overshoots. Logit lines are pulled weakly
    to the identity.
    """
    lines = np.tile([0.0, slope], (len(weights), 1))
    pull = 0.0 if family == "identity" else PULL
    for _ in range(STEPS):
        eta = lines[:, :1] + lines[:, 1:] * x[None, :]
        residual, information = _pieces(eta if family == "identity" else np.clip(eta, -30.0, 30.0), y, family)
        u, i = weights * residual, weights * information
        u0, u1 = u.sum(axis=1) - pull * lines[:, 0], u @ x - pull * (lines[:, 1] - 1.0)
        i00, i01, i11 = i.sum(axis=1) + pull + 1e-12, i @ x, i @ x**2 + pull + 1e-12
        det = i00 * i11 - i01**2
        solvable = (det > 1e-12 * i00 * i11) & free
        safe = np.where(solvable, det, 1.0)
        step = np.stack([np.where(solvable, (i11 * u0 - i01 * u1) / safe, u0 / i00),
                         np.where(solvable, (i00 * u1 - i01 * u0) / safe, 0.0)], axis=1)  # fmt: skip
        lines = lines + (step if family == "identity" else np.clip(step, -3.0, 3.0))
        if np.abs(step).max() < CLOSE:
            break
    return lines


def _pieces(eta: Floats, y: Floats, family: Family) -> tuple[Floats, Floats]:
    """Score and expected information of each row with respect to its link."""
    if family == "identity":
        return y - eta, np.ones_like(eta)
    p = 0.5 * (1 + np.tanh(0.5 * eta))
    return y - p, p * (1 - p)


def _fit_classes(link: Link, y: NDArray[np.int64], weight: Floats, *, slope: bool) -> tuple[Floats, float]:
    """Shift per class (K,), the first one 0, and temperature, by Newton; shifts are pulled to 0."""
    kept = weight > 0
    z, w, truth = link[kept], weight[kept], np.eye(link.shape[1])[y[kept]]
    theta = _newton_classes(z, truth, w, temperature=0.0 if slope else 1.0, free=slope)
    if theta[-1] < MIN_SLOPE:
        theta = _newton_classes(z, truth, w, temperature=MIN_SLOPE, free=False)
    return np.concatenate([[0.0], theta[:-1]]), float(theta[-1])


def _newton_classes(z: Link, truth: Floats, w: Floats, *, temperature: float, free: bool) -> Floats:
    """Shifts of the classes but the first, and temperature; started flat, from where Newton does not overshoot."""
    k = z.shape[1]
    theta, centre = np.append(np.zeros(k - 1), temperature), np.append(np.zeros(k - 1), 1.0)
    pull = np.append(np.full(k - 1, SHIFT_PULL), PULL)
    moving = np.append(np.ones(k - 1, dtype=bool), free)
    for _ in range(STEPS):
        gradient, hessian = _class_derivatives(z, truth, w, theta)
        gradient, hessian = gradient - pull * (theta - centre), hessian + np.diag(pull)
        step = np.zeros(k)
        step[moving] = np.linalg.solve(hessian[np.ix_(moving, moving)], gradient[moving])
        theta = theta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < CLOSE:
            break
    return theta


def _class_derivatives(z: Link, truth: Floats, w: Floats, theta: Floats) -> tuple[Floats, Floats]:
    """Gradient and information of the log likelihood in (shifts of the classes but the first, temperature)."""
    p = np.exp(tidy(np.append(0.0, theta[:-1]) + theta[-1] * z, "multiclass"))
    residual, wp = w[:, None] * (truth - p), w[:, None] * p
    mean = (p * z).sum(axis=1)
    gradient = np.append(residual.sum(axis=0)[1:], (residual * z).sum())
    shifts = np.diag(wp.sum(axis=0)) - wp.T @ p
    cross = (wp * (z - mean[:, None])).sum(axis=0)[1:]
    spread = (wp * z**2).sum() - (w * mean**2).sum()
    hessian = np.block([[shifts[1:, 1:], cross[:, None]], [cross[None, :], np.array([[spread]])]])
    return gradient, hessian

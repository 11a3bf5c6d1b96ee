"""Paths of penalised coefficients: Newton for ridge, proximal Newton with coordinate descent for elastic nets.

Both go from the strongest penalty to the weakest, each start being the answer before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tabml.models._losses import Floats, Loss

MAX_STEPS = 100
ENOUGH = 1e-9  # relative Newton decrement; the step that shows it is still taken, so the error is its square


def ridge_path(loss: Loss, strengths: Sequence[float]) -> Floats:
    """Coefficients (L, size) that minimise `loss + strength / 2 * |b|^2`, for falling strengths."""
    b, path = np.zeros(loss.size), []
    for strength in strengths:
        b = _newton(loss, np.where(loss.penalised, float(strength), 0.0), b)
        path.append(b)
    return np.array(path).reshape(len(strengths), loss.size)


def elastic_path(loss: Loss, fractions: Sequence[float], l1_ratio: float) -> tuple[Floats, Floats]:
    """Coefficients (L, size) and the strengths (L,) they belong to, for falling fractions of the largest one.

    Minimises `loss + strength * (l1_ratio |b| + (1 - l1_ratio) / 2 |b|^2)`; at the largest strength every
    penalised coefficient is exactly 0.
    """
    b = _newton(loss, np.where(loss.penalised, np.inf, 0.0), np.zeros(loss.size))
    gradient, _ = loss.derivatives(b)
    steepest = float(np.abs(gradient[loss.penalised]).max(initial=0.0)) / l1_ratio
    strengths, path = np.asarray(fractions, dtype=float) * steepest, []
    for strength in strengths:
        l1, l2 = strength * l1_ratio * loss.penalised, strength * (1 - l1_ratio) * loss.penalised
        b = _proximal_newton(loss, l1, l2, b)
        path.append(b)
    return np.array(path).reshape(len(strengths), loss.size), strengths


def _newton(loss: Loss, penalty: Floats, b: Floats) -> Floats:
    """Minimise `loss + 1/2 sum penalty b^2` from `b`; an infinite penalty keeps its coefficient at 0."""
    free = np.isfinite(penalty)
    penalty = np.where(free, penalty, 0.0)

    def objective(at: Floats) -> float:
        return loss.value(at) + 0.5 * float(penalty @ at**2)

    here = objective(b)
    for _ in range(MAX_STEPS):
        gradient, hessian = loss.derivatives(b)
        gradient = (gradient + penalty * b)[free]
        if not len(gradient):
            return b
        matrix = hessian[np.ix_(free, free)] + np.diag(penalty[free])
        step = np.zeros_like(b)
        step[free] = -np.linalg.solve(_steady(matrix), gradient)
        decrement = -float(gradient @ step[free])
        b, here, moved = _search(objective, b, step, here, decrement)
        if decrement <= ENOUGH * (abs(here) + 1e-9) or not moved:
            return b
    return b


def _proximal_newton(loss: Loss, l1: Floats, l2: Floats, b: Floats) -> Floats:
    def objective(at: Floats) -> float:
        return loss.value(at) + float(l1 @ np.abs(at)) + 0.5 * float(l2 @ at**2)

    here = objective(b)
    for _ in range(MAX_STEPS):
        gradient, hessian = loss.derivatives(b)
        target = coordinate_descent(hessian, gradient, b, l1, l2)
        step = target - b
        decrement = -float(gradient @ step + l1 @ (np.abs(target) - np.abs(b)) + l2 @ (b * step))
        b, here, moved = _search(objective, b, step, here, decrement)
        if decrement <= 0.01 * ENOUGH * (abs(here) + 1e-9) or not moved:
            return b
    return b


def coordinate_descent(hessian: Floats, gradient: Floats, start: Floats, l1: Floats, l2: Floats) -> Floats:
    """Minimise the quadratic model at `start` plus `l1 |z| + l2/2 z^2`.

    A sweep coordinate by coordinate finds who is in; the rest is solved at once for the signs they have. Done
    when a whole sweep rests.
    """
    z = start.copy()
    slope = gradient.copy()  # gradient of the quadratic model at z, kept up to date
    curvature = np.diag(hessian)
    scale = curvature + l2
    usable = np.flatnonzero(scale > 1e-12 * max(1.0, float(scale.max(initial=0.0))))
    for _ in range(MAX_STEPS):
        if _sweep(hessian, slope, z, l1, scale, curvature, usable) < 1e-10:
            break
        for _ in range(len(z)):
            active = usable[(z[usable] != 0) | (l1[usable] == 0)]
            if _solve_signs(hessian, slope, z, l1, l2, active):
                break
    return z


def _solve_signs(hessian: Floats, slope: Floats, z: Floats, l1: Floats, l2: Floats, active: NDArray[np.int64]) -> bool:
    """Go to the minimum for the present signs of `active`, or as far as the first of them that reaches 0.

    Changes `z` and `slope` in place; true when the minimum was reached.
    """
    if not len(active):
        return True
    here, sign = z[active], np.sign(z[active])
    matrix = hessian[np.ix_(active, active)] + np.diag(l2[active])
    step = -np.linalg.solve(_steady(matrix), slope[active] + l2[active] * here + l1[active] * sign)
    flips = (l1[active] > 0) & (here * (here + step) < 0)
    share = np.divide(-here, step, out=np.ones_like(here), where=flips)
    first = float(share.min())
    z[active] = np.where(flips & (share == first), 0.0, here + first * step)
    slope += (z[active] - here) @ hessian[active]
    return first == 1.0


def _sweep(
    hessian: Floats, slope: Floats, z: Floats, l1: Floats, scale: Floats, curvature: Floats, which: NDArray[np.int64]
) -> float:
    """One pass over `which`; changes `z` and `slope` in place, gives the largest move in units of the fit."""
    largest = 0.0
    for j in which.tolist():
        old = float(z[j])
        pull = float(curvature[j]) * old - float(slope[j])
        threshold = float(l1[j])
        new = (pull - threshold if pull > threshold else pull + threshold if pull < -threshold else 0.0) / float(
            scale[j]
        )
        if new != old:
            z[j] = new
            slope += (new - old) * hessian[j]
            largest = max(largest, abs(new - old) * float(curvature[j]) ** 0.5)
    return largest


def _steady(matrix: Floats) -> Floats:
    """A touch of ridge on the step (not on the objective), where directions are flat or columns are copies."""
    return np.asarray(matrix + np.eye(len(matrix)) * 1e-10 * max(float(np.trace(matrix)) / len(matrix), 1e-30))


def _search(
    objective: Callable[[Floats], float], b: Floats, step: Floats, here: float, decrement: float
) -> tuple[Floats, float, bool]:
    """Halve the step until the objective falls; says whether it moved."""
    size = 1.0
    for _ in range(40):
        there = objective(b + size * step)
        if np.isfinite(there) and there <= here - 1e-4 * size * max(decrement, 0.0) + 1e-12 * abs(here):
            return b + size * step, there, True
        size /= 2
    return b, here, False

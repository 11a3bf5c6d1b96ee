"""SHAP values of one fitted model in its prepared columns, summed to source variables; one rule per family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabml.core.spec import Scores
from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.explain.attribution import Attribution, Floats, scale_of
from tabml.explain.permutation import permutation_values
from tabml.explain.trees import forest_values
from tabml.models.families.baseline import Baseline
from tabml.models.families.boosting import BoostedTrees
from tabml.models.families.forest import NodeForest
from tabml.models.families.linear import LinearPath

HAZARD_FLOOR = 1e-9  # cumulative baseline hazard of a horizon before the first event
SURVIVAL_FLOOR = 1e-9  # survival is held this far inside 0-1 before links are averaged
RESCALED = "tree shares carried to the log odds by the rescale rule (Chen, Lundberg and Lee 2022), an approximation"
SAMPLED = "sampled by antithetic permutations against the average patient, an approximation"


@dataclass(frozen=True)
class Background:
    """What a member was trained on, in its prepared columns: `means` (p,), and for forests the training `rows` (m, p).

    Rows are patients: they exist in memory while a fold is explained, and are written nowhere.
    """

    means: NDArray[np.floating]
    rows: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class _Parts:
    phi: Floats  # (n, K, p), by column, or by variable where `grouped`
    base: Floats  # (K,)
    note: str = ""
    grouped: bool = False


def attribute(
    fitted: Any,
    X: NDArray[np.floating],
    sources: Sequence[str],
    *,
    task: Task,
    background: Background,
    horizon: float | None = None,
    seed: int = 0,
) -> Attribution:
    """Explain the rows X (n, p) by a fitted model; `sources[j]` is the variable column j comes from.

    Survival: the log hazard, or with `horizon` (days, a time of the model's grid) the cloglog of survival there.
    """
    X = np.asarray(X, dtype=np.float32)
    variables = tuple(dict.fromkeys(sources))
    column_variable = np.array([variables.index(s) for s in sources], dtype=np.intp)
    link = link_of(fitted.predict(X), task, horizon)
    parts = _parts(fitted, X, column_variable, task, background, horizon, seed)
    member = np.zeros((len(sources), len(variables)))
    member[np.arange(len(sources)), column_variable] = 1.0
    phi = parts.phi if parts.grouped else parts.phi @ member
    base = np.tile(parts.base, (len(X), 1))
    if task == "multiclass":
        phi, base = phi - phi.mean(axis=1, keepdims=True), base - base.mean(axis=1, keepdims=True)
    whole = Attribution(variables, phi, base, link, scale_of(task, horizon), not parts.note, parts.note)
    return whole if horizon is None else _held(whole)


def link_of(scores: Scores, task: Task, horizon: float | None = None) -> Floats:
    """A model's answer (n, K) on the scale that is explained."""
    if task in SURVIVAL_TASKS and horizon is not None:
        if scores.curves is None or scores.times is None:
            raise ValueError("a survival model gave no curves")
        survival = np.clip(np.asarray(scores.curves, dtype=float)[:, _place(scores.times, horizon)], 1e-300, 1 - 1e-16)
        return np.asarray(np.log(-np.log(survival))[:, None], dtype=float)
    link = np.asarray(scores.link, dtype=float)
    if task == "multiclass":
        return np.asarray(link - link.mean(axis=1, keepdims=True), dtype=float)
    return link[:, None]


def _parts(
    fitted: Any, X: NDArray[np.float32], column_variable: NDArray[np.intp], task: Task, background: Background,
    horizon: float | None, seed: int,
) -> _Parts:  # fmt: skip
    answer: Callable[[NDArray[np.float32]], Floats] = lambda rows: link_of(fitted.predict(rows), task, horizon)  # noqa: E731
    if isinstance(fitted, Baseline):
        return _Parts(np.zeros((len(X), answer(X[:1]).shape[1], X.shape[1])), answer(X[:1])[0])
    if isinstance(fitted, LinearPath):
        return _linear(fitted, X, background, horizon)
    if isinstance(fitted, BoostedTrees):
        values = fitted.contributions(X)
        shift = _log_baseline(fitted.times, fitted.baseline, -1, horizon)
        return _Parts(values[:, :, :-1], values[0, :, -1] + shift if len(X) else np.zeros(values.shape[1]))
    if isinstance(fitted, NodeForest) and background.rows is not None:
        return _forest(fitted, X, background.rows, task)
    means = np.asarray(background.means, dtype=np.float32)
    phi, base = permutation_values(answer, X, means, column_variable, seed=seed)
    return _Parts(phi, base, SAMPLED, grouped=True)


def _linear(fitted: LinearPath, X: NDArray[np.float32], background: Background, horizon: float | None) -> _Parts:
    """beta (x - mean), exact."""
    beta, intercept = fitted.coefficients[fitted.chosen], fitted.intercepts[fitted.chosen]
    means = np.asarray(background.means, dtype=float)
    shift = _log_baseline(fitted.times, fitted.baseline, fitted.chosen, horizon)
    return _Parts((X.astype(float) - means)[:, None, :] * beta[None], beta @ means + intercept + shift)


def _forest(fitted: NodeForest, X: NDArray[np.float32], rows: NDArray[np.floating], task: Task) -> _Parts:
    """Path-dependent TreeSHAP of the mean share, then the rescale rule to the link; regression needs no rule."""
    phi, base = forest_values(fitted, X, rows)
    if task == "regression":
        return _Parts(phi, base)

    def link(share: Floats) -> Floats:
        held = np.clip(share, fitted.floor, 1 - fitted.floor)
        return np.asarray(np.log(held) - np.log1p(-held) if task == "binary" else np.log(held), dtype=float)

    start = np.clip(base, fitted.floor, 1 - fitted.floor)
    steep = 1 / (start * (1 - start)) if task == "binary" else 1 / start
    moved = phi.sum(axis=2)
    slope = np.broadcast_to(steep, moved.shape).copy()
    np.divide(link(base + moved) - link(base), moved, out=slope, where=np.abs(moved) > 1e-8)
    return _Parts(phi * slope[:, :, None], link(base), RESCALED)


def _held(whole: Attribution) -> Attribution:
    """Survival beyond the floor is held there, and the parts of such a row shrink in proportion."""
    low, high = (float(np.log(-np.log(s))) for s in (1 - SURVIVAL_FLOOR, SURVIVAL_FLOOR))
    link = np.clip(whole.link, low, high)
    free = whole.phi.sum(axis=2)
    shrink = np.ones_like(free)
    np.divide(link - whole.base, free, out=shrink, where=(link != whole.link) & (free != 0))
    return replace(whole, phi=whole.phi * shrink[:, :, None], link=link)


def _log_baseline(times: ArrayLike | None, baseline: Floats | None, row: int, horizon: float | None) -> float:
    """log H0(t): what turns a log hazard into the cloglog of survival at the horizon."""
    if horizon is None:
        return 0.0
    if times is None or baseline is None:
        raise ValueError("the model keeps no baseline hazard")
    return float(np.log(max(float(baseline[row][_place(times, horizon)]), HAZARD_FLOOR)))


def _place(times: ArrayLike, horizon: float) -> int:
    at = np.flatnonzero(np.isclose(np.asarray(times, dtype=float), horizon))
    if not len(at):
        raise ValueError(f"{horizon:g} days is no time of the model's grid")
    return int(at[0])

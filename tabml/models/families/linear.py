"""Linear models along a path of penalties: how they are fitted, how they predict, how they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core import hazard
from tabml.core.spec import Array, Scores, State
from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.models._losses import Cox, Floats, Gaussian, Logistic, Loss, Multinomial
from tabml.models._paths import elastic_path, ridge_path


@dataclass(frozen=True)
class LinearPath:
    """A fitted linear model at L penalties, from strong to weak.

    `coefficients` (L, K, p) and `intercepts` (L, K) with K = 1 but for multiclass. Survival models also hold
    their grid `times` (T,) in days and the cumulative baseline hazard on it, `baseline` (L, T): no event
    time of a patient is kept. `predict` answers for the checkpoint `chosen`.
    """

    task: Task
    coefficients: Floats
    intercepts: Floats
    checkpoints: tuple[float, ...]
    chosen: int
    times: Floats | None = None
    baseline: Floats | None = None

    def predict(self, X: Array) -> Scores:
        return self._scores(np.asarray(X, dtype=np.float64), self.chosen)

    def predict_path(self, X: Array) -> list[Scores]:
        wide = np.asarray(X, dtype=np.float64)
        return [self._scores(wide, j) for j in range(len(self.checkpoints))]

    def at(self, checkpoint: float) -> LinearPath:
        """The same model at one penalty only."""
        j = self.checkpoints.index(checkpoint)
        only = slice(j, j + 1)
        return replace(self, coefficients=self.coefficients[only], intercepts=self.intercepts[only],
                       checkpoints=(checkpoint,), chosen=0,
                       baseline=None if self.baseline is None else self.baseline[only])  # fmt: skip

    def dump(self) -> State:
        arrays = {"coefficients": self.coefficients, "intercepts": self.intercepts}
        if self.times is not None and self.baseline is not None:
            arrays |= {"times": self.times, "baseline": self.baseline}
        return State({"task": self.task, "checkpoints": list(self.checkpoints), "chosen": self.chosen}, arrays)

    @classmethod
    def restore(cls, state: State) -> LinearPath:
        arrays = state.arrays
        return cls(state.json["task"], arrays["coefficients"], arrays["intercepts"],
                   tuple(state.json["checkpoints"]), state.json["chosen"], arrays.get("times"),
                   arrays.get("baseline"))  # fmt: skip

    def _scores(self, X: Floats, j: int) -> Scores:
        eta = X @ self.coefficients[j].T + self.intercepts[j]
        if self.task == "multiclass":
            return Scores(eta - np.logaddexp.reduce(eta, axis=1, keepdims=True))
        link = eta[:, 0]
        if self.times is None or self.baseline is None:
            return Scores(link)
        return Scores(link, self.times, hazard.proportional_survival(self.baseline[j], link))


@dataclass(frozen=True)
class LinearLearner:
    """Fits a `LinearPath`: ridge where `l1_ratio` is None, else an elastic net.

    `strengths`: for ridge the penalties themselves, for elastic nets fractions of the smallest penalty that
    leaves no column in. `per_patient` multiplies ridge penalties by the number of patients, as usual for
    Cox models. `default` is the strength `predict` answers for.
    """

    task: Task
    strengths: tuple[float, ...]
    default: float
    l1_ratio: float | None = None
    n_classes: int | None = None
    times: Array | None = None
    per_patient: bool = False

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> LinearPath:
        wide: Floats = np.asarray(X, dtype=np.float64)
        n, p = wide.shape
        case: Floats = np.ones(n) if weight is None else np.asarray(weight, dtype=np.float64)
        kept = (
            screen(wide, y, self.task, weight)
            if self.l1_ratio is not None and p > round(float(case.sum()))
            else np.arange(p)
        )
        blocks = self._path(wide[:, kept], y, case)
        coefficients = np.zeros((*blocks.shape[:2], p + 1))
        coefficients[:, :, np.append(kept, p)] = blocks
        return self._fitted(
            coefficients, wide, y, case, wide.mean(axis=0) if weight is None else case @ wide / case.sum()
        )

    def _path(self, X: Floats, y: NDArray[Any], case: Floats) -> Floats:
        """Coefficients (L, K, p + 1), the intercept last (0 for Cox)."""
        if self.l1_ratio is None:
            Z, back = _row_space(X)
            scale = float(case.sum()) if self.per_patient else 1.0
            solved = ridge_path(self._loss(Z, y, case), [s * scale for s in self.strengths])
        else:
            Z, back = X, None
            solved, _ = elastic_path(self._loss(Z, y, case), self.strengths, self.l1_ratio)
        blocks = solved.reshape(len(self.strengths), self.n_classes or 1, -1)
        if self.task in SURVIVAL_TASKS:
            blocks = np.concatenate([blocks, np.zeros((len(blocks), 1, 1))], axis=2)
        if back is None:
            return blocks
        return np.concatenate([blocks[:, :, :-1] @ back.T, blocks[:, :, -1:]], axis=2)

    def _loss(self, X: Floats, y: NDArray[Any], case: Floats) -> Loss:
        if self.task in SURVIVAL_TASKS:
            return Cox(X, y, case)
        A = np.concatenate([X, np.ones((len(X), 1))], axis=1)
        if self.task == "multiclass":
            return Multinomial(A, y.astype(np.int64), case, self.n_classes or int(y.max()) + 1)
        outcome = y.astype(np.float64)
        return Logistic(A, outcome, case) if self.task == "binary" else Gaussian(A, outcome, case)

    def _fitted(self, coefficients: Floats, X: Floats, y: NDArray[Any], case: Floats, centre: Floats) -> LinearPath:
        chosen = int(np.argmin([abs(np.log(s / self.default)) for s in self.strengths]))
        path = LinearPath(self.task, coefficients[:, :, :-1], coefficients[:, :, -1], self.strengths, chosen)
        if self.task not in SURVIVAL_TASKS or self.times is None:
            return path
        # centred columns: the baseline is that of the average patient, and exp() stays in range
        times = np.asarray(self.times, dtype=np.float64)
        path = replace(path, intercepts=-(path.coefficients @ centre))
        links = [X @ path.coefficients[j, 0] + path.intercepts[j, 0] for j in range(len(self.strengths))]
        return replace(path, times=times, baseline=baseline_on_grid(y, links, times, case))


def baseline_on_grid(y: NDArray[Any], links: Sequence[Floats], times: Floats, weight: Floats) -> Floats:
    """Efron's cumulative baseline hazard (L, T) for each checkpoint's log hazards on the training rows."""
    event = y["event"] == 1
    return np.array([
        hazard.baseline_hazard(y["time"], event, link, entry=y["entry"], weight=weight).at(times) for link in links
    ])  # fmt: skip


def screen(X: Floats, y: NDArray[Any], task: Task, weight: Array | None = None) -> NDArray[np.int64]:
    """Columns that stay when there are more columns than patients: the 4 E with the strongest single association."""
    case = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    if task in SURVIVAL_TASKS:
        event = y["event"] == 1
        events = int(case[event].sum() + 0.5)
        met = hazard.nelson_aalen(y["time"], event, entry=y["entry"], weight=weight).at(y["time"])
        outcome = (event - met)[:, None]
    elif task == "regression":
        events, outcome = int(case.sum() + 0.5), y.astype(np.float64)[:, None]
    else:
        outcome = (y[:, None] == np.unique(y)[None, :]).astype(np.float64)
        events = int((case @ outcome).min() + 0.5)
    if weight is None:
        spread = X.std(axis=0)
        strength = np.abs((X - X.mean(axis=0)).T @ (outcome - outcome.mean(axis=0))).max(axis=1)
    else:
        apart, held = X - case @ X / case.sum(), outcome - case @ outcome / case.sum()
        spread = np.sqrt(case @ apart**2 / case.sum())
        strength = np.abs((case[:, None] * apart).T @ held).max(axis=1)
    strength = np.divide(strength, spread, out=np.zeros_like(strength), where=spread > 0)
    return np.sort(np.argsort(-strength, kind="stable")[: max(1, 4 * events)])


def _row_space(X: Floats) -> tuple[Floats, Floats | None]:
    """With more columns than rows a ridge solution lies in the span of the rows: solve there, exactly."""
    if X.shape[1] <= X.shape[0]:
        return X, None
    basis, triangle = np.linalg.qr(X.T)
    return triangle.T, basis

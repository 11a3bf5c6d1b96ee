"""Baseline models: the same answer for every patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core import hazard
from tabml.core.spec import Array, Scores, State
from tabml.core.target import SURVIVAL_TASKS, Task

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Baseline:
    """A fitted constant: `link` (K,), and for survival one curve (T,) on `times`."""

    task: Task
    link: Floats
    times: Floats | None = None
    curve: Floats | None = None

    def predict(self, X: Array) -> Scores:
        n = len(X)
        if self.task == "multiclass":
            return Scores(np.tile(self.link, (n, 1)))
        link = np.full(n, self.link[0])
        if self.curve is None:
            return Scores(link)
        return Scores(link, self.times, np.tile(self.curve, (n, 1)))

    def dump(self) -> State:
        arrays = {"link": self.link}
        if self.times is not None and self.curve is not None:
            arrays |= {"times": self.times, "curve": self.curve}
        return State({"task": self.task}, arrays)

    @classmethod
    def restore(cls, state: State) -> Baseline:
        return cls(state.json["task"], state.arrays["link"], state.arrays.get("times"), state.arrays.get("curve"))


@dataclass(frozen=True)
class BaselineLearner:
    """Prevalence (an empty class counts as half a patient, so that no log is infinite), mean, or Kaplan-Meier."""

    task: Task
    n_classes: int | None = None
    times: Array | None = None

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> Baseline:
        case = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        if self.task in SURVIVAL_TASKS:
            times = np.asarray(self.times, dtype=np.float64)
            survival = hazard.kaplan_meier(y["time"], y["event"] == 1, entry=y["entry"], weight=case)
            return Baseline(self.task, np.zeros(1), times, survival.at(times))
        if self.task == "regression":
            return Baseline(self.task, np.array([np.average(y.astype(np.float64), weights=case)]))
        counts = np.bincount(y.astype(np.int64), weights=case, minlength=self.n_classes or 2)
        share = np.log(np.maximum(counts, 0.5) / case.sum())
        return Baseline(self.task, share if self.task == "multiclass" else share[1:] - share[:1])

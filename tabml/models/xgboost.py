"""Gradient boosting with trees deep enough for interactions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.spec import Array, Float, Int
from tabml.core.target import Task
from tabml.models.families.boosting import BoostedLearner, BoostedTrees
from tabml.models.registry import model

ROUNDS = (25, 50, 100, 200, 300)


@dataclass(frozen=True)
class DepthByRows:
    """Chooses the depth once the number of rows is known: min(6, 2 + log10 n)."""

    learner: BoostedLearner

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> BoostedTrees:
        depth = int(min(6, 2 + np.log10(max(len(X), 1))))
        parameters = {"max_depth": depth, **self.learner.parameters}
        return replace(self.learner, parameters=parameters).fit(X, y, weight=weight)


@model(
    name="xgboost",
    tasks={"binary", "multiclass", "regression"},
    family="boosting",
    needs={"numeric"},
    space={
        "depth": Int(2, 8),
        "step": Float(0.02, 0.3, log=True),
        "l2": Float(0.1, 100.0, log=True),
        "l1": Float(0.001, 10.0, log=True),
        "rows": Float(0.5, 1.0),
        "columns": Float(0.2, 1.0),
    },
    path="rounds",
    simplicity=8,
)
def build(
    depth: int | None = None,
    step: float = 0.1,
    l2: float = 3.0,
    l1: float = 0.0,
    rows: float = 1.0,
    columns: float = 1.0,
    *,
    task: Task,
    seed: int,
    n_classes: int | None = None,
) -> Any:
    """`depth` None: by the number of rows. Missing cells go their own way in each split."""
    parameters = {"eta": step, "lambda": l2, "alpha": l1, "subsample": rows, "colsample_bytree": columns}
    if depth is not None:
        parameters["max_depth"] = depth
    return DepthByRows(BoostedLearner(task, seed, ROUNDS, parameters, n_classes=n_classes))

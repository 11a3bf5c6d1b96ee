"""Gradient boosting of Cox's partial likelihood with shallow trees and Efron's baseline."""

from __future__ import annotations

from typing import Any

from tabml.core.spec import Array
from tabml.core.target import Task
from tabml.models.families.boosting import BoostedLearner
from tabml.models.registry import model
from tabml.models.xgboost_shallow import ROUNDS, SPACE


@model(
    name="xgboost_cox",
    tasks={"survival"},
    family="boosting",
    needs={"numeric"},
    space=SPACE,
    path="rounds",
    simplicity=6,
)
def build(
    depth: int = 2,
    step: float = 0.05,
    l2: float = 10.0,
    columns: float = 0.5,
    rows: float = 0.8,
    *,
    task: Task,
    seed: int,
    times: Array | None = None,
) -> Any:
    """`step`: learning rate; `rows`, `columns`: shares each tree sees. Missing cells go their own way in each split."""
    parameters = {"max_depth": depth, "eta": step, "lambda": l2, "colsample_bytree": columns, "subsample": rows}
    return BoostedLearner(task, seed, ROUNDS, parameters, times=times)

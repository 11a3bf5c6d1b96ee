"""Gradient boosting with shallow trees (depth two, one to three when tuned), small steps and strong shrinkage."""

from __future__ import annotations

from typing import Any

from tabml.core.spec import Float, Int, Space
from tabml.core.target import Task
from tabml.models.families.boosting import BoostedLearner
from tabml.models.registry import model

ROUNDS = (25, 50, 100, 200, 400, 600)  # more does not help small tables and costs
SPACE: Space = {
    "depth": Int(1, 3),
    "step": Float(0.01, 0.1, log=True),
    "l2": Float(1.0, 100.0, log=True),
    "columns": Float(0.2, 1.0),
}


@model(
    name="xgboost_shallow",
    tasks={"binary", "multiclass", "regression"},
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
    n_classes: int | None = None,
) -> Any:
    """`step`: learning rate; `rows`, `columns`: shares each tree sees. Missing cells go their own way in each split."""
    parameters = {"max_depth": depth, "eta": step, "lambda": l2, "colsample_bytree": columns, "subsample": rows}
    return BoostedLearner(task, seed, ROUNDS, parameters, n_classes=n_classes)

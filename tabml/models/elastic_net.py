"""Logistic, multinomial or linear regression with a lasso or elastic-net penalty, along a path of penalties."""

from __future__ import annotations

from typing import Any

import numpy as np

from tabml.core.spec import Float
from tabml.core.target import Task
from tabml.models.families.linear import LinearLearner
from tabml.models.registry import model

#: Fractions of the smallest penalty that leaves every column out: fixed before the fit, comparable between folds.
PATH = tuple(float(s) for s in np.geomspace(0.8, 0.004, 12))
DEFAULT = 0.1


@model(
    name="elastic_net",
    tasks={"binary", "multiclass", "regression"},
    family="linear",
    needs={"complete", "numeric", "scaled"},
    space={"l1_ratio": Float(0.1, 1.0)},
    path="strength",
    simplicity=4,
)
def build(l1_ratio: float = 1.0, *, task: Task, n_classes: int | None = None) -> Any:
    """`l1_ratio` 1 is the lasso. With more columns than rows the strongest 4 E columns are screened in first."""
    return LinearLearner(task, PATH, DEFAULT, l1_ratio=l1_ratio, n_classes=n_classes)

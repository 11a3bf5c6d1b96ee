"""Logistic, multinomial or linear regression with a ridge penalty, along a path of penalties."""

from __future__ import annotations

from typing import Any

import numpy as np

from tabml.core.spec import Float
from tabml.core.target import Task
from tabml.models.families.linear import LinearLearner
from tabml.models.registry import model

#: Penalties on standardised columns, strong to weak, for the summed loss (scikit-learn's 1 / C, and Ridge's alpha).
PATH = tuple(float(s) for s in np.logspace(2, -3, 12))
DEFAULT = 1.0


@model(
    name="ridge",
    tasks={"binary", "multiclass", "regression"},
    family="linear",
    needs={"complete", "numeric", "scaled"},
    space={"strength": Float(1e-4, 1e3, log=True)},
    path="strength",
    simplicity=3,
)
def build(strength: float | None = None, *, task: Task, n_classes: int | None = None) -> Any:
    """`strength`: one penalty instead of the path."""
    return LinearLearner(task, (strength,) if strength else PATH, strength or DEFAULT, n_classes=n_classes)

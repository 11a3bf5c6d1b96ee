"""Cox's proportional hazards with a ridge penalty: own Newton path, Efron's ties and Efron's baseline."""

from __future__ import annotations

from typing import Any

import numpy as np

from tabml.core.spec import Array, Float
from tabml.core.target import Task
from tabml.models.families.linear import LinearLearner
from tabml.models.registry import model

#: Penalties on standardised columns, strong to weak, for the loss per patient (lifelines' penalizer).
PATH = tuple(float(s) for s in np.logspace(1, -4, 12))
DEFAULT = 0.01


@model(
    name="cox",
    tasks={"survival"},
    family="linear",
    needs={"complete", "numeric", "scaled"},
    space={"strength": Float(1e-5, 1e2, log=True)},
    path="strength",
    simplicity=3,
)
def build(strength: float | None = None, *, task: Task, times: Array | None = None) -> Any:
    """`strength`: one penalty instead of the path."""
    strengths = (strength,) if strength else PATH
    return LinearLearner(task, strengths, strength or DEFAULT, times=times, per_patient=True)

"""Age and sex alone, by the learner of `ridge` and `cox`: what every larger model must beat."""

from __future__ import annotations

from typing import Any

from tabml.core.spec import Array
from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.models import cox, ridge
from tabml.models.registry import model


@model(
    name="age_sex",
    tasks={"binary", "multiclass", "regression", "survival"},
    family="linear",
    needs={"complete", "numeric", "scaled"},
    path="strength",
    simplicity=1,
)
def build(*, task: Task, n_classes: int | None = None, times: Array | None = None) -> Any:
    """The portfolio says which columns are age and sex (`Configuration.features`)."""
    if task in SURVIVAL_TASKS:
        return cox.build(task=task, times=times)
    return ridge.build(task=task, n_classes=n_classes)

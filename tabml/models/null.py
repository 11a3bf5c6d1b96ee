"""The null model: prevalence, mean or Kaplan-Meier, the same for every patient."""

from __future__ import annotations

from typing import Any

from tabml.core.spec import Array
from tabml.core.target import Task
from tabml.models.families.baseline import BaselineLearner
from tabml.models.registry import model


@model(name="null", tasks={"binary", "multiclass", "regression", "survival"}, family="baseline", simplicity=0)
def build(*, task: Task, n_classes: int | None = None, times: Array | None = None) -> Any:
    return BaselineLearner(task, n_classes=n_classes, times=times)

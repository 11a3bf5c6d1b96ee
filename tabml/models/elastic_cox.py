"""Cox's proportional hazards with a lasso or elastic-net penalty, exact zeros and Efron's ties."""

from __future__ import annotations

from typing import Any

from tabml.core.spec import Array, Float
from tabml.core.target import Task
from tabml.models import elastic_net
from tabml.models.families.linear import LinearLearner
from tabml.models.registry import model


@model(
    name="elastic_cox",
    tasks={"survival"},
    family="linear",
    needs={"complete", "numeric", "scaled"},
    space={"l1_ratio": Float(0.1, 1.0)},
    path="strength",
    simplicity=4,
)
def build(l1_ratio: float = 1.0, *, task: Task, times: Array | None = None) -> Any:
    """`l1_ratio` 1 is the lasso; the path is that of `elastic_net`."""
    return LinearLearner(task, elastic_net.PATH, elastic_net.DEFAULT, l1_ratio=l1_ratio, times=times)

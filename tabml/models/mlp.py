"""A small ensemble of one-layer neural nets, trained together."""

from __future__ import annotations

from typing import Any

from tabml.core.spec import Float
from tabml.core.target import Task
from tabml.models.families.neural import NeuralLearner
from tabml.models.registry import model

EPOCHS = (4, 8, 12, 16, 24, 32, 48, 64)


@model(
    name="mlp",
    tasks={"binary", "multiclass", "regression"},
    family="neural",
    needs={"complete", "numeric", "scaled"},
    space={"rate": Float(3e-4, 1e-2, log=True), "weight_decay": Float(0.03, 3.0, log=True)},
    path="epochs",
    extra="nn",
    simplicity=9,
)
def build(
    rate: float = 1e-3,
    weight_decay: float = 1.0,
    hidden: int | None = None,
    members: int = 4,
    *,
    task: Task,
    seed: int,
    n_classes: int | None = None,
) -> Any:
    """`rate`: learning rate; `hidden` None: 64 units, from 1000 rows 128; `members`: nets whose outputs are averaged."""
    settings = {"rate": rate, "weight_decay": weight_decay, "members": members}
    return NeuralLearner(task, seed, EPOCHS, settings, hidden=hidden, n_classes=n_classes)

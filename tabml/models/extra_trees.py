"""Extremely randomised trees: 200 trees with random cut points, all rows in each."""

from __future__ import annotations

from typing import Any

from tabml.core.spec import Float, Int
from tabml.core.target import Task
from tabml.models.families.forest import ForestLearner
from tabml.models.registry import model


@model(
    name="extra_trees",
    tasks={"binary", "multiclass", "regression"},
    family="forest",
    needs={"complete", "numeric"},
    space={"leaf": Int(5, 50, log=True), "features": Float(0.1, 0.8)},
    path="trees",
)
def build(
    leaf: int | None = None,
    features: float | None = None,
    trees: int = 200,
    *,
    task: Task,
    seed: int,
    n_classes: int | None = None,
) -> Any:
    """`leaf`: patients in a leaf, by default max(5, n / 100); `features`: share tried at a split, else the square root."""
    return ForestLearner("ExtraTrees", task, seed, trees, leaf, features, n_classes)

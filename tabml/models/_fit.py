"""Fitting one registered model on prepared rows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import ConfigError, DataError, DependencyError, did_you_mean
from tabml.core.spec import Array, ModelSpec
from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.models.registry import CONTEXT, available


def fit_model(
    spec: ModelSpec,
    params: Mapping[str, Any],
    X: Array,
    y: NDArray[Any],
    *,
    task: Task,
    seed: int,
    weight: Array | None = None,
    share: Array | None = None,
    n_classes: int | None = None,
    times: Array | None = None,
) -> Any:
    """Fit one model on prepared rows; what comes back predicts `Scores` and dumps to a `State`.

    `n_classes` matters where a training part lacks the last class. `times` is the grid, in days, on which a
    survival model gives its curves; without it 50 equal steps to the last time. `weight` are case weights, which
    an estimator that knows none refuses; `share`, what part of a patient each row is, it goes without. A DataError
    says where the rows do not allow a fit: one class, no event.
    """
    from tabml.models.families.estimator import adapt

    _check_fit(spec, params, X, y, task)
    if task in SURVIVAL_TASKS and times is None:
        times = np.linspace(0.0, float(y["time"].max()), 51)
    if task == "multiclass" and n_classes is None:
        n_classes = int(y.max()) + 1
    context = {"task": task, "seed": seed, "n_classes": n_classes, "times": times}
    wanted = inspect.signature(spec.build).parameters
    built = spec.build(**params, **{k: v for k, v in context.items() if k in wanted})
    learner = adapt(built, spec, task=task, n_classes=n_classes)
    if share is not None and getattr(learner, "takes_weight", True):
        weight = share if weight is None else weight * share
    return learner.fit(np.asarray(X, dtype=np.float32), y, weight=weight)


def _check_fit(spec: ModelSpec, params: Mapping[str, Any], X: Array, y: NDArray[Any], task: Task) -> None:
    if task not in spec.tasks:
        raise ConfigError(
            f"model {spec.name!r} does not serve {task}", hint=f"it serves {', '.join(sorted(spec.tasks))}"
        )
    able, reason = available(spec.name)
    if not able:
        raise DependencyError(f"model {spec.name!r} is not available: {reason}", hint=reason.rpartition(": ")[2])
    known = [p for p in inspect.signature(spec.build).parameters if p not in CONTEXT]
    for key in params:
        if key not in known:
            raise ConfigError(f"model {spec.name!r} has no parameter {key!r}", hint=did_you_mean(key, known))
    if spec.family == "baseline":
        return
    if X.shape[1] == 0:
        raise DataError("no column is left to learn from", hint="all are constant or mostly missing: tabml summary")
    if task in SURVIVAL_TASKS and not (y["event"] > 0).any():
        raise DataError("the training part has no event", hint="fewer folds, or check the event coding: tabml summary")
    if task in ("binary", "multiclass") and len(np.unique(y)) < 2:
        raise DataError("the training part has one class", hint="fewer folds, or check the outcome: tabml summary")

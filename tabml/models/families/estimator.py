"""What a third party's `build` returns, made to speak `Scores`: scikit-learn estimators and bare models."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import ConfigError
from tabml.core.spec import Array, ModelSpec, Scores, State
from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.models.families import refuse_saving
from tabml.models.families.forest import forest_of, smallest_leaf
from tabml.models.families.linear import LinearPath

#: Rows behind every leaf that is saved: a smaller one tells the outcomes of single patients.
MIN_LEAF = 5


def adapt(built: Any, spec: ModelSpec, *, task: Task, n_classes: int | None) -> Any:
    """Own learners pass; a scikit-learn estimator, or a model that cannot be saved, is wrapped."""
    if hasattr(built, "get_params") and hasattr(built, "fit"):
        if task in SURVIVAL_TASKS:
            raise ConfigError(f"model {spec.name!r}: a scikit-learn estimator cannot serve {task}",
                              hint="return an object with fit and predict -> Scores with curves")  # fmt: skip
        return EstimatorLearner(built, spec, task, n_classes)
    if spec.stores_rows or not (spec.origin.startswith("tabml.") or hasattr(built, "dump")):
        return UnsavedLearner(built, spec)
    return built


@dataclass(frozen=True)
class EstimatorLearner:
    """Fits a scikit-learn estimator and hands it to its family, which knows how to save it."""

    estimator: Any
    spec: ModelSpec
    task: Task
    n_classes: int | None

    @property
    def takes_weight(self) -> bool:
        """Whether the estimator's `fit` knows `sample_weight`."""
        return "sample_weight" in inspect.signature(self.estimator.fit).parameters

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> Any:
        if weight is not None and not self.takes_weight:
            raise ConfigError(f"model {self.spec.name!r} takes no case weights")
        outcome = y.astype(np.float64) if self.task == "regression" else y.astype(np.int64)
        fitted = self.estimator.fit(X, outcome, **({} if weight is None else {"sample_weight": weight}))
        patients = len(X) if weight is None else round(float(np.sum(weight)))
        if not self.spec.stores_rows:
            linear = self.spec.family == "linear"
            known = self._as_linear(fitted) if linear else self._as_forest(fitted, patients)
            if known is not None:
                return known
        return FittedEstimator(fitted, self.spec, self.task, self.n_classes, floor=0.5 / max(patients, 1))

    def _as_linear(self, fitted: Any) -> LinearPath | None:
        if not (hasattr(fitted, "coef_") and hasattr(fitted, "intercept_")):
            return None
        coefficients = np.atleast_2d(np.asarray(fitted.coef_, dtype=np.float64))
        intercepts = np.broadcast_to(np.asarray(fitted.intercept_, dtype=np.float64), (len(coefficients),))
        if self.task == "multiclass" and len(coefficients) != self.n_classes:
            return None
        return LinearPath(self.task, coefficients[None], intercepts[None].copy(), (1.0,), 0)

    def _as_forest(self, fitted: Any, patients: int) -> Any:
        trees = getattr(fitted, "estimators_", [fitted] if hasattr(fitted, "tree_") else None)
        if self.spec.family not in ("tree", "forest") or trees is None or not hasattr(trees[0], "tree_"):
            return None
        if smallest_leaf(trees) < MIN_LEAF:
            return None
        for tree in trees:
            if hasattr(fitted, "classes_"):
                tree.classes_ = fitted.classes_
        return forest_of(trees, self.task, self.n_classes, (float(len(trees)),), patients)


@dataclass(frozen=True)
class FittedEstimator:
    """A fitted scikit-learn estimator without a saved form: it competes, and cannot be the final model."""

    estimator: Any
    spec: ModelSpec
    task: Task
    n_classes: int | None
    floor: float
    checkpoints: tuple[float, ...] = ()

    def predict(self, X: Array) -> Scores:
        X = np.asarray(X, dtype=np.float32)
        if self.task == "regression":
            return Scores(np.asarray(self.estimator.predict(X), dtype=np.float64))
        if not hasattr(self.estimator, "predict_proba"):
            if self.task == "binary":
                return Scores(np.asarray(self.estimator.decision_function(X), dtype=np.float64))
            raise ConfigError(f"model {self.spec.name!r} gives no probabilities", hint="wrap it in a calibrator")
        share = np.zeros((len(X), self.n_classes or 2))
        share[:, np.asarray(self.estimator.classes_, dtype=np.int64)] = self.estimator.predict_proba(X)
        share = np.clip(share, self.floor, 1 - self.floor)
        if self.task == "binary":
            return Scores(np.log(share[:, 1]) - np.log1p(-share[:, 1]))
        return Scores(np.log(share / share.sum(axis=1, keepdims=True)))

    def dump(self) -> State:
        raise refuse_saving(self.spec.name, _reason(self.spec, type(self.estimator).__name__))


@dataclass(frozen=True)
class UnsavedLearner:
    """A third party's learner whose fitted model has no saved form, or keeps patients' rows."""

    learner: Any
    spec: ModelSpec

    def fit(self, X: Array, y: NDArray[Any], *, weight: Array | None = None) -> Any:
        fitted = self.learner.fit(X, y, weight=weight)
        if not self.spec.stores_rows and hasattr(fitted, "dump"):
            return fitted
        return UnsavedModel(fitted, self.spec)


@dataclass(frozen=True)
class UnsavedModel:
    """Predicts like the model inside; saving it is refused by name."""

    fitted: Any
    spec: ModelSpec

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fitted, name)

    def dump(self) -> State:
        raise refuse_saving(self.spec.name, _reason(self.spec, type(self.fitted).__name__))


def can_be_saved(fitted: Any) -> bool:
    """Whether a fitted model has a saved form; without one it competes and is never chosen."""
    return hasattr(fitted, "dump") and not isinstance(fitted, FittedEstimator | UnsavedModel)


def _reason(spec: ModelSpec, kind: str) -> str:
    if spec.stores_rows:
        return "it keeps patients' rows"
    leaves = f", or its leaves hold fewer than {MIN_LEAF} rows" if spec.family in ("tree", "forest") else ""
    return f"family {spec.family!r} has no saved form for {kind}{leaves}"

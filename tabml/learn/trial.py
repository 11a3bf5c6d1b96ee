"""One configuration on one fold, and one model fitted for keeps: the work that executors hand out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tabml.core.errors import DataError, TabmlError
from tabml.core.spec import Array, Configuration, ModelSpec, Scores, State
from tabml.core.splits import Positions, derive_seed
from tabml.core.target import SURVIVAL_TASKS
from tabml.learn.cache import Cache
from tabml.learn.loss import Link, to_link
from tabml.learn.material import Material
from tabml.models import fit_model, get, load_plugin
from tabml.models.families.estimator import can_be_saved
from tabml.prep.recipe import FittedPrep, Recipe, fit_prep

LOST_WORKER = "the worker process died twice on this fit: out of memory, or a crash in a library"


@dataclass(frozen=True)
class FoldResult:
    """One configuration on one fold: links (C, n_test, ...) at its checkpoints, or why there are none.

    `saved`: whether the fitted model has a saved form.
    """

    config_id: str
    fold_id: str
    checkpoints: tuple[float | None, ...]
    link: Link | None
    failure: str | None = None
    saved: bool = True


@dataclass(frozen=True)
class FittedState:
    """A fitted member as plain data."""

    config: Configuration
    checkpoint: float | None
    prep: State
    model: State


@dataclass(frozen=True)
class FitTask:
    """Some configurations on one fold; `train` and `test` are row positions. The seed follows from both names."""

    fold_id: str
    train: Positions
    test: Positions
    configs: tuple[Configuration, ...]

    def run(self, worker: Worker) -> tuple[FoldResult, ...]:
        return tuple(worker.try_fold(self, config) for config in self.configs)

    def parts(self) -> tuple[FitTask, ...]:
        """The same work in pieces, for the case that one of them kills its worker."""
        return tuple(FitTask(self.fold_id, self.train, self.test, (c,)) for c in self.configs)

    def lost(self) -> tuple[FoldResult, ...]:
        """The answer when this task kills its worker."""
        return tuple(FoldResult(c.config_id, self.fold_id, (), None, LOST_WORKER) for c in self.configs)


@dataclass(frozen=True)
class ShipTask:
    """Fit these members on `train` rows and give back their states; `fold_id` is `all` for the shipped model."""

    fold_id: str
    train: Positions
    members: tuple[tuple[Configuration, float | None], ...]

    def run(self, worker: Worker) -> tuple[FittedState, ...]:
        return tuple(worker.ship(self, config, checkpoint) for config, checkpoint in self.members)

    def parts(self) -> tuple[ShipTask, ...]:
        return (self,)

    def lost(self) -> tuple[FittedState, ...]:
        raise DataError(f"a chosen model cannot be refitted: {LOST_WORKER}", hint="fewer workers, or more memory")


class Worker:
    """Holds the material and the prepared matrices of the folds seen last."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self._prepared: Cache[tuple[FittedPrep, Array]] = Cache()
        for plugin in material.plugins:
            load_plugin(Path(plugin))

    def try_fold(self, task: FitTask, config: Configuration) -> FoldResult:
        """Fit and predict; whatever a model throws becomes the reason of a failed trial, never a score."""
        try:
            checkpoints, link, saved = self._fit_fold(task, config)
        except Exception as error:
            return FoldResult(config.config_id, task.fold_id, (), None, reason_of(error))
        return FoldResult(config.config_id, task.fold_id, checkpoints, link, saved=saved)

    def ship(self, task: ShipTask, config: Configuration, checkpoint: float | None) -> FittedState:
        """Fit one chosen member and cut it to its checkpoint."""
        prep, X, spec = self._prepare(config, task.fold_id, task.train)
        fitted = self._fit(spec, config, X, task.fold_id, task.train)
        if checkpoint is not None:
            fitted = fitted.at(checkpoint)
        return FittedState(config, checkpoint, prep.dump(), fitted.dump())

    def _fit_fold(self, task: FitTask, config: Configuration) -> tuple[tuple[float | None, ...], Link, bool]:
        prep, X, spec = self._prepare(config, task.fold_id, task.train)
        fitted = self._fit(spec, config, X, task.fold_id, task.train)
        X_test = prep.transform(columns_of(self.material, config).iloc[task.test]).X
        if spec.path is None:
            checkpoints: tuple[float | None, ...] = (None,)
            scores: list[Scores] = [self._predict(fitted, X_test)]
        else:
            checkpoints = tuple(fitted.checkpoints)
            scores = fitted.predict_path(X_test)
        link = np.stack([to_link(s, self.material.task) for s in scores])
        expected = (len(checkpoints), len(task.test), *self.material.out_shape)
        if link.shape != expected:
            raise DataError(f"model {config.model!r} gave scores of shape {link.shape}, expected {expected}")
        lost = ~np.isfinite(link).reshape(len(link), -1).all(axis=1)
        link[lost] = np.nan  # that checkpoint has no score; the others go on
        return checkpoints, link, can_be_saved(fitted)

    def _prepare(self, config: Configuration, fold_id: str, train: Positions) -> tuple[FittedPrep, Array, ModelSpec]:
        spec = get(config.model)
        # Native NaN would tell a tree who was not measured, and with it the centre (TB161). Filled cells share the
        # leaves of the patients measured at that value: where they are the many there, the leaf still tells of them.
        needs = spec.needs if config.missing_flags else spec.needs | {"complete"}
        recipe = Recipe.for_needs(needs, config.missing_flags, self.material.prep)
        frame = columns_of(self.material, config)

        def build() -> tuple[FittedPrep, Array]:
            variables = {n: self.material.variables[n] for n in frame.columns}
            rows = frame.iloc[train]
            patient = self.material.patients.of_row[train]
            prep = fit_prep(rows, variables, recipe, keep=self.material.force, patient=patient)
            if prep.rows_seen != len(train):
                raise DataError(f"fold {fold_id}: preparation saw {prep.rows_seen} rows instead of {len(train)}")
            return prep, prep.transform(rows).X

        prep, X = self._prepared.get((recipe, config.features, fold_id), build)
        return prep, X, spec

    def _fit(self, spec: ModelSpec, config: Configuration, X: Array, fold_id: str, train: Positions) -> Any:
        material = self.material
        share = material.patients.share
        return fit_model(
            spec, config.params, X, material.y[train], task=material.task,
            share=None if share is None else share[train],
            seed=derive_seed(material.seed, "fit", config.config_id, fold_id),
            n_classes=len(material.target.classes) if material.task == "multiclass" else None,
            times=material.grid.times if material.grid is not None else None,
        )  # fmt: skip

    def _predict(self, fitted: Any, X: Array) -> Scores:
        if self.material.task in SURVIVAL_TASKS and self.material.grid is not None:
            return on_grid(fitted.predict(X), self.material.grid.times)
        scores: Scores = fitted.predict(X)
        return scores


def columns_of(material: Material, config: Configuration) -> Any:
    """The predictors this configuration may see."""
    return material.frame if config.features is None else material.frame[list(config.features)]


def on_grid(scores: Scores, times: Array) -> Scores:
    """Survival scores whose curves stand on the study's grid; a DataError where they do not."""
    if scores.curves is None or scores.times is None or not np.array_equal(scores.times, times):
        raise DataError("survival curves stand on another grid than the study's")
    return scores


def reason_of(error: Exception) -> str:
    """Why a fit failed, without quoted cell texts and numbers of libraries: reasons are stored and printed."""
    if isinstance(error, TabmlError):
        return error.what
    line = str(error).strip().partition("\n")[0]
    safe = re.sub(r"\d+(\.\d+)?", "#", re.sub(r"(['\"]).*?\1", "…", line))
    return f"{type(error).__name__}: {safe[:160]}"

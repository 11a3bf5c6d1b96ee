"""Explaining a fitted pipeline from cohort rows to its calibrated link, each patient by the model that never saw them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabml.core.cohort import Variable
from tabml.core.privacy import SMALL_CELL
from tabml.core.results import Example, Explanation
from tabml.core.target import SURVIVAL_TASKS, Task
from tabml.explain.attribution import Attribution, Floats, assemble, attribute_blend, scale_of
from tabml.explain.members import Background, attribute
from tabml.explain.overview import importances
from tabml.prep.recipe import FittedPrep

Rows = NDArray[np.int64]
#: The two patients a report tells about: near the top and near the bottom, but no extreme ones.
EXAMPLE_QUANTILES = (0.9, 0.1)


class Pipeline(Protocol):
    """What is asked of a fitted whole: members with their preparation, averaged with equal weight, then calibrated."""

    @property
    def task(self) -> Task: ...
    @property
    def members(self) -> Sequence[Any]: ...
    @property
    def calibrator(self) -> Any: ...
    @property
    def features(self) -> tuple[str, ...]: ...
    @property
    def grid(self) -> Any: ...
    def predict(self, frame: pd.DataFrame) -> Any: ...


def explain_pipeline(
    pipeline: Pipeline, frame: pd.DataFrame, train: pd.DataFrame, *, seed: int, horizon: float | None = None
) -> Attribution:
    """SHAP values of the calibrated link for the rows of `frame`; `train` holds the rows the pipeline was fitted on.

    Survival is explained on the cloglog of survival at `horizon` (days, on the grid), the longest one unless told
    otherwise. A calibrated pipeline has the same parts at every horizon, for its slope is common; the base differs.
    `train` serves forests, in memory.
    """
    at = _place(pipeline, horizon)
    score = _last(pipeline) if pipeline.calibrator.kind == "hazard" else at
    scored_at = None if score is None else float(pipeline.grid.times[score])
    features = list(pipeline.features)
    parts = [
        _member(member, frame[features], train[features], pipeline.task, scored_at, seed) for member in pipeline.members
    ]
    a, b = _line(pipeline, at)
    blend = attribute_blend(parts, a=a, b=b)
    scale = blend.scale if at is None else scale_of(pipeline.task, float(pipeline.grid.times[at]))
    said = pipeline.predict(frame)
    link = np.asarray(said.link if at in (None, _last(pipeline)) else np.log(-np.log(said.curves[:, at])), dtype=float)
    link = link.reshape(blend.link.shape)
    if pipeline.task == "multiclass":
        link = link - link.mean(axis=1, keepdims=True)
    return replace(blend, link=link, scale=scale)


@dataclass(frozen=True)
class HeldOut:
    """One fold's pipeline with the rows it was fitted on and those it explains (positions in the frame)."""

    pipeline: Pipeline
    train: Rows
    rows: Rows


def explain_folds(
    folds: Sequence[HeldOut], frame: pd.DataFrame, *, seed: int, enough: Callable[[], bool] = lambda: False
) -> tuple[Rows, Attribution]:
    """Each row explained by the fold that left it out: the rows, rising, and their attribution.

    Before each fold but the first `enough` says whether to stop there.
    """
    parts: list[tuple[Rows, Attribution]] = []
    for fold in folds:
        if parts and enough():
            break
        held = frame.iloc[fold.rows]
        parts.append((fold.rows, explain_pipeline(fold.pipeline, held, frame.iloc[fold.train], seed=seed)))
    return assemble(parts)


def explanation(
    model: str,
    attribution: Attribution,
    frame: pd.DataFrame,
    variables: Mapping[str, Variable],
    *,
    patient: NDArray[np.int64] | None = None,
    cls: int | None = None,
    small_cell: int = SMALL_CELL,
    examples: Sequence[Example] = (),
) -> Explanation:
    """The record a report prints. `frame` holds the explained rows in original units, in the attribution's order."""
    found = importances(attribution, frame, variables, cls=cls, patient=patient, small_cell=small_cell)
    return Explanation(model, attribution.scale, found, tuple(examples), attribution.error, attribution.note)


def example_positions(attribution: Attribution, *, cls: int = 0) -> tuple[int, ...]:
    """Positions of a patient with a high and one with a low prediction: nearest to the 90 % and 10 % quantile.

    Of several classes: one of the class predicted most often, and one of another.
    """
    link = attribution.link[:, cls]
    if not len(link):
        return ()
    if attribution.link.shape[1] > 1:
        return _of_two_classes(attribution.link)
    near = [int(np.abs(link - q).argmin()) for q in np.quantile(link, EXAMPLE_QUANTILES)]
    return tuple(dict.fromkeys(near))


def _of_two_classes(link: Floats) -> tuple[int, ...]:
    """A patient of the class predicted most often, and one of all other classes: of each the median of certainty."""
    predicted, top = link.argmax(axis=1), link.max(axis=1) - np.sort(link, axis=1)[:, -2]
    common = predicted == np.bincount(predicted).argmax()
    parts = [np.flatnonzero(part) for part in (common, ~common) if part.any()]
    return tuple(int(p[np.abs(top[p] - np.median(top[p])).argmin()]) for p in parts)


def imputed_values(prep: FittedPrep) -> dict[str, object]:
    """What a complete recipe puts in place of missing cells: a number, a level code, or true/false.

    Where gaps stand at the mean, a category is filled by the shares of its levels, which are no level to name.
    """
    values: dict[str, object] = {}
    for plan in prep.plans if prep.recipe.complete else ():
        if prep.recipe.scaled and plan.kind in ("category", "boolean"):
            continue
        if plan.kind == "category":
            shown = dict(zip(plan.columns, plan.fill, strict=True))
            hits = [level for level in plan.levels if shown.get(f"{plan.name}={level}") == 1.0]
            values[plan.name] = hits[0] if hits else (plan.levels[0] if len(plan.levels) == 2 else "another level")
        else:
            values[plan.name] = bool(plan.fill[0]) if plan.kind == "boolean" else plan.fill[0]
    return values


def _member(
    member: Any, frame: pd.DataFrame, train: pd.DataFrame, task: Task, horizon: float | None, seed: int
) -> Attribution:
    names = list(member.config.features) if member.config.features is not None else list(frame.columns)
    matrix = member.prep.transform(frame[names])
    background = Background(member.prep.means, member.prep.transform(train[names]).X)
    return attribute(
        member.model, matrix.X, matrix.sources, task=task, background=background, horizon=horizon, seed=seed
    )


def _line(pipeline: Pipeline, at: int | None) -> tuple[Floats, float]:
    """Intercept (one, or one per class) and slope of the calibrator at what is explained."""
    calibrator = pipeline.calibrator
    if calibrator.kind == "none":
        return np.zeros(1), 1.0
    if calibrator.kind == "hazard":
        return np.asarray(calibrator.a[[at]]), float(calibrator.b)
    return np.atleast_1d(np.asarray(calibrator.a, dtype=float)), float(calibrator.b)


def _last(pipeline: Pipeline) -> int | None:
    """Place of the longest horizon on the grid; None where there is no survival."""
    return int(pipeline.grid.horizons[-1]) if pipeline.task in SURVIVAL_TASKS else None


def _place(pipeline: Pipeline, horizon: float | None) -> int | None:
    """Place on the grid of the horizon that is explained."""
    if pipeline.task not in SURVIVAL_TASKS or horizon is None:
        return _last(pipeline)
    at = np.flatnonzero(np.isclose(pipeline.grid.times, horizon))
    if not len(at):
        raise ValueError(f"{horizon:g} days is no time of the model's grid")
    return int(at[0])

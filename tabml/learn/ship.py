"""Refit: the chosen models on all rows, and on each training part so that every patient has a model that never saw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.core.progress import Progress, Report, silent
from tabml.core.spec import Candidate, Configuration
from tabml.core.splits import Positions
from tabml.learn.budget import Remaining, forever
from tabml.learn.calibrate import Calibrator, unchanged
from tabml.learn.chosen import Chosen
from tabml.learn.contenders import configs_of
from tabml.learn.executor import Executor
from tabml.learn.folds import units_of
from tabml.learn.loss import Floats
from tabml.learn.pipeline import FittedPipeline, build_pipeline
from tabml.learn.scored import NAMED
from tabml.learn.trial import FittedState, ShipTask


@dataclass(frozen=True)
class FoldModel:
    """The chosen models fitted on one fold's training part; `rows` (positions in the target) were held out."""

    fold_id: str
    rows: Positions
    train: Positions
    final: FittedPipeline
    simple: FittedPipeline


def ship(
    chosen: Chosen, executor: Executor, progress: Report = silent, remaining: Remaining = forever
) -> tuple[dict[str, FittedPipeline], tuple[FoldModel, ...], tuple[Finding, ...]]:
    """Fit the final and the simple model on all rows, and on each training part of the first repeat.

    The models themselves are fitted whatever the time; folds that the time limit cuts off have no model
    (TB208).
    """
    material, plan, trials = chosen.material, chosen.plan, chosen.found.done
    members = {name: configs_of(chosen.field, trials, chosen.members(name)) for name in NAMED}
    each = {_member_key(m): m for m in (*members["final"], *members["simple"])}
    both, place = tuple(each.values()), {key: i for i, key in enumerate(each)}
    units = [u for u in units_of(plan.folds) if any(f.repeat == 0 for f in u.folds)]
    folds = [(u, f) for u in units for f in u.folds if f.repeat == 0]
    everyone = np.arange(len(material.y))
    tasks = [ShipTask("all", everyone, both), *(ShipTask(u.fold_id, plan.rows(u.train), both) for u, _ in folds)]

    def done(n: int) -> None:
        progress(Progress("refit", n, len(tasks)))

    if remaining() == math.inf:
        answers = executor.run(tasks, done=done, remaining=forever)
    else:  # what is shipped is not stopped for its folds' sake
        answers = executor.run(tasks[:1], done=done, remaining=forever)
        answers += executor.run(tasks[1:], done=lambda n: done(n + 1), remaining=remaining)
    raw = {name: chosen.field.link(chosen.members(name)) for name in NAMED}

    def pipelines(states: Sequence[FittedState], weight: Floats) -> dict[str, FittedPipeline]:
        out = {}
        for name in NAMED:
            own = [states[place[_member_key(member)]] for member in members[name]]
            calibrator = _calibrator(chosen, name, raw[name], weight)
            out[name] = build_pipeline(own, calibrator, material.target, material.grid, tuple(material.frame.columns))
        return out

    shipped = pipelines(answers[0], np.ones(len(everyone)))
    models = []
    for (_, fold), states in zip(folds, answers[1:], strict=True):
        if states is None:
            continue
        rows, train = plan.rows(fold.test), plan.rows(fold.train)
        weight = np.ones(len(everyone))
        weight[rows] = 0.0
        models.append(FoldModel(fold.fold_id, rows, train, **pipelines(states, weight)))
    lost = len(folds) - len(models)
    said = f"{lost} of {len(folds)} folds have no model for explanations: patients tested there are not explained"
    return shipped, tuple(models), (finding("TB208", said, count=lost),) if lost else ()


def _member_key(member: tuple[Configuration, float | None]) -> str:
    return Candidate(*member).key


def _calibrator(chosen: Chosen, name: str, raw: Floats, weight: Floats) -> Calibrator:
    """Learnt from the rows of weight above 0, all repeats; a null model stays as it is."""
    members = chosen.members(name)
    trials = chosen.found.done
    if all(trials[chosen.field.trial[c]].config.model == "null" for c in members):
        return unchanged(chosen.material.task)
    repeats = len(raw)
    flat = raw.reshape(repeats * raw.shape[1], *raw.shape[2:])
    return chosen.lesson.tiled(repeats).fit(flat, np.tile(weight, repeats) / repeats)

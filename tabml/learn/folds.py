"""Configurations on folds: tasks handed out, results cut to folds and put together as trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tabml.core.progress import Progress, Report
from tabml.core.spec import Configuration
from tabml.core.splits import Fold, Positions, SplitPlan
from tabml.learn.budget import Remaining
from tabml.learn.executor import Executor
from tabml.learn.loss import LossRule
from tabml.learn.material import Material
from tabml.learn.trial import FitTask, FoldResult
from tabml.learn.trials import Trial
from tabml.models import get


@dataclass(frozen=True)
class Unit:
    """One training set and the folds it serves: one, or both roles of a nested pair."""

    fold_id: str
    train: Positions
    folds: tuple[Fold, ...]


def units_of(folds: Sequence[Fold]) -> tuple[Unit, ...]:
    """Folds with the same training patients share one fit: it never looks at whom it is tested on."""
    groups: dict[bytes, list[Fold]] = {}
    for fold in folds:
        groups.setdefault(fold.train.tobytes(), []).append(fold)
    return tuple(Unit(g[0].fold_id, g[0].train, tuple(g)) for g in groups.values())


def run_folds(
    material: Material,
    plan: SplitPlan,
    folds: Sequence[Fold],
    configs: Sequence[Configuration],
    executor: Executor,
    *,
    progress: Report,
    remaining: Remaining,
    stage: str,
    one_by_one: bool = False,
    done: Callable[[int], None] = lambda n: None,
) -> dict[tuple[str, str], FoldResult | None]:
    """Every configuration on every fold: results by (fold id, config id), None where time ran out.

    `one_by_one`: a configuration has all its folds before the next one begins, so that time that runs out costs the
    last ones; else a fold's preparation serves all of them at once. `done` hears how many tasks are finished.
    """
    units = units_of(folds)
    pieces = 1 if len(units) >= 4 * executor.workers else min(executor.workers, len(configs))
    pieces = len(configs) if one_by_one else pieces
    owners = [(unit, tuple(configs[piece::pieces])) for unit in units for piece in range(pieces)]
    if one_by_one:
        owners.sort(key=lambda owner: configs.index(owner[1][0]))
    tasks = [
        FitTask(u.fold_id, plan.rows(u.train), np.concatenate([plan.rows(f.test) for f in u.folds]), part)
        for u, part in owners
    ]

    def told(n: int) -> None:
        done(n)
        progress(Progress(stage, n, len(tasks)))

    answers = executor.run(tasks, done=told, remaining=remaining)
    out: dict[tuple[str, str], FoldResult | None] = {}
    for (unit, part), answer in zip(owners, answers, strict=True):
        for i, config in enumerate(part):
            result: FoldResult | None = None if answer is None else answer[i]
            at = 0
            for fold in unit.folds:
                n = len(plan.rows(fold.test))
                out[fold.fold_id, config.config_id] = _slice(result, fold.fold_id, at, n)
                at += n
    return out


def gather(
    material: Material,
    plan: SplitPlan,
    folds: Sequence[Fold],
    config: Configuration,
    results: Mapping[tuple[str, str], FoldResult | None],
    rule: LossRule,
    order: int,
    stage: int,
) -> Trial:
    """Put a configuration's folds together; failed where one of them failed."""
    spec = get(config.model)
    own = [results[fold.fold_id, config.config_id] for fold in folds]
    trial = Trial(order, config, stage, "done", spec.family, spec.simplicity)
    if any(r is None for r in own):
        return replace(trial, status="skipped", failure="the time limit came first")
    failure = next((r.failure for r in own if r is not None and r.failure is not None), None)
    if failure is not None:
        return replace(trial, status="failed", failure=failure)
    finished = [r for r in own if r is not None and r.link is not None]
    checkpoints = finished[0].checkpoints
    repeats = 1 + max(f.repeat for f in folds)
    link = np.full((repeats, len(checkpoints), len(material.y), *material.out_shape), np.nan)
    for fold, result in zip(folds, finished, strict=True):
        if result.checkpoints != checkpoints:
            return replace(trial, status="failed", failure="checkpoints differ between folds")
        link[fold.repeat][:, plan.rows(fold.test)] = result.link
    losses = np.stack([rule(link[:, c]) for c in range(len(checkpoints))], axis=1)
    if np.isnan(link).all():
        return replace(trial, status="failed", failure="no finite prediction at any checkpoint")
    return replace(trial, checkpoints=checkpoints, link=link, losses=losses, saved=all(r.saved for r in finished))


def _slice(result: FoldResult | None, fold_id: str, at: int, n: int) -> FoldResult | None:
    if result is None:
        return None
    link = None if result.link is None else result.link[:, at : at + n]
    return replace(result, fold_id=fold_id, link=link)

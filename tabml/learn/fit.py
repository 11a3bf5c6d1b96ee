"""Learning, told once: folds, search, choice, refit, honest estimates, centres; one record comes out.

`study/run.py` may call `learn`, or the steps one by one in the order they stand here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tabml.core.cohort import Cohort
from tabml.core.config import StudyConfig
from tabml.core.findings import Finding, ordered
from tabml.core.progress import Report, silent
from tabml.core.results import Curve, Estimate, VerdictCode
from tabml.core.splits import SplitPlan
from tabml.core.target import Target
from tabml.learn.answer import estimate
from tabml.learn.budget import Budget, Remaining, forever
from tabml.learn.chosen import Chosen, Selection, choose
from tabml.learn.ensemble import BLEND
from tabml.learn.estimate.centres import MOST_CENTRES_TO_RESELECT, LeftOut, leave_centres_out
from tabml.learn.executor import Executor, make_executor
from tabml.learn.folds import units_of
from tabml.learn.material import Material, assemble
from tabml.learn.pipeline import FittedPipeline
from tabml.learn.plan import CentrePlan, centre_plan, make_plan, plan_kind
from tabml.learn.portfolio import Portfolio, make_portfolio
from tabml.learn.scored import predictions_table
from tabml.learn.search import search
from tabml.learn.ship import FoldModel, ship
from tabml.learn.trials import Trial, mean_loss
from tabml.models import load_plugin

NEVER_FINAL = "it has no saved form, so it is compared and never the final model"


@dataclass(frozen=True)
class LearnResult:
    """All that learning found out. Row positions are those of `target.rows`; `predictions` has cohort positions.

    `models`: one record per trial for the report. `headline`: the estimate a report leads with. `resamples`: of patients, drawn for its interval.
    """

    material: Material
    plan: SplitPlan
    centre_plan: CentrePlan | None
    portfolio: Portfolio
    trials: tuple[Trial, ...]
    selection: Selection
    final: FittedPipeline
    simple: FittedPipeline
    fold_models: tuple[FoldModel, ...]
    predictions: pd.DataFrame
    estimates: tuple[Estimate, ...]
    comparisons: tuple[Estimate, ...]
    curves: tuple[Curve, ...]
    models: tuple[Mapping[str, Any], ...]
    findings: tuple[Finding, ...]
    verdict: VerdictCode
    headline: Estimate | None
    truncated: bool
    resamples: int


def learn(
    cohort: Cohort,
    target: Target,
    config: StudyConfig,
    *,
    progress: Report = silent,
    remaining: Remaining = forever,
) -> LearnResult:
    """Search, choose, fit and estimate; the same seed gives the same record whatever the number of workers.

    `remaining` gives the seconds left of the study's time limit. Whatever it cuts short says so (TB208): lines of the
    portfolio, fold models, left-out centres, resamples, estimates. One fitted model is enough for a study.
    """
    for plugin in config.search.plugins:
        load_plugin(Path(plugin))
    material = assemble(cohort, target, config)
    kind, said = plan_kind(config.estimate.method, material.events)
    plan, more = make_plan(cohort, target, config.split, kind=kind, seed=config.seed)
    centres, more_centres = plan_centres(cohort, target, material, config)
    portfolio, more_models = make_portfolio(material, config)
    budget = Budget(remaining, refits(plan, target), portfolio.stage.count(0) * len(units_of(plan.folds)))
    executor = make_executor(config.executor, material, limited=budget.is_limited)
    try:
        later = 1.0 + len(centres.outer.folds) if centres is not None else 1.0
        found = search(material, plan, portfolio, config, executor, progress=progress, budget=budget, later=later)
        chosen = choose(material, plan, found, config)
        pipelines, fold_models, more_folds = ship(chosen, executor, progress, remaining)
        left_out, more_left = leave_out(chosen, centres, executor, progress=progress, remaining=budget.for_centres)
        answer = estimate(chosen, pipelines, left_out, executor, progress, remaining)
    finally:
        executor.close()
    findings = (*said, *more, *more_centres, *more_models, *found.findings, *more_folds, *more_left, *answer.findings)
    return LearnResult(
        material, plan, centres, portfolio, found.trials, chosen.selection, pipelines["final"], pipelines["simple"],
        fold_models, predictions_table(answer.scored, left_out, material, plan), answer.estimates,
        answer.comparisons, answer.curves, model_records(found.trials, chosen.selection),
        ordered(dict.fromkeys(findings)), answer.verdict, answer.headline,
        found.truncated or any(f.code == "TB208" for f in findings), answer.resamples,
    )  # fmt: skip


def refits(plan: SplitPlan, target: Target) -> int:
    """Fits after the search at the least: every member on all rows and on each fold of the first repeat."""
    return (len(BLEND.get(target.task, ())) + 1) * (1 + sum(f.repeat == 0 for f in plan.folds))


def plan_centres(
    cohort: Cohort, target: Target, material: Material, config: StudyConfig
) -> tuple[CentrePlan | None, tuple[Finding, ...]]:
    """Leave-one-centre-out wherever there are two centres; above five the choice is not made again."""
    if not config.estimate.leave_one_centre_out or len(material.patients.centres) < 2:
        return None, ()
    again = len(material.patients.centres) <= MOST_CENTRES_TO_RESELECT
    return centre_plan(cohort, target, seed=config.seed, reselect=again)


def leave_out(
    chosen: Chosen,
    centres: CentrePlan | None,
    executor: Executor,
    *,
    progress: Report = silent,
    remaining: Remaining = forever,
) -> tuple[tuple[LeftOut, ...], tuple[Finding, ...]]:
    """Every centre predicted by the others; nothing where there are no centres."""
    if centres is None:
        return (), ()
    return leave_centres_out(
        chosen.material, centres, chosen.found.done, chosen.field, chosen.lesson, chosen.config, executor,
        progress=progress, remaining=remaining,
    )  # fmt: skip


def model_records(trials: Sequence[Trial], selection: Selection) -> tuple[Mapping[str, Any], ...]:
    """One record per trial: what was tried, how it did, and its role; no clock field."""
    final, simple = ({order for order, _ in part} for part in (selection.final, selection.simple))
    out = []
    for trial in trials:
        role = (
            ("member" if selection.is_blend else "final")
            if trial.order in final
            else "simple"
            if trial.order in simple
            else ""
        )
        record: dict[str, Any] = {
            "trial": trial.order, "model": trial.config.model, "family": trial.family, "params": dict(trial.config.params),
            "origin": trial.config.origin, "stage": trial.stage, "status": "ok" if trial.status == "done" else trial.status,
            "reason": trial.failure or (None if trial.saved else NEVER_FINAL), "role": role, "config_id": trial.config.config_id, "loss": None, "loss_se": None,
            "checkpoint": None, "checkpoints": [], "curve": [],
        }  # fmt: skip
        if trial.status == "done":
            loss, se = mean_loss(trial)
            curve = [float(v) if np.isfinite(v) else None for v in trial.curve]
            record |= {"loss": loss, "loss_se": se, "checkpoint": trial.checkpoints[trial.best],
                       "checkpoints": list(trial.checkpoints), "curve": curve}  # fmt: skip
        out.append(record)
    return tuple(out)

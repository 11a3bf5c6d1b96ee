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
from tabml.core.progress import Progress, Report, silent
from tabml.core.results import Curve, Estimate, EstimateType
from tabml.core.spec import Candidate, Config
from tabml.core.splits import Positions, SplitPlan
from tabml.core.target import Target
from tabml.learn.calibrate import Calibrator, Teacher, teacher, unchanged
from tabml.learn.contenders import choosers, configs_of
from tabml.learn.ensemble import Decision, Field, Members, decide
from tabml.learn.estimate.bbc import Corrected, Gain, affordable, bias_corrected, patient_weights, verdict
from tabml.learn.estimate.centres import MOST_CENTRES_TO_RESELECT, LeftOut, leave_centres_out
from tabml.learn.estimate.nested import nested
from tabml.learn.evaluate import centres as numbers_of_centres
from tabml.learn.evaluate import numbers
from tabml.learn.evaluate.crossfit import CALIBRATION
from tabml.learn.evaluate.curves import curves
from tabml.learn.executor import Executor, Remaining, forever, make_executor
from tabml.learn.judge import Judge
from tabml.learn.loss import Floats
from tabml.learn.material import Material, assemble
from tabml.learn.pipeline import FittedPipeline, build_pipeline
from tabml.learn.plan import CentrePlan, centre_plan, make_plan, plan_kind
from tabml.learn.portfolio import Portfolio, make_portfolio
from tabml.learn.scored import NAMED, Scored, fold_numbers, of_outer, out_of_fold, predictions_table
from tabml.learn.search import SearchResult, Trial, field_of, mean_loss, search, units_of
from tabml.learn.trial import FittedState, ShipTask
from tabml.metrics.registry import HEADLINE
from tabml.models import load_plugin

NEVER_FINAL = "it has no saved form, so it is compared and never the final model"


@dataclass(frozen=True)
class Selection:
    """What was chosen: members as (trial order, checkpoint) of the final and of the simple model."""

    final: tuple[tuple[int, float | None], ...]
    simple: tuple[tuple[int, float | None], ...]
    is_blend: bool
    reason: str


@dataclass(frozen=True)
class FoldModel:
    """The chosen models fitted on one fold's training part; `rows` (positions in the target) were held out."""

    fold_id: str
    rows: Positions
    train: Positions
    final: FittedPipeline
    simple: FittedPipeline


@dataclass(frozen=True)
class LearnResult:
    """All that learning found out. Row positions are those of `target.rows`; `predictions` has cohort positions.

    `models`: one record per trial for the report. `verdict`: `useful`, `no better than age and sex` or
    `no usable signal`. `headline`: the estimate a report leads with.
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
    verdict: str
    headline: Estimate | None
    truncated: bool


def learn(
    cohort: Cohort,
    target: Target,
    config: StudyConfig,
    *,
    progress: Report = silent,
    remaining: Remaining = forever,
) -> LearnResult:
    """Search, choose, fit and estimate; the same seed gives the same record whatever the number of workers.

    `remaining` gives the seconds left of the study's time limit.
    """
    for plugin in config.search.plugins:
        load_plugin(Path(plugin))
    material = assemble(cohort, target, config)
    kind, said = plan_kind(config.estimate.method, material.events)
    plan, more = make_plan(cohort, target, config.split, kind=kind, seed=config.seed)
    centres, more_centres = plan_centres(cohort, target, material, config)
    portfolio, more_models = make_portfolio(material, config)
    executor = make_executor(config.executor, material)
    try:
        later = 1.0 + len(centres.outer.folds) if centres is not None else 1.0
        found = search(
            material, plan, portfolio, config, executor, progress=progress, remaining=remaining, later=later
        )  # fmt: skip
        study = choose(material, plan, found, config)
        pipelines, fold_models = ship(study, executor, progress)
        left_out, more_left = leave_out(study, centres, executor, progress=progress, remaining=remaining)
        answer = estimate(study, pipelines, left_out, executor, progress)
    finally:
        executor.close()
    findings = (*said, *more, *more_centres, *more_models, *found.findings, *more_left, *answer.findings)
    return LearnResult(
        material, plan, centres, portfolio, found.trials, study.selection, pipelines["final"], pipelines["simple"],
        fold_models, predictions_table(answer.scored, left_out, material, plan), answer.estimates,
        answer.comparisons, answer.curves, model_records(found.trials, study.selection),
        ordered(dict.fromkeys(findings)), answer.verdict, answer.headline, found.truncated,
    )  # fmt: skip


@dataclass(frozen=True)
class Study:
    """A search whose choice is made: what refit and estimates start from."""

    material: Material
    plan: SplitPlan
    config: StudyConfig
    found: SearchResult
    field: Field
    decision: Decision
    lesson: Teacher
    selection: Selection

    def members(self, name: str) -> Members:
        """Candidates of the final or the simple model."""
        return (self.decision.final if name == "final" else self.decision.simple)[0]


def plan_centres(
    cohort: Cohort, target: Target, material: Material, config: StudyConfig
) -> tuple[CentrePlan | None, tuple[Finding, ...]]:
    """Leave-one-centre-out wherever there are two centres; above five the choice is not made again."""
    if not config.estimate.leave_one_centre_out or len(material.patients.centres) < 2:
        return None, ()
    again = len(material.patients.centres) <= MOST_CENTRES_TO_RESELECT
    return centre_plan(cohort, target, seed=config.seed, reselect=again)


def choose(material: Material, plan: SplitPlan, found: SearchResult, config: StudyConfig) -> Study:
    """Make the choice on all out-of-fold losses."""
    trials = found.done
    field = field_of(trials, found.rule)
    decision = decide(field, config.final.choice)
    lesson = teacher(material.target, material.events, material.grid, material.patients.share)
    final, simple = decision.final[0], decision.simple[0]
    selection = Selection(
        _named(field, trials, final), _named(field, trials, simple), len(final) > 1,
        _why(config, final, field, decision),
    )  # fmt: skip
    return Study(material, plan, config, found, field, decision, lesson, selection)


def ship(
    study: Study, executor: Executor, progress: Report = silent
) -> tuple[dict[str, FittedPipeline], tuple[FoldModel, ...]]:
    """Fit the final and the simple model on all rows, and on each training part of the first repeat."""
    material, plan, trials = study.material, study.plan, study.found.done
    members = {name: configs_of(study.field, trials, study.members(name)) for name in NAMED}
    each = {_member_key(m): m for m in (*members["final"], *members["simple"])}
    both, place = tuple(each.values()), {key: i for i, key in enumerate(each)}
    units = [u for u in units_of(plan.folds) if any(f.repeat == 0 for f in u.folds)]
    folds = [(u, f) for u in units for f in u.folds if f.repeat == 0]
    everyone = np.arange(len(material.y))
    tasks = [ShipTask("all", everyone, both), *(ShipTask(u.fold_id, plan.rows(u.train), both) for u, _ in folds)]
    done = lambda n: progress(Progress("refit", n, len(tasks)))  # noqa: E731
    answers = executor.run(tasks, done=done, remaining=forever)
    raw = {name: study.field.link(study.members(name)) for name in NAMED}

    def pipelines(states: Sequence[FittedState], weight: Floats) -> dict[str, FittedPipeline]:
        out = {}
        for name in NAMED:
            own = [states[place[_member_key(member)]] for member in members[name]]
            calibrator = _calibrator(study, name, raw[name], weight)
            out[name] = build_pipeline(own, calibrator, material.target, material.grid, tuple(material.frame.columns))
        return out

    shipped = pipelines(answers[0], np.ones(len(everyone)))
    models = []
    for (_, fold), states in zip(folds, answers[1:], strict=True):
        rows, train = plan.rows(fold.test), plan.rows(fold.train)
        weight = np.ones(len(everyone))
        weight[rows] = 0.0
        models.append(FoldModel(fold.fold_id, rows, train, **pipelines(states, weight)))
    return shipped, tuple(models)


def leave_out(
    study: Study,
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
        study.material, centres, study.found.done, study.field, study.lesson, study.config, executor,
        progress=progress, remaining=remaining,
    )  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """Numbers, lines and the verdict."""

    scored: Mapping[str, Scored]
    estimates: tuple[Estimate, ...]
    comparisons: tuple[Estimate, ...]
    curves: tuple[Curve, ...]
    findings: tuple[Finding, ...]
    verdict: str
    headline: Estimate | None


def estimate(
    study: Study,
    pipelines: Mapping[str, FittedPipeline],
    left_out: Sequence[LeftOut],
    executor: Executor,
    progress: Report = silent,
) -> Answer:
    """The three named estimates of every model, the centres, the comparisons and the verdict."""
    material, config, trials = study.material, study.config, study.found.done
    repeats = 1 if study.plan.kind == "nested" else 1 + max(f.repeat for f in study.plan.folds)
    resamples = affordable(config.estimate.resamples, material.patients.n, repeats)
    drawn = patient_weights(material, resamples, "bbc")
    weights = drawn.counts
    bench = numbers.Bench(material, Judge.of(material), weights, config.report.thresholds)
    folds = fold_numbers(study.plan)
    scored = out_of_fold(study.field, trials, study.decision, study.lesson, folds)
    winner = numbers.resampled(bench, scored, executor, headline=False, slow=study.plan.kind != "nested")
    own = numbers.on_own_rows(bench, pipelines)
    apparent = numbers.resampled(bench, own, executor, headline=False)
    estimates = [
        *numbers.cross_validated(bench, own, apparent, "apparent"),
        *numbers.cross_validated(bench, scored, winner, "cv_winner"),
    ]
    honest: EstimateType
    if study.plan.kind == "nested":
        honest = "corrected_nested"
        scored = of_outer(nested(trials, study.plan, study.found.rule, study.lesson, config))
        draws = numbers.resampled(bench, scored, executor, headline=True)
        estimates += numbers.cross_validated(bench, scored, draws, honest)
        comparisons = numbers.compared_scored(bench, scored, draws, honest)
        word, findings = verdict(_gains(study, scored))
    else:
        honest = "corrected_bbc"
        models = choosers(study.field, trials)
        asks = {name: [a for a in bench.asks(name) if a.key not in CALIBRATION] for name in models}
        corrected = bias_corrected(
            study.field, models, asks, study.lesson, folds, config, weights, executor, progress
        )  # fmt: skip
        more, skipped = numbers.corrected(bench, corrected, scored, winner)
        estimates += more
        comparisons = numbers.compared_corrected(bench, corrected)
        word, findings = verdict(_gains(study, scored, corrected))
        findings = (*findings, *skipped)
    centres = numbers_of_centres.by_centre(bench, left_out)
    estimates += [*centres, *numbers_of_centres.pooled(bench, left_out, centres)]
    headline = next((e for e in estimates if (e.key, e.model, e.estimate_type) == (HEADLINE[material.task], "final", honest)), None)  # fmt: skip
    said = [
        *numbers.said_of_redrawn(drawn), *numbers.said_of_calibration(estimates, honest), *numbers.said_of_missing(estimates),
        *numbers_of_centres.said_of_centres(bench, centres, headline),
    ]  # fmt: skip
    return Answer(scored, tuple(estimates), tuple(comparisons), tuple(curves(bench, scored, _drawn(honest))),
                  (*findings, *said), word, headline)  # fmt: skip


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


def _member_key(member: tuple[Config, float | None]) -> str:
    return Candidate(*member).key


def _named(field: Field, trials: Sequence[Trial], members: Members) -> tuple[tuple[int, float | None], ...]:
    return tuple(
        (trials[field.trial[c]].order, trials[field.trial[c]].checkpoints[field.checkpoint[c]]) for c in members
    )  # fmt: skip


def _why(config: StudyConfig, final: Members, field: Field, decision: Decision) -> str:
    if config.final.choice != "blend":
        return f"final.choice={config.final.choice}"
    if len(final) > 1:
        return "the equal-weight blend; no single model beat it by more than one standard error"
    if len(field.blend) < 2:
        return "fewer than two members of the blend could be fitted: the best single model"
    return "a single model beat the blend by more than one standard error"


def _calibrator(study: Study, name: str, raw: Floats, weight: Floats) -> Calibrator:
    """Learnt from the rows of weight above 0, all repeats; a null model stays as it is."""
    members = study.members(name)
    trials = study.found.done
    if all(trials[study.field.trial[c]].config.model == "null" for c in members):
        return unchanged(study.material.task)
    repeats = len(raw)
    flat = raw.reshape(repeats * raw.shape[1], *raw.shape[2:])
    return study.lesson.tiled(repeats).fit(flat, np.tile(weight, repeats) / repeats)


def _gains(
    study: Study, scored: Mapping[str, Scored], corrected: Mapping[str, Corrected] | None = None
) -> dict[str, Gain]:
    """Loss saved against each reference; the mean from the out-of-bag draws where there are some."""
    rule = study.found.rule
    names = [n for n in ("final", "null", "age_sex") if n in scored]
    loss = {n: rule(scored[n].link).mean(axis=0) for n in names}
    if corrected is None:
        return {n: Gain.of(loss[n] - loss["final"]) for n in names[1:]}
    mean = {n: float(np.nanmean(corrected[n].loss - corrected["final"].loss)) for n in names[1:]}
    return {n: Gain.of(loss[n] - loss["final"], mean[n]) for n in names[1:]}


def _drawn(honest: EstimateType) -> EstimateType:
    """What figures show: nested predictions are corrected; plain out-of-fold ones are those of the winner."""
    return honest if honest == "corrected_nested" else "cv_winner"

"""The search: every line of the portfolio on every fold, then a few more by Optuna where events allow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tabml.core.config import StudyConfig
from tabml.core.errors import DataError
from tabml.core.findings import Finding, finding
from tabml.core.progress import Progress, Report, silent
from tabml.core.spec import Config
from tabml.core.splits import Fold, Positions, SplitPlan, derive_seed
from tabml.learn.ensemble import BLEND, Field
from tabml.learn.executor import Executor, Remaining, forever
from tabml.learn.loss import Floats, Link, LossRule, loss_rule
from tabml.learn.material import Material
from tabml.learn.portfolio import Portfolio
from tabml.learn.trial import FitTask, FoldResult
from tabml.learn.tune import ask_tpe, gate, tunable
from tabml.models import get

Status = Literal["done", "failed", "skipped"]

BATCH = 4  # trials asked at once: fixed, never the number of workers


@dataclass(frozen=True)
class Trial:
    """One configuration on all folds.

    `link` (R, C, n, ...): out-of-fold links by repeat and checkpoint; `losses` (R, C, N): loss per patient. Both
    None unless `done`; then `failure` says why. A checkpoint that lost a prediction holds NaN.
    """

    order: int
    config: Config
    stage: int
    status: Status
    family: str
    simplicity: int
    checkpoints: tuple[float | None, ...] = ()
    link: Link | None = None
    losses: Floats | None = None
    cpu_s: float = 0.0
    failure: str | None = None
    saved: bool = True
    """Whether its fitted models have a saved form; without one it is scored and never chosen."""

    @property
    def loss(self) -> Floats:
        """Loss per checkpoint and patient (C, N), the mean over repeats."""
        if self.losses is None:
            raise ValueError(f"trial {self.order} has no score")
        return np.asarray(self.losses.mean(axis=0))

    @property
    def curve(self) -> Floats:
        """Mean loss at each checkpoint (C,); infinite where it lost a prediction."""
        mean = self.loss.mean(axis=1)
        return np.where(np.isfinite(mean), mean, np.inf)

    @property
    def best(self) -> int:
        """Place of the checkpoint of least mean loss."""
        return int(self.curve.argmin())


@dataclass(frozen=True)
class SearchResult:
    """All trials in order, and the losses' rule on this plan."""

    trials: tuple[Trial, ...]
    rule: LossRule
    findings: tuple[Finding, ...]
    truncated: bool = False

    @property
    def done(self) -> tuple[Trial, ...]:
        return tuple(t for t in self.trials if t.status == "done")


def search(
    material: Material,
    plan: SplitPlan,
    portfolio: Portfolio,
    config: StudyConfig,
    executor: Executor,
    *,
    progress: Report = silent,
    remaining: Remaining = forever,
    later: float = 0.0,
) -> SearchResult:
    """Run portfolio and TPE stage on the plan's folds.

    `later`: what comes after the search, in portfolios; that much time is kept from the TPE stage.
    A configuration that fails, or that the time limit cuts off, has no score; a DataError when none is left.
    """
    rule = loss_rule(material.target, plan, material.grid)
    job = _Run(material, plan, rule, executor, progress, remaining)
    before = remaining()
    trials = list(job.trials(portfolio.configs, portfolio.stage, "search"))
    families, per_family, findings = gate(material, config)
    truncated = any(t.status == "skipped" for t in trials)
    if families and not truncated:
        spent = before - remaining() if math.isfinite(before) else 0.0
        job = replace(job, remaining=lambda: remaining() - later * spent)
        for base in _top_families(trials, families):
            trials += _tune(job, trials, base, per_family)
        truncated = any(t.status == "skipped" for t in trials) or job.remaining() <= 0
    if not any(t.status == "done" and t.config.model != "null" for t in trials):
        raise DataError("no model could be fitted", hint=next((t.failure for t in trials if t.failure), None))
    return SearchResult(tuple(trials), rule, (*findings, *_said(trials, truncated)), truncated)


def field_of(trials: Sequence[Trial], rule: LossRule) -> Field:
    """All candidates of the finished trials, for selection; `trial` counts finished trials only."""
    rows = [(i, c) for i, t in enumerate(trials) for c in range(len(t.checkpoints))]
    names = BLEND.get(rule.task, ())
    first = {t.config.model: i for i, t in reversed(list(enumerate(trials))) if t.config.origin != "tpe"}
    return Field(
        task=rule.task,
        loss=np.concatenate([t.loss for t in trials]),
        simplicity=np.array([trials[i].simplicity for i, _ in rows], dtype=np.int64),
        trial=np.array([i for i, _ in rows], dtype=np.int64),
        checkpoint=np.array([c for _, c in rows], dtype=np.int64),
        links=[t.link for t in trials if t.link is not None],
        blend=tuple(first[name] for name in names if name in first),
        rule=rule,
        barred=np.array([not trials[i].saved for i, _ in rows], dtype=bool),
    )


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
    configs: Sequence[Config],
    executor: Executor,
    *,
    progress: Report,
    remaining: Remaining,
    stage: str,
) -> dict[tuple[str, str], FoldResult | None]:
    """Every configuration on every fold: results by (fold id, config id), None where time ran out."""
    units = units_of(folds)
    pieces = 1 if len(units) >= 4 * executor.workers else min(executor.workers, len(configs))
    tasks, owners = [], []
    for unit in units:
        test = np.concatenate([plan.rows(f.test) for f in unit.folds])
        for piece in range(pieces):
            part = tuple(configs[piece::pieces])
            tasks.append(FitTask(unit.fold_id, plan.rows(unit.train), test, part))
            owners.append((unit, part))
    done = lambda n: progress(Progress(stage, n, len(tasks)))  # noqa: E731
    answers = executor.run(tasks, done=done, remaining=remaining)
    out: dict[tuple[str, str], FoldResult | None] = {}
    for (unit, part), answer in zip(owners, answers, strict=True):
        for i, config in enumerate(part):
            result: FoldResult | None = None if answer is None else answer[i]
            at = 0
            for fold in unit.folds:
                n = len(plan.rows(fold.test))
                out[fold.fold_id, config.config_id] = _slice(result, fold.fold_id, at, n, share=len(unit.folds))
                at += n
    return out


@dataclass(frozen=True)
class _Run:
    """What every stage of the search needs."""

    material: Material
    plan: SplitPlan
    rule: LossRule
    executor: Executor
    progress: Report
    remaining: Remaining

    def trials(self, configs: Sequence[Config], stages: Sequence[int], stage: str, first: int = 0) -> tuple[Trial, ...]:
        results = run_folds(
            self.material, self.plan, self.plan.folds, configs, self.executor,
            progress=self.progress, remaining=self.remaining, stage=stage,
        )  # fmt: skip
        return tuple(
            gather(self.material, self.plan, self.plan.folds, config, results, self.rule, first + i, s)
            for i, (config, s) in enumerate(zip(configs, stages, strict=True))
        )


def gather(
    material: Material,
    plan: SplitPlan,
    folds: Sequence[Fold],
    config: Config,
    results: Mapping[tuple[str, str], FoldResult | None],
    rule: LossRule,
    order: int,
    stage: int,
) -> Trial:
    """Put a configuration's folds together; failed where one of them failed."""
    spec = get(config.model)
    own = [results[fold.fold_id, config.config_id] for fold in folds]
    trial = Trial(order, config, stage, "done", spec.family, spec.simplicity, cpu_s=sum(r.cpu_s for r in own if r))
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


def _slice(result: FoldResult | None, fold_id: str, at: int, n: int, *, share: int) -> FoldResult | None:
    if result is None:
        return None
    link = None if result.link is None else result.link[:, at : at + n]
    return replace(result, fold_id=fold_id, link=link, cpu_s=result.cpu_s / share)


def _tune(job: _Run, trials: Sequence[Trial], base: Trial, count: int) -> list[Trial]:
    """Ask TPE for `count` configurations of one model, in batches; each batch sees all finished ones."""
    spec = get(base.config.model)
    mine: list[Trial] = [t for t in trials if t.config.model == spec.name]
    new: list[Trial] = []
    for batch in range(math.ceil(count / BATCH)):
        if job.remaining() <= 0:
            break
        ask = min(BATCH, count - batch * BATCH)
        seed = derive_seed(job.material.seed, "tpe", spec.name, batch)
        known = {t.config.config_id for t in (*mine, *new)}
        configs = {c.config_id: c for c in ask_tpe(spec, base.config, _told([*mine, *new]), ask, seed)}
        fresh = [c for key, c in configs.items() if key not in known]
        if fresh:
            first = len(trials) + len(new)
            new += job.trials(fresh, [2] * len(fresh), f"tune {spec.name}", first)
    return new


def _told(trials: Sequence[Trial]) -> list[tuple[Config, float]]:
    """What the sampler learns: finished configurations with their least mean loss."""
    return [(t.config, float(t.curve.min())) for t in trials if t.status == "done"]


def _top_families(trials: Sequence[Trial], families: int) -> list[Trial]:
    """The best finished trial of each tunable family, best family first."""
    best: dict[str, Trial] = {}
    for trial in trials:
        if trial.status == "done" and trial.stage == 1 and tunable(get(trial.config.model)):
            held = best.get(trial.family)
            if held is None or trial.curve.min() < held.curve.min():
                best[trial.family] = trial
    ranked = sorted(best.values(), key=lambda t: (float(t.curve.min()), t.order))
    return ranked[:families]


def _said(trials: Sequence[Trial], truncated: bool) -> list[Finding]:
    findings = []
    for trial in trials:
        if trial.status == "failed":
            findings.append(finding("TB212", f"{trial.config.model} (trial {trial.order}): {trial.failure}", count=1))
    if truncated:
        skipped = sum(t.status == "skipped" for t in trials)
        what = f"{skipped} of {len(trials)} configurations were cut off" if skipped else "further tuning was left out"
        findings.append(finding("TB208", f"the search ended early: {what}", count=max(1, skipped)))
    return findings


def mean_loss(trial: Trial) -> tuple[float, float]:
    """Least mean loss of a trial and its standard error over patients."""
    loss: NDArray[np.float64] = trial.loss[trial.best]
    return float(loss.mean()), float(loss.std() / math.sqrt(len(loss)))

"""The search: every line of the portfolio on every fold, then a few more by Optuna where events allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tabml.core.config import StudyConfig
from tabml.core.errors import DataError
from tabml.core.findings import Finding, finding
from tabml.core.progress import Report, silent
from tabml.core.spec import Configuration
from tabml.core.splits import SplitPlan, derive_seed
from tabml.learn.budget import Budget, Remaining, forever
from tabml.learn.executor import Executor
from tabml.learn.folds import gather, run_folds
from tabml.learn.loss import LossRule, loss_rule
from tabml.learn.material import Material
from tabml.learn.portfolio import Portfolio
from tabml.learn.trials import SearchResult, Trial
from tabml.learn.tune import ask_tpe, gate, tunable
from tabml.models import get

PORTFOLIO = "search"
BATCH = 4  # trials asked at once: fixed, never the number of workers


def search(
    material: Material,
    plan: SplitPlan,
    portfolio: Portfolio,
    config: StudyConfig,
    executor: Executor,
    *,
    progress: Report = silent,
    budget: Budget | None = None,
    later: float = 0.0,
) -> SearchResult:
    """Run portfolio and TPE stage on the plan's folds.

    `later`: what comes after the search, in portfolios; that much time is kept from the TPE stage.
    A configuration that fails, or that the time limit cuts off, has no score; a DataError when none is left.
    """
    rule = loss_rule(material.target, plan, material.grid)
    budget = budget or Budget(forever, 0)
    remaining = budget.for_search
    job = _Run(material, plan, rule, executor, progress, remaining, budget)
    before = remaining()
    trials = list(job.trials(portfolio.configs, portfolio.stage, PORTFOLIO))
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


@dataclass(frozen=True)
class _Run:
    """What every stage of the search needs."""

    material: Material
    plan: SplitPlan
    rule: LossRule
    executor: Executor
    progress: Report
    remaining: Remaining
    budget: Budget

    def trials(
        self, configs: Sequence[Configuration], stages: Sequence[int], stage: str, first: int = 0
    ) -> tuple[Trial, ...]:
        results = run_folds(
            self.material, self.plan, self.plan.folds, configs, self.executor,
            progress=self.progress, remaining=self.remaining, stage=stage, one_by_one=self.budget.is_limited,
            done=self.budget.paced if stage == PORTFOLIO else lambda n: None,
        )  # fmt: skip
        return tuple(
            gather(self.material, self.plan, self.plan.folds, config, results, self.rule, first + i, s)
            for i, (config, s) in enumerate(zip(configs, stages, strict=True))
        )


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


def _told(trials: Sequence[Trial]) -> list[tuple[Configuration, float]]:
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

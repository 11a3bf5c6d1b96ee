"""The answer of a study: named estimates of every model, the left-out centres, the comparisons and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.core.progress import Report, silent
from tabml.core.results import Curve, Estimate, EstimateType, VerdictCode
from tabml.learn.budget import Remaining, forever
from tabml.learn.chosen import Chosen
from tabml.learn.contenders import choosers
from tabml.learn.estimate.bbc import Corrected, Gain, affordable, bias_corrected, patient_weights, verdict
from tabml.learn.estimate.centres import LeftOut
from tabml.learn.estimate.nested import nested
from tabml.learn.evaluate import centres as numbers_of_centres
from tabml.learn.evaluate import numbers
from tabml.learn.evaluate.crossfit import CALIBRATION
from tabml.learn.evaluate.curves import curves
from tabml.learn.executor import Executor
from tabml.learn.judge import Judge
from tabml.learn.pipeline import FittedPipeline
from tabml.learn.scored import Scored, fold_numbers, of_outer, out_of_fold
from tabml.metrics.registry import HEADLINE


@dataclass(frozen=True)
class Answer:
    """Numbers, lines and the verdict."""

    scored: Mapping[str, Scored]
    estimates: tuple[Estimate, ...]
    comparisons: tuple[Estimate, ...]
    curves: tuple[Curve, ...]
    findings: tuple[Finding, ...]
    verdict: VerdictCode
    headline: Estimate | None
    resamples: int


def estimate(
    chosen: Chosen,
    pipelines: Mapping[str, FittedPipeline],
    left_out: Sequence[LeftOut],
    executor: Executor,
    progress: Report = silent,
    remaining: Remaining = forever,
) -> Answer:
    """The three named estimates of every model, the centres, the comparisons and the verdict.

    Where `remaining` runs short fewer resamples are drawn; numbers that time cuts off are left out. Both are said.
    """
    material, config, trials = chosen.material, chosen.config, chosen.found.done
    repeats = 1 if chosen.plan.kind == "nested" else 1 + max(f.repeat for f in chosen.plan.folds)
    resamples = affordable(config.estimate.resamples, material.patients.n, repeats)
    drawn = patient_weights(material, resamples, "bbc")
    bench = numbers.Bench(
        material, Judge.of(material), drawn.counts, config.report.thresholds, config.privacy.small_cell
    )
    folds = fold_numbers(chosen.plan)
    scored = out_of_fold(chosen.field, trials, chosen.decision, chosen.lesson, folds)
    bench, hurried = numbers.in_time(bench, scored, executor.workers, remaining)
    # what a report leads with comes first, for time may run out
    is_nested = chosen.plan.kind == "nested"
    honest: EstimateType = "corrected_nested" if is_nested else "corrected_bbc"
    outer = of_outer(nested(trials, chosen.plan, chosen.found.rule, chosen.lesson, config)) if is_nested else {}
    draws = numbers.resampled(bench, outer, executor, headline=True, remaining=remaining)
    models = {} if is_nested else choosers(chosen.field, trials)
    asks = {name: [a for a in bench.asks(name) if a.key not in CALIBRATION] for name in models}
    corrected = bias_corrected(
        chosen.field, models, asks, chosen.lesson, folds, config, bench.weights, executor, progress, remaining
    )  # fmt: skip
    winner = numbers.resampled(bench, scored, executor, headline=False, slow=not is_nested, remaining=remaining)
    own = numbers.on_own_rows(bench, pipelines)
    apparent = numbers.resampled(bench, own, executor, headline=False, remaining=remaining)
    estimates = [
        *numbers.cross_validated(bench, own, apparent, "apparent"),
        *numbers.cross_validated(bench, scored, winner, "cv_winner"),
    ]
    twins = chosen.selection.final == chosen.selection.simple
    if is_nested:
        scored = outer
        estimates += numbers.cross_validated(bench, scored, draws, honest)
        comparisons = numbers.compared_scored(bench, scored, draws, honest, twins)
        word, findings = verdict(_gains(chosen, scored), material.task)
    else:
        more, skipped = numbers.corrected(bench, corrected, scored, winner)
        estimates += more
        comparisons = numbers.compared_corrected(bench, corrected, twins)
        word, findings = verdict(_gains(chosen, scored, corrected), material.task)
        findings = (*findings, *skipped)
        if "final" not in corrected:
            hurried += (finding("TB208", "no corrected estimate was reached: the winner's stands, which is too good"),)
    centres = numbers_of_centres.by_centre(bench, left_out)
    estimates += [*centres, *numbers_of_centres.pooled(bench, left_out, centres)]
    of_final = {e.estimate_type: e for e in estimates if (e.key, e.model) == (HEADLINE[material.task], "final")}
    headline = of_final.get(honest) or of_final.get("cv_winner")
    said = [*hurried, *numbers.said_of_redrawn(drawn), *numbers.said_of_calibration(estimates, honest),
            *numbers.said_of_missing(estimates), *numbers_of_centres.said(bench, centres, headline)]  # fmt: skip
    return Answer(scored, tuple(estimates), tuple(comparisons), tuple(curves(bench, scored, _drawn(honest))),
                  (*findings, *said), word, headline, len(bench.weights))  # fmt: skip


def _gains(
    chosen: Chosen, scored: Mapping[str, Scored], corrected: Mapping[str, Corrected] | None = None
) -> dict[str, Gain]:
    """Loss saved against each reference; the mean from the out-of-bag draws where there are some."""
    rule = chosen.found.rule
    names = [n for n in ("final", "null", "age_sex") if n in scored]
    loss = {n: rule(scored[n].link).mean(axis=0) for n in names}
    mean: dict[str, float] = {}
    if corrected is not None and "final" in corrected:
        mean = {n: float(np.nanmean(corrected[n].loss - corrected["final"].loss)) for n in names[1:] if n in corrected}
    return {n: Gain.of(loss[n] - loss["final"], mean.get(n)) for n in names[1:]}


def _drawn(honest: EstimateType) -> EstimateType:
    """What figures show: nested predictions are corrected; plain out-of-fold ones are those of the winner."""
    return honest if honest == "corrected_nested" else "cv_winner"

"""The answer of a study: named estimates of every model, the left-out centres, the comparisons and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tabml.core.findings import Finding, finding
from tabml.core.progress import Report, silent
from tabml.core.results import Curve, Estimate, EstimateType
from tabml.learn.budget import Remaining, forever
from tabml.learn.chosen import Chosen
from tabml.learn.contenders import choosers
from tabml.learn.estimate.bbc import Corrected, affordable, bias_corrected, patient_weights, verdict
from tabml.learn.estimate.centres import LeftOut
from tabml.learn.estimate.nested import nested
from tabml.learn.evaluate import centres as numbers_of_centres
from tabml.learn.evaluate import numbers
from tabml.learn.evaluate.curves import curves
from tabml.learn.executor import Executor
from tabml.learn.judge import Judge
from tabml.learn.loss import Floats, by_patient
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
    verdict: str
    headline: Estimate | None


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
    weights = patient_weights(material, resamples, "bbc")
    bench = numbers.Bench(material, Judge.of(material), weights, config.report.thresholds)
    folds = fold_numbers(chosen.plan)
    scored = out_of_fold(chosen.field, trials, chosen.decision, chosen.lesson, folds)
    bench, hurried = numbers.in_time(bench, scored, executor.workers, remaining)
    winner = numbers.resampled(bench, scored, executor, headline=False, remaining=remaining)
    own = numbers.on_own_rows(bench, pipelines)
    apparent = numbers.resampled(bench, own, executor, headline=False, remaining=remaining)
    estimates = [
        *numbers.cross_validated(bench, own, apparent, "apparent"),
        *numbers.cross_validated(bench, scored, winner, "cv_winner"),
    ]
    honest: EstimateType
    if chosen.plan.kind == "nested":
        honest = "corrected_nested"
        scored = of_outer(nested(trials, chosen.plan, chosen.found.rule, chosen.lesson, config))
        draws = numbers.resampled(bench, scored, executor, headline=True, remaining=remaining)
        estimates += numbers.cross_validated(bench, scored, draws, honest)
        comparisons = numbers.compared_scored(bench, scored, draws, honest)
        word, findings = verdict(_outer_gains(chosen, scored, bench), shrink=1.0)
    else:
        honest = "corrected_bbc"
        models = choosers(chosen.field, trials)
        asks = {name: bench.asks(name) for name in models}
        corrected = bias_corrected(
            chosen.field, models, asks, chosen.lesson, folds, config, bench.weights, executor, progress, remaining
        )  # fmt: skip
        more, skipped = numbers.corrected(bench, corrected)
        estimates += more
        comparisons = numbers.compared_corrected(bench, corrected)
        if "final" in corrected:
            word, findings = verdict(_draw_gains(corrected))
        else:
            word, findings = verdict(_outer_gains(chosen, scored, bench), shrink=1.0)
            hurried += (finding("TB208", "no corrected estimate was reached: the winner's stands, which is too good"),)
        findings = (*findings, *skipped)
    centres = numbers_of_centres.by_centre(bench, left_out)
    estimates += [*centres, *numbers_of_centres.pooled(bench, left_out, centres)]
    headline = next((e for e in estimates if (e.key, e.model, e.estimate_type) == (HEADLINE[material.task], "final", honest)), None)  # fmt: skip
    said = [
        *hurried,
        *numbers.said_of_calibration(estimates, honest), *numbers.said_of_missing(estimates),
        *numbers_of_centres.said_of_centres(bench, centres, headline),
    ]  # fmt: skip
    return Answer(scored, tuple(estimates), tuple(comparisons), tuple(curves(bench, scored, _drawn(honest))),
                  (*findings, *said), word, headline)  # fmt: skip


def _draw_gains(draws: Mapping[str, Corrected]) -> dict[str, Floats]:
    """Loss saved against each reference, per draw (B,)."""
    return {name: draws[name].loss - draws["final"].loss for name in ("null", "age_sex") if name in draws}


def _outer_gains(chosen: Chosen, scored: Mapping[str, Scored], bench: numbers.Bench) -> dict[str, Floats]:
    """Loss saved against each reference on outer predictions, per bootstrap draw (B,)."""
    rule = chosen.found.rule
    loss = {}
    for name in ("final", "null", "age_sex"):
        if name in scored:
            rows = rule.rows(scored[name].link[0], 0)
            loss[name] = by_patient(rows, rule.patient, rule.n_patients)
    weight = bench.weights.astype(float)
    return {n: weight @ (v - loss["final"]) / weight.sum(axis=1) for n, v in loss.items() if n != "final"}


def _drawn(honest: EstimateType) -> EstimateType:
    """What figures show: nested predictions are corrected; plain out-of-fold ones are those of the winner."""
    return honest if honest == "corrected_nested" else "cv_winner"

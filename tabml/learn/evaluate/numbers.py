"""From predictions to numbers: every metric of every named model with its interval and the name of its estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tabml.core.errors import DataError
from tabml.core.findings import Finding, finding
from tabml.core.privacy import SMALL_CELL
from tabml.core.results import SENSIBLE_SLOPE, Estimate, EstimateType
from tabml.core.target import SURVIVAL_TASKS
from tabml.learn.budget import Remaining, forever
from tabml.learn.estimate.bbc import MOST_SKIPPED, SHRINK, Corrected
from tabml.learn.evaluate.crossfit import CALIBRATION, FORMULA, point_of, value_of
from tabml.learn.executor import Executor, one_thread
from tabml.learn.judge import MOST_RESAMPLES, Ask, Judge, most_resamples
from tabml.learn.loss import Floats
from tabml.learn.material import Material
from tabml.learn.pipeline import FittedPipeline
from tabml.learn.scored import NAMED, Scored
from tabml.learn.trial import LOST_WORKER, Worker
from tabml.metrics.intervals import Resamples, Scale, expanded, percentile, shrunk_interval
from tabml.metrics.value import Value, known, unknown

SIDE_RESAMPLES = 200  # of numbers that are not the headline
LEAST_IN_TIME, TIMED = 100, 5  # resamples under a time limit, and those that are timed


@dataclass(frozen=True)
class Bench:
    """What all estimates of a study share: the judge, bootstrap counts (B, N), patients and events."""

    material: Material
    judge: Judge
    weights: NDArray[np.int32]
    thresholds: tuple[float, ...] = ()
    small_cell: int = SMALL_CELL

    @property
    def one_row_each(self) -> bool:
        """Whether rows are patients, so that a formula for independent rows holds."""
        return len(self.material.y) == self.material.patients.n

    @property
    def smaller(self) -> int:
        """Patients in the smaller class, with the event, or all of them: what a draw really resamples."""
        return self.material.events

    @property
    def level(self) -> float:
        """Level at which quantiles of draws make 95 % intervals."""
        return expanded(0.95, self.smaller)

    def asks(self, model: str) -> tuple[Ask, ...]:
        """All numbers for the final and the simple model, the brief ones for the others."""
        return self.judge.asks(brief=model not in NAMED, thresholds=self.thresholds)

    def estimate(self, ask: Ask, value: Value, model: str, kind: EstimateType, population: str = "all") -> Estimate:
        """The record of a number."""
        metric, target = ask.metric, self.material.target
        reason = value.reason if value.value is None else value.note
        return Estimate(
            ask.key, model, kind, value.value, value.lower, value.upper, population,
            self.material.patients.n, self.events(ask.cls), ask.horizon,
            cls=None if ask.cls is None else target.classes[ask.cls], threshold=ask.threshold,
            ci_method=value.method, resamples=value.resamples,
            unit=(target.unit or "1") if metric.unit == "y" else metric.unit,
            direction=metric.direction, status=value.status, reason=reason, decimals=metric.decimals,
        )  # fmt: skip

    def events(self, cls: int | None = None) -> int | None:
        """Patients with the outcome, or in the class; None where events are not counted."""
        return count_events(self.material, np.arange(self.material.patients.n), cls)


def count_events(material: Material, patients: NDArray[np.int64], cls: int | None = None) -> int | None:
    """Events among some patients."""
    outcome = material.patients.outcome[patients].astype(str)
    if material.task in SURVIVAL_TASKS or material.task == "binary":
        return int((outcome == "1").sum())
    return int((outcome == str(cls)).sum()) if material.task == "multiclass" and cls is not None else None


@dataclass(frozen=True)
class ResampleTask:
    """One model's predictions judged under patient counts (B, N); means over repeats."""

    asks: tuple[Ask, ...]
    scored: Scored
    weights: NDArray[np.int32]

    def run(self, worker: Worker) -> tuple[dict[Ask, Floats]]:
        judge = Judge.of(worker.material)
        s, counts = self.scored, self.weights[:, judge.patient].astype(float)
        found = [
            judge.draws(self.asks, counts, s.raw[r], lambda i, r=r: s.link[r], fold=s.fold[r])  # type: ignore[misc]
            for r in range(len(s.raw))
        ]
        return ({a: np.asarray(np.mean([f[a] for f in found], axis=0)) for a in self.asks},)

    def parts(self) -> tuple[ResampleTask, ...]:
        return (self,)

    def lost(self) -> tuple[dict[Ask, Floats]]:
        raise DataError(f"an interval cannot be made: {LOST_WORKER}", hint="fewer workers, or more memory")


def in_time(
    bench: Bench, scored: Mapping[str, Scored], workers: int, remaining: Remaining
) -> tuple[Bench, tuple[Finding, ...]]:
    """The bench with as many resamples as the time that is left allows, 100 at least, and TB208 where it lost some.

    A few draws of the final model are timed. Without a limit nothing is timed and nothing changes.
    """
    wanted, left = len(bench.weights), remaining()
    if left == float("inf") or wanted <= LEAST_IN_TIME:
        return bench, ()
    s = scored["final"]
    counts = bench.weights[:TIMED][:, bench.judge.patient].astype(float)
    with one_thread():
        bench.judge.draws(bench.asks("final"), counts, s.raw[0], lambda i: s.link[0], fold=s.fold[0])
    a_draw = max(left - remaining(), 1e-6) / TIMED * len(s.raw)
    everyone = sum(len(bench.asks(name)) for name in scored) / len(bench.asks("final"))
    # each draw is taken on own rows, out of fold and out of bag, where calibration is learnt again
    possible = int(max(left, 0.0) * workers / (4 * a_draw * everyone))
    if possible >= wanted:
        return bench, ()
    taken = max(LEAST_IN_TIME, possible)
    said = f"intervals rest on {taken} resamples instead of {wanted}"
    return replace(bench, weights=bench.weights[:taken]), (finding("TB208", said, count=taken),)


def resampled(
    bench: Bench,
    scored: Mapping[str, Scored],
    executor: Executor,
    *,
    headline: bool,
    slow: bool = False,
    remaining: Remaining = forever,
) -> dict[str, dict[Ask, Floats]]:
    """Draws of every model's metrics over resampled patients.

    Where these predictions are not the headline, fewer draws are taken and none of slow metrics unless asked; none
    either of metrics whose formula gives the interval. A model that the time limit cuts off has no draws.
    """
    weights = bench.weights if headline else bench.weights[:SIDE_RESAMPLES]
    tasks = []
    for name, s in scored.items():
        asks = tuple(
            a for a in bench.asks(name)
            if (headline or slow or a.key not in MOST_RESAMPLES) and not (bench.one_row_each and a.key in FORMULA)
        )  # fmt: skip
        tasks.append(ResampleTask(asks, s, weights))
    answers = executor.run(tasks, done=lambda n: None, remaining=remaining)
    return {name: {} if answer is None else answer[0] for name, answer in zip(scored, answers, strict=True)}


def cross_validated(
    bench: Bench, scored: Mapping[str, Scored], draws: Mapping[str, Mapping[Ask, Floats]], kind: EstimateType
) -> list[Estimate]:
    """Each model on these predictions, with patient-bootstrap intervals; means over repeats."""
    return [
        bench.estimate(ask, _cross_fitted(bench, ask, s, draws[name]), name, kind)
        for name, s in scored.items()
        for ask in bench.asks(name)
    ]


def corrected(
    bench: Bench, draws: Mapping[str, Corrected], scored: Mapping[str, Scored], own: Mapping[str, Mapping[Ask, Floats]]
) -> tuple[list[Estimate], list[Finding]]:
    """BBC estimates: mean of the out-of-bag draws, interval shrunk on the metric's own scale.

    Calibration is that of the cross-fitted predictions (`scored`, with draws `own` over resampled patients).
    """
    estimates, findings = [], []
    for name, model in draws.items():
        for ask in bench.asks(name):
            if ask.key in CALIBRATION:
                value = _cross_fitted(bench, ask, scored[name], own[name])
            else:
                value = _shrunk(_run(ask, model.draws[ask]), ask.metric.scale, level=bench.level)
            estimates.append(bench.estimate(ask, value, name, "corrected_bbc"))
    for ask, drawn in draws["final"].draws.items() if "final" in draws else ():
        lost = float(np.mean(~np.isfinite(_run(ask, drawn))))
        if lost > MOST_SKIPPED:
            findings.append(finding("TB231", f"{ask.key}: {lost:.0%} of the resamples have no number"))
    return estimates, findings


def on_own_rows(bench: Bench, models: Mapping[str, FittedPipeline]) -> dict[str, Scored]:
    """Each shipped model's answers for the rows it was fitted on, all of them in one fold."""
    out = {}
    for name, pipeline in models.items():
        raw = pipeline.raw_link(bench.material.frame)[0]
        out[name] = Scored(
            name, raw[None], pipeline.calibrator.apply(raw)[None], np.zeros((1, len(raw)), dtype=np.int64)
        )
    return out


def compared_corrected(bench: Bench, draws: Mapping[str, Corrected], twins: bool = False) -> list[Estimate]:
    """Final minus simple, age and sex, and null, in the same draws.

    `twins`: final and simple are one model. They are then not compared: in draws each rule may pick another one, and
    their difference would be one of rules.
    """
    out: list[Estimate] = []
    if "final" not in draws:
        return out
    for other in _others(draws, twins):
        for ask in bench.judge.asks(brief=True):
            both = _run(ask, draws["final"].draws[ask] - draws[other].draws[ask])
            value = _shrunk(both, "identity", level=bench.level)
            out.append(_difference(bench.estimate(ask, value, f"final - {other}", "corrected_bbc")))
    return out


def compared_scored(
    bench: Bench, scored: Mapping[str, Scored], draws: Mapping[str, Mapping[Ask, Floats]], kind: EstimateType,
    twins: bool = False,
) -> list[Estimate]:  # fmt: skip
    """Final minus simple, age and sex, and null, on the same resampled patients."""
    out = []
    for other in _others(scored, twins):
        for ask in bench.judge.asks(brief=True):
            a, b = (point_of(bench.judge, ask, scored[n]) for n in ("final", other))
            point = known(float(a) - float(b)) if a.value is not None and b.value is not None else a
            drawn = [draws[name].get(ask) for name in ("final", other)]
            if drawn[0] is None or drawn[1] is None:
                continue
            value = percentile(point, drawn[0] - drawn[1], level=bench.level)
            out.append(_difference(bench.estimate(ask, value, f"final - {other}", kind)))
    return out


def said_of_calibration(estimates: Sequence[Estimate], kind: EstimateType) -> list[Finding]:
    """TB301 where the final model's slope on unseen patients is outside 0.8-1.2."""
    keys = ("calibration_slope", "survival_slope", "slope")
    mine = [e for e in estimates if e.key in keys and e.model == "final" and e.estimate_type == kind]
    off = [e for e in mine if e.value is not None and not SENSIBLE_SLOPE[0] <= e.value <= SENSIBLE_SLOPE[1]]
    return [finding("TB301", f"calibration slope {e.text}") for e in off if e.population == "all"]


def said_of_redrawn(drawn: Resamples) -> list[Finding]:
    """TB231 where more than 5 % of the resamples held one outcome only and were drawn again."""
    share = drawn.redrawn / (drawn.redrawn + len(drawn.counts))
    said = f"{share:.0%} of the resamples held one outcome only and were drawn again"
    return [finding("TB231", said)] if share > MOST_SKIPPED else []


def said_of_missing(estimates: Sequence[Estimate]) -> list[Finding]:
    """TB300 for numbers of the final model over all patients that could not be given."""
    lost = [e for e in estimates if e.model == "final" and e.population == "all" and e.status == "not_estimable"]
    return [finding("TB300", f"{e.key} ({e.estimate_type}): {e.reason}") for e in lost]


def _others(models: Mapping[str, object], twins: bool) -> list[str]:
    return [name for name in ("simple", "age_sex", "null") if name in models and not (twins and name == "simple")]


def _difference(estimate: Estimate) -> Estimate:
    """A difference above 0 means the first number is larger, better or not."""
    return replace(estimate, decimals=estimate.decimals + 1)


def _cross_fitted(bench: Bench, ask: Ask, scored: Scored, draws: Mapping[Ask, Floats]) -> Value:
    return value_of(bench.judge, ask, scored, draws.get(ask), independent=bench.one_row_each, events=bench.smaller)


def _run(ask: Ask, draws: Floats) -> Floats:
    """The draws that the metric was taken on."""
    return draws[: int(min(len(draws), most_resamples(ask)))]


def _shrunk(draws: Floats, scale: Scale, *, level: float) -> Value:
    """Mean of the out-of-bag draws, and their quantiles drawn in on `scale`."""
    usable = draws[np.isfinite(draws)]
    if len(usable) < max(2, 0.5 * len(draws)):
        return unknown("too few patients on one side of the resamples")
    if np.ptp(usable) == 0:
        return known(float(usable[0]), note="no interval: every resample gives the same number")
    middle, low, high = shrunk_interval(usable, factor=SHRINK, scale=scale, level=level)
    return known(middle).between(low, high, "bbc_out_of_bag", resamples=len(usable))

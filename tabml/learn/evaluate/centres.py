"""Numbers of the left-out centres: each by name with its interval, and together where there are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tabml.core.findings import Finding, finding
from tabml.core.results import SENSIBLE_RATIO, SENSIBLE_SLOPE, SHARED_CHOICE, Estimate, EstimateType
from tabml.core.splits import derive_seed
from tabml.core.target import SURVIVAL_TASKS
from tabml.learn.estimate.bbc import contrast
from tabml.learn.estimate.centres import LeftOut
from tabml.learn.evaluate.numbers import Bench, count_events
from tabml.learn.judge import MOST_RESAMPLES, Ask
from tabml.metrics.classification import delong
from tabml.metrics.intervals import Scale, bootstrap_counts, expanded, percentile, z_of
from tabml.metrics.pooling import pool
from tabml.metrics.registry import HEADLINE
from tabml.metrics.value import Floats, Value, logit, unknown

RIGHT = ("observed_expected", "observed_expected_at")
SLOPES = ("calibration_slope", "survival_slope", "slope")
SHOWN = ("final", "simple", "age_sex", "null")
KIND: EstimateType = "internal_external"


def by_centre(bench: Bench, left_out: Sequence[LeftOut]) -> list[Estimate]:
    """Every named model at every left-out centre; populations are `centre:NAME`. Small centres say that they are."""
    out = []
    for left in left_out:
        patients = np.unique(bench.judge.patient[left.rows])
        for name in (n for n in SHOWN if n in left.link):
            for ask, value in _values(bench, left, name).items():
                estimate = bench.estimate(ask, value, name, KIND, f"centre:{left.centre}")
                events = count_events(bench.material, patients, ask.cls)
                estimate = replace(estimate, n=len(patients), events=events)
                if estimate.status == "ok":
                    estimate = replace(estimate, reason=_remark(left) or estimate.reason)
                out.append(estimate)
    return out


def pooled(bench: Bench, left_out: Sequence[LeftOut], centres: Sequence[Estimate]) -> list[Estimate]:
    """Random-effects mean of the centres that are large enough, and the interval for a new centre (`new_centre`)."""
    enough = [left for left in left_out if not left.few and not left.one_class]
    names = {f"centre:{left.centre}" for left in enough}
    rows = np.concatenate([left.rows for left in enough]) if enough else np.zeros(0, dtype=np.int64)
    patients = np.unique(bench.judge.patient[rows])
    out = []
    for name in SHOWN:
        for ask in _asks(bench, name):
            found = [e for e in centres if e.model == name and _same(e, ask, bench) and e.population in names]
            usable = [e for e in found if e.value is not None and e.lower is not None and e.upper is not None]
            if not found:
                continue
            scale = ask.metric.scale
            values, se = np.array([e.value for e in usable]), np.array([_se(e, scale) for e in usable])
            both = pool(values, se, scale=scale)
            estimate = replace(bench.estimate(ask, both.value, name, KIND), n=len(patients),
                               events=count_events(bench.material, patients, ask.cls))  # fmt: skip
            if estimate.status == "ok" and not all(left.reselected for left in enough):
                estimate = replace(estimate, reason=SHARED_CHOICE)
            out.append(estimate)
            if both.prediction is not None and both.value.value is not None:
                new = both.value.between(*both.prediction, "reml_prediction_interval")
                beyond = bench.estimate(ask, new, name, KIND, "new_centre")
                out.append(replace(beyond, n=estimate.n, events=estimate.events, reason=estimate.reason))
    return out


def said(bench: Bench, centres: Sequence[Estimate], inside: Estimate | None) -> list[Finding]:
    """What is worse at centres that were left out: performance (TB302) and risks (TB303)."""
    return [*said_of_performance(bench, centres, inside), *said_of_risks(centres)]


def said_of_performance(bench: Bench, centres: Sequence[Estimate], inside: Estimate | None) -> list[Finding]:
    """TB302: a centre whose whole 95 % interval of the headline lies on the worse side of the estimate over all.

    `inside` is the final model's corrected estimate with random folds.
    """
    key = HEADLINE[bench.material.task]
    if inside is None or inside.value is None:
        return []
    findings = []
    for e in centres:
        if e.key != key or e.model != "final" or e.upper is None or e.lower is None:
            continue
        higher = e.direction == "higher_is_better"
        if e.upper < inside.value if higher else e.lower > inside.value:
            name = e.population.removeprefix("centre:")
            evidence = (
                f"{name}: {ask_label(key)} {e.text} when left out, {inside.text} over all; "
                "its whole interval is on the worse side"
            )
            findings.append(finding("TB302", evidence, source=name, count=e.n or 0))
    return findings


def said_of_risks(centres: Sequence[Estimate]) -> list[Finding]:
    """TB303: a centre where risks are off by more than chance: O/E outside 0.8-1.25, or a slope outside 0.8-1.2.

    The 95 % interval has to exclude 1. Of several horizons the longest speaks.
    """
    longest = max((e.horizon or 0 for e in centres if e.key in RIGHT), default=0)
    found: dict[str, list[Estimate]] = {}
    for e in centres:
        if e.model == "final" and (e.key in SLOPES or (e.key in RIGHT and (e.horizon or 0) == longest)) and is_off(e):
            found.setdefault(e.population.removeprefix("centre:"), []).append(e)
    return [
        finding("TB303", f"{name}: " + ", ".join(f"{ask_label(e.key)} {e.text}" for e in off) + " when left out",
                source=name, count=off[0].n or 0)
        for name, off in found.items()
    ]  # fmt: skip


def is_off(estimate: Estimate) -> bool:
    """Whether a ratio or slope is outside its bounds with an interval that excludes 1."""
    if estimate.value is None or estimate.lower is None or estimate.upper is None:
        return False
    low, high = SENSIBLE_RATIO if estimate.key in RIGHT else SENSIBLE_SLOPE
    return not low <= estimate.value <= high and not estimate.lower <= 1 <= estimate.upper


def ask_label(key: str) -> str:
    """A metric's name in words."""
    return Ask(key).metric.label


def _asks(bench: Bench, name: str) -> tuple[Ask, ...]:
    """Numbers of a centre: without the slow smoothers, which need many patients, and without folds to pool."""
    return tuple(a for a in bench.asks(name) if a.key not in (*MOST_RESAMPLES, "auroc_pooled"))


def _values(bench: Bench, left: LeftOut, name: str) -> dict[Ask, Value]:
    """Closed-form intervals where the metric has one, else the patient bootstrap inside the centre."""
    raw, link, rows = left.raw[name], left.link[name], left.rows
    asks = _asks(bench, name)
    if left.one_class:
        pairs = {a for a in asks if a.metric.pairs}
        rest = {a: bench.judge.value(a, raw, link, rows=rows) for a in asks if a not in pairs}
        return {a: unknown("the centre has one outcome class") if a in pairs else rest[a] for a in asks}
    values = {a: bench.judge.value(a, raw, link, rows=rows) for a in asks}
    clustered = len(np.unique(bench.judge.patient[rows])) < len(rows)
    if bench.material.task == "binary" and not clustered:
        y = bench.judge.target.y[rows]
        values |= {a: delong(y, raw) for a in asks if a.key == "auroc"}
    open_ended = [a for a, v in values.items() if v.value is not None and (v.lower is None or clustered)]
    if not open_ended:
        return values
    usable = contrast(bench.material.patients.outcome[bench.judge.patient[rows]], bench.material.task)
    seed = derive_seed(bench.material.seed, "centre bootstrap", left.centre)
    drawn = bootstrap_counts(bench.judge.patient[rows], resamples=len(bench.weights), seed=seed, usable=usable)
    draws = bench.judge.draws(open_ended, drawn.counts.astype(float), raw, lambda i: link, rows=rows)
    survival = bench.material.task in SURVIVAL_TASKS
    level = expanded(0.95, left.events if survival else min(left.events, left.others))
    return values | {a: percentile(values[a], draws[a], level=level) for a in open_ended}


def _remark(left: LeftOut) -> str:
    """What must be known beside a centre's numbers; few patients stand first."""
    few = [f"few: {left.events} with and {left.others} without the outcome"] if left.few else []
    return "; ".join([*few, *([] if left.reselected else [SHARED_CHOICE])])


def _same(estimate: Estimate, ask: Ask, bench: Bench) -> bool:
    cls = None if ask.cls is None else bench.material.target.classes[ask.cls]
    return (estimate.key, estimate.horizon, estimate.cls, estimate.threshold) == (
        ask.key, ask.horizon, cls, ask.threshold,
    )  # fmt: skip


def _se(estimate: Estimate, scale: Scale) -> float:
    """Standard error on the plain scale, read from an interval made on `scale`."""
    if estimate.value is None or estimate.lower is None or estimate.upper is None:
        return float("nan")
    ends: Floats = np.array([estimate.lower, estimate.upper])
    if scale == "logit":
        width, slope = float(np.ptp(logit(ends, 1e-6))), estimate.value * (1 - estimate.value)
    elif scale == "log":
        width, slope = float(np.ptp(np.log(np.maximum(ends, 1e-6)))), estimate.value
    else:
        width, slope = float(np.ptp(ends)), 1.0
    return width / (2 * z_of(0.95)) * slope

"""One number from cross-fitted predictions: the mean over repeats, with the interval that suits the measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tabml.learn.calibrate import MIN_SLOPE
from tabml.learn.judge import Ask, Judge, most_resamples
from tabml.learn.loss import Floats
from tabml.learn.scored import Scored
from tabml.metrics.intervals import expanded, percentile, recentred, wald, z_of
from tabml.metrics.value import Value, known, unknown

#: Slopes of the outcome on the predicted link. A slope is a ratio (right spread over predicted spread): log scale.
SLOPES = ("calibration_slope", "survival_slope")
#: Measures whose formula for independent patients covers better than resampling.
FORMULA = ("observed_expected", "observed_expected_at", "calibration_in_the_large", "calibration_intercept", *SLOPES)
#: Lines through observed on predicted: without meaning where calibration had to flatten the model.
LINES = ("calibration_slope", "calibration_intercept", "survival_slope", "slope", "intercept")
#: Mean distances from the diagonal: every resample adds noise, and so distance.
DISTANCES = ("ici", "ici_at")
FLATTENED = 1.1 * MIN_SLOPE
FLAT = "calibration flattened the model: its predictions are nearly all alike"
#: How far risks can be believed. Cross-fitted calibration has seen none of the patients it is judged on, so there is
#: nothing to correct; out-of-bag draws would learn and judge it on patients that exclude each other, and exaggerate.
CALIBRATION = (*FORMULA, *DISTANCES, "slope", "intercept")


def value_of(judge: Judge, ask: Ask, scored: Scored, draws: Floats | None, *, independent: bool, events: int) -> Value:
    """The number with its interval; `draws` (B,) over resampled patients, `independent`: one row per patient.

    `events`, the size of the smaller class, decides by how much quantiles of draws are widened.
    """
    point = unknown(FLAT) if ask.key in LINES and _is_flat(scored) else point_of(judge, ask, scored)
    if point.value is None:
        return point
    if ask.key in FORMULA and independent and point.lower is not None:
        return _on_log_scale(point) if ask.key in SLOPES else point
    point = replace(point, lower=None, upper=None, method=None)
    if draws is None:
        return point
    run = draws[: int(min(len(draws), most_resamples(ask)))]
    level = expanded(0.95, events)
    return recentred(point, run, level=level) if ask.key in DISTANCES else percentile(point, run, level=level)


def point_of(judge: Judge, ask: Ask, scored: Scored) -> Value:
    """The metric, mean over repeats (of the ends of its interval too); the first reason where one repeat has none."""
    values = [
        judge.value(ask, scored.raw[r], scored.link[r], fold=scored.fold[r]) for r in range(len(scored.raw))
    ]  # fmt: skip
    lost = next((v for v in values if v.value is None), None)
    if lost is not None or len(values) == 1:
        return lost or values[0]
    mean = known(float(np.mean([float(v) for v in values])))
    ends = [(v.lower, v.upper) for v in values if v.lower is not None and v.upper is not None]
    if len(ends) < len(values):
        return mean
    low, high = np.mean(ends, axis=0)
    return mean.between(float(low), float(high), values[0].method or "")


def _is_flat(scored: Scored) -> bool:
    """Whether calibration took nearly all spread from the links of half the folds: what is left is arbitrary."""
    flat = []
    for raw, link, fold in zip(scored.raw, scored.link, scored.fold, strict=True):
        for here in (fold == f for f in np.unique(fold)):
            before, after = (float(np.std(x[here], axis=0).mean()) for x in (raw, link))
            flat.append(after <= FLATTENED * before)
    return float(np.mean(flat)) >= 0.5


def _on_log_scale(point: Value) -> Value:
    """Wald's interval of a slope on the log scale; as it is where the slope is not above 0."""
    if point.value is None or point.lower is None or point.upper is None or point.value <= 0:
        return point
    se = (point.upper - point.lower) / (2 * z_of(0.95))
    return point.between(*wald(point.value, se, scale="log"), "wald_log")

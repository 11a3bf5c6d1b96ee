"""Binary and multiclass outcomes: does the model separate, and how far are its probabilities from what happened.

`y` (n,) holds 0 and 1 (multiclass: codes 0...K-1), `p` the probability of 1 (n,) or of each class (n, K).
`weight` are case weights, such as bootstrap counts; a row of weight 0 is absent. Calibration has its own file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from tabml.core.errors import InputError
from tabml.metrics.intervals import wald, wilson
from tabml.metrics.ranking import Ranking
from tabml.metrics.value import Floats, Value, columns, known, probabilities, unknown

LOG_LOSS_CLIP = 1e-6  # one certain and wrong patient costs 13.8, not infinity
ONE_CLASS = "all rows have the same outcome"


def auroc(y: ArrayLike, score: ArrayLike, *, fold: ArrayLike | None = None, weight: ArrayLike | None = None) -> Value:
    """Area under the ROC curve: share of case-control pairs in which the case scores higher, ties half.

    With `fold` (n,) only pairs inside one fold count: concordant summed over usable summed. Higher is better.
    """
    y, score, weight = columns(y, score, weight=weight)
    concordant, usable = Ranking.of(score, fold).count(weight * y, weight * (1 - y))
    if usable == 0:
        return unknown(ONE_CLASS if fold is None else "no fold holds both outcomes")
    return known(concordant / usable)


def auroc_pooled(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """AUROC of the calibrated risks over all pairs, also of patients whom models of different folds predicted.

    What the drawn ROC curve encloses, and what a reader computes from predictions.csv; the models of the folds have no
    common origin, so it is usually a little below `auroc`, which counts pairs inside folds. Higher is better.
    """
    return auroc(y, p, weight=weight)


def auroc_resampled(y: ArrayLike, score: ArrayLike, counts: ArrayLike, *, fold: ArrayLike | None = None) -> Floats:
    """AUROC under each row of resampling counts (B, n): (B,), NaN where a resample holds no pair."""
    y, score, _ = columns(y, score)
    return Ranking.of(score, fold).share(y, 1 - y, counts)


@dataclass(frozen=True)
class Influence:
    """AUROC and each row's influence on it; the sum of squares is DeLong's variance."""

    auc: float
    rows: Floats


def auroc_influence(y: ArrayLike, score: ArrayLike, *, fold: ArrayLike | None = None) -> Influence | None:
    """DeLong's structural components (DeLong, DeLong, Clarke-Pearson 1988), in the O(n log n) form; None without pairs.

    Inside folds a row's component is its deviation from its own fold's AUC.
    """
    y, score, _ = columns(y, score)
    case, group = y == 1, np.zeros(len(y)) if fold is None else np.asarray(fold)
    up, controls = Ranking.of(score, fold).gains(y, 1 - y)
    down, cases = Ranking.of(-score, fold).gains(1 - y, y)
    pairs = float(controls[case].sum())
    if pairs == 0:
        return None
    auc = float(up[case].sum() / pairs)
    rows = np.zeros(len(y))
    for g in np.unique(group):
        for side, won, met in ((case, up, controls), (~case, down, cases)):
            here = np.flatnonzero(side & (group == g))
            if len(here) == 0 or met[here[0]] == 0:
                continue
            alone = len(here) == 1
            middle = auc * met[here[0]] if alone and fold is not None else won[here].mean()
            rows[here] = (won[here] - middle) / pairs * (1.0 if alone else math.sqrt(len(here) / (len(here) - 1)))
    return Influence(auc, rows)


def delong(
    y: ArrayLike,
    score: ArrayLike,
    *,
    fold: ArrayLike | None = None,
    scale: Literal["logit", "identity"] = "logit",
    level: float = 0.95,
) -> Value:
    """AUROC with DeLong's interval, on the logit scale unless told otherwise; one row per patient.

    Patients with several rows need the patient bootstrap instead. At AUC 0 or 1, or with one row on a side,
    nothing can move the number: not estimable.
    """
    found = auroc_influence(y, score, fold=fold)
    if found is None:
        return unknown(ONE_CLASS if fold is None else "no fold holds both outcomes")
    cases = int(np.asarray(y).sum())
    if min(cases, len(np.asarray(y)) - cases) < 2:
        return known(found.auc, note="no interval: one outcome has a single row")
    if found.auc in (0.0, 1.0):
        return unknown(f"AUC is {found.auc:.0f}: complete separation has no interval")
    se = math.sqrt(float((found.rows**2).sum()))
    if se == 0:
        return known(found.auc, note="no interval: every row has the same score")
    return known(found.auc).between(*wald(found.auc, se, scale=scale, level=level), f"delong_{scale}")


def partial_auroc(
    y: ArrayLike, score: ArrayLike, *, specificity: float = 0.9, weight: ArrayLike | None = None
) -> Value:
    """Area under the ROC curve right of `specificity`, McClish's correction: 0.5 is chance, 1 perfect."""
    curve = roc_curve(y, score, weight=weight)
    if curve is None:
        return unknown(ONE_CLASS)
    limit = 1 - specificity
    inside = curve.false_positive < limit
    x = np.append(curve.false_positive[inside], limit)
    t = np.append(curve.true_positive[inside], np.interp(limit, curve.false_positive, curve.true_positive))
    area, chance = float(np.trapezoid(t, x)), limit**2 / 2
    return known(0.5 * (1 + (area - chance) / (limit - chance)))


@dataclass(frozen=True)
class RocCurve:
    """Corners of the ROC curve from (0, 0) to (1, 1): a row is called positive at `score >= threshold`."""

    false_positive: Floats
    true_positive: Floats
    threshold: Floats


def roc_curve(
    y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None, points: int | None = None
) -> RocCurve | None:
    """The ROC curve, or None with one class. With `points`, thinned to about that many corners for a figure.

    The first threshold is infinite: nobody is called positive there.
    """
    y, score, weight = columns(y, score, weight=weight)
    order = np.argsort(-score, kind="stable")
    y, score, weight = y[order], score[order], weight[order]
    last = np.append(np.flatnonzero(score[1:] != score[:-1]), len(score) - 1)
    true, false = np.cumsum(weight * y)[last], np.cumsum(weight * (1 - y))[last]
    if true[-1] == 0 or false[-1] == 0:
        return None
    tpr, fpr = np.append(0.0, true / true[-1]), np.append(0.0, false / false[-1])
    threshold = np.append(np.inf, score[last])
    if points is not None and len(fpr) > points:
        kept = np.unique(np.linspace(0, len(fpr) - 1, points).round().astype(int))
        fpr, tpr, threshold = fpr[kept], tpr[kept], threshold[kept]
    return RocCurve(fpr, tpr, threshold)


def auprc(y: ArrayLike, score: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Average precision, the step form without interpolation; read it beside the prevalence. Higher is better."""
    y, score, weight = columns(y, score, weight=weight)
    order = np.argsort(-score, kind="stable")
    y, score, weight = y[order], score[order], weight[order]
    last = np.append(np.flatnonzero(score[1:] != score[:-1]), len(score) - 1)
    true, called = np.cumsum(weight * y)[last], np.cumsum(weight)[last]
    if true[-1] == 0 or true[-1] == called[-1]:
        return unknown(ONE_CLASS)
    precision = np.divide(true, called, out=np.zeros_like(true), where=called > 0)
    return known(float((np.diff(np.append(0.0, true)) * precision).sum() / true[-1]))


def brier(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Brier score: mean of (y - p)^2. Lower is better; 0.25 is a coin."""
    y, p, weight = probabilities(y, p, weight)
    return known(np.average((y - p) ** 2, weights=weight))


def scaled_brier(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """1 - Brier / Brier of the prevalence: 1 is perfect, 0 the prevalence for everybody, below 0 worse than it."""
    y, p, weight = probabilities(y, p, weight)
    prevalence = np.average(y, weights=weight)
    if prevalence in (0.0, 1.0):
        return unknown(ONE_CLASS)
    return known(1 - np.average((y - p) ** 2, weights=weight) / (prevalence * (1 - prevalence)))


def log_loss(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Mean of -log of the probability given to what happened, p held inside [1e-6, 1 - 1e-6]. Lower is better."""
    y, p, weight = probabilities(y, p, weight)
    held = np.clip(p, LOG_LOSS_CLIP, 1 - LOG_LOSS_CLIP)
    clipped = int((held != p).sum())
    loss = -(y * np.log(held) + (1 - y) * np.log1p(-held))
    return known(np.average(loss, weights=weight), note=f"{clipped} probabilities clipped to 1e-6" if clipped else None)


def nagelkerke_r2(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Nagelkerke's R2 at the given p: (1 - e^{2(l0 - l)/n}) / (1 - e^{2 l0/n}). Higher is better, 1 is perfect."""
    y, p, weight = probabilities(y, p, weight)
    n, prevalence = weight.sum(), np.average(y, weights=weight)
    if prevalence in (0.0, 1.0):
        return unknown(ONE_CLASS)
    held = np.clip(p, 1e-12, 1 - 1e-12)
    fitted = float((weight * (y * np.log(held) + (1 - y) * np.log1p(-held))).sum())
    empty = float(n * (prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence)))
    return known(-math.expm1(min(2 * (empty - fitted) / n, 700.0)) / -math.expm1(2 * empty / n))


Rate = Literal["sensitivity", "specificity", "ppv", "npv"]


def at_threshold(
    y: ArrayLike, p: ArrayLike, threshold: float, *, weight: ArrayLike | None = None, level: float = 0.95
) -> dict[Rate, Value]:
    """Sensitivity, specificity, PPV and NPV where `p >= threshold` is called positive, with Wilson intervals.

    An empty denominator is not estimable. The threshold is stated before the data are seen.
    """
    y, p, weight = probabilities(y, p, weight)
    called = p >= threshold
    tp, fp = (weight * y * called).sum(), (weight * (1 - y) * called).sum()
    fn, tn = (weight * y * ~called).sum(), (weight * (1 - y) * ~called).sum()
    parts: dict[Rate, tuple[float, float, str]] = {
        "sensitivity": (tp, tp + fn, "no row has the outcome"),
        "specificity": (tn, tn + fp, "every row has the outcome"),
        "ppv": (tp, tp + fp, "nobody is at or above the threshold"),
        "npv": (tn, tn + fn, "nobody is below the threshold"),
    }
    return {
        name: known(k / n).between(*wilson(k, n, level), "wilson") if n > 0 else unknown(why)
        for name, (k, n, why) in parts.items()
    }


def risk_histogram(
    y: ArrayLike, p: ArrayLike, *, bins: int = 20, weight: ArrayLike | None = None
) -> tuple[Floats, tuple[float, ...], tuple[float, ...]]:
    """Edges of equal risk bands on 0-1, and how much weight without and with the outcome stands in each."""
    y, p, weight = probabilities(y, p, weight)
    edges = np.linspace(0, 1, bins + 1)
    without, with_ = (np.histogram(p[y == k], bins=edges, weights=weight[y == k])[0] for k in (0, 1))
    return edges, tuple(without.tolist()), tuple(with_.tolist())


def multiclass_log_loss(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Mean of -log of the probability given to the true class, held above 1e-6. Lower is better."""
    y, p, weight = columns(y, p, weight=weight)
    chosen = np.clip(p[np.arange(len(y)), y.astype(int)], LOG_LOSS_CLIP, 1.0)
    return known(np.average(-np.log(chosen), weights=weight))


def multiclass_brier(y: ArrayLike, p: ArrayLike, *, weight: ArrayLike | None = None) -> Value:
    """Mean over rows of the sum over classes of (y_k - p_k)^2: 0 perfect, 2 certain and wrong. Lower is better."""
    y, p, weight = columns(y, p, weight=weight)
    truth = np.eye(p.shape[1])[y.astype(int)]
    return known(np.average(((truth - p) ** 2).sum(axis=1), weights=weight))


def one_vs_rest_auroc(
    y: ArrayLike, p: ArrayLike, cls: int, *, fold: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Value:
    """AUROC of one class against all others, by that class's probability. Higher is better."""
    y, p, weight = columns(y, p, weight=weight)
    value = auroc(y == cls, p[:, cls], fold=fold, weight=weight)
    return value if value.value is not None else unknown("the class, or every other class, has no row")


def hand_till_m(y: ArrayLike, p: ArrayLike, *, fold: ArrayLike | None = None, weight: ArrayLike | None = None) -> Value:
    """Hand and Till's M (2001): mean over pairs of classes of (A(i|j) + A(j|i)) / 2. Higher is better, 0.5 chance.

    A class without rows makes it not estimable: it is never dropped from the mean in silence.
    """
    y, p, weight = columns(y, p, weight=weight)
    if p.ndim != 2 or p.shape[1] < 2:
        raise InputError("Hand and Till's M needs one column of probabilities per class")
    absent = [k for k in range(p.shape[1]) if not weight[y == k].sum()]
    if absent:
        return unknown(f"{len(absent)} of {p.shape[1]} classes have no row")
    rankings = [Ranking.of(p[:, k], fold) for k in range(p.shape[1])]
    parts = []
    for i in range(p.shape[1]):
        for j in range(p.shape[1]):
            if i != j:
                concordant, usable = rankings[i].count(weight * (y == i), weight * (y == j))
                if usable == 0:
                    return unknown("two classes never stand in one fold")
                parts.append(concordant / usable)
    return known(float(np.mean(parts)))

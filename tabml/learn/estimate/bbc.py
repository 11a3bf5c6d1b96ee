"""BBC-CV: the choice made again on drawn patients and judged on those left out.

Tsamardinos, Greasidou, Borboudakis 2018, Machine Learning 107:1895. Drawn are patients; made again is the whole
choice: candidate, checkpoints of the blend, calibration. Nothing is fitted: out-of-fold links are enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabml.core.config import StudyConfig
from tabml.core.findings import Finding, finding
from tabml.core.splits import derive_seed
from tabml.learn.calibrate import Calibrator, Teacher, unchanged
from tabml.learn.contenders import Chooser
from tabml.learn.ensemble import Field, Members, decide
from tabml.learn.judge import Ask, Judge
from tabml.learn.loss import Floats, Link
from tabml.learn.material import Material
from tabml.metrics.intervals import bootstrap_counts

#: Given the data an out-of-bag mean varies by SE^2 (1/.368 - 1), so its quantiles are 1.31 times too wide.
SHRINK = 0.763
MOST_SKIPPED = 0.05


def patient_weights(material: Material, resamples: int, *name: str) -> NDArray[np.int32]:
    """Bootstrap counts of patients (B, N), drawn inside outcome strata; one matrix serves every metric."""
    patients = material.patients
    strata = np.unique(patients.outcome.astype(str), return_inverse=True)[1]
    seed = derive_seed(material.seed, *name)
    return bootstrap_counts(np.arange(patients.n), resamples=resamples, seed=seed, strata=strata).counts


@dataclass(frozen=True)
class Corrected:
    """Out-of-bag draws of one model: each metric (B,), and the loss per left-out patient (B,)."""

    draws: Mapping[Ask, Floats]
    loss: Floats


def bias_corrected(
    field: Field,
    models: Mapping[str, Chooser],
    asks: Mapping[str, Sequence[Ask]],
    judge: Judge,
    lesson: Teacher,
    folds: NDArray[np.int64],
    config: StudyConfig,
    weights: NDArray[np.int32],
) -> dict[str, Corrected]:
    """BBC-CV of every named model. `folds` (R, n) says in which fold a row was tested; `weights` (B, N) are the draws.

    The null model is not calibrated: there is nothing to learn from a constant.
    """
    decision = decide(field, config.final.choice, weights.astype(float))
    out = {}
    for name, choose in models.items():
        members = list(choose(decision))
        out[name] = _out_of_bag(field, members, asks[name], judge, lesson, folds, weights, calibrate=name != "null")
    return out


def _out_of_bag(
    field: Field,
    members: Sequence[Members],
    asks: Sequence[Ask],
    judge: Judge,
    lesson: Teacher,
    folds: NDArray[np.int64],
    weights: NDArray[np.int32],
    *,
    calibrate: bool,
) -> Corrected:
    draws = {a: np.full(len(weights), np.nan) for a in asks}
    loss = np.full(len(weights), np.nan)
    for chosen in sorted(set(members)):
        rows = np.array([b for b, m in enumerate(members) if m == chosen])
        raw = field.link(chosen)
        inside = weights[rows][:, judge.patient].astype(float)
        calibrators = _learn(lesson, raw, inside) if calibrate else [unchanged(judge.target.task)] * len(rows)
        found = [_judged(asks, judge, raw[r], calibrators, inside == 0, rows, folds[r]) for r in range(len(folds))]
        for ask in asks:
            draws[ask][rows] = np.mean([f[ask] for f in found], axis=0)
        loss[rows] = _left_out_loss(field, raw, calibrators, weights[rows] == 0)
    return Corrected(draws, loss)


def _judged(
    asks: Sequence[Ask], judge: Judge, raw: Link, calibrators: Sequence[Calibrator], outside: NDArray[np.bool_],
    number: NDArray[np.int64], fold: NDArray[np.int64],
) -> dict[Ask, Floats]:  # fmt: skip
    """Draws of one repeat: links (n, ...) judged on the rows outside each draw (B, n)."""
    return judge.draws(
        asks, outside.astype(float), raw, lambda i: calibrators[i].apply(raw), number=number, fold=fold
    )  # fmt: skip


def _left_out_loss(field: Field, raw: Link, calibrators: Sequence[Calibrator], outside: NDArray[np.bool_]) -> Floats:
    """Mean loss of the patients outside each draw (B, N), calibrated, mean over repeats."""
    costs = [
        field.rule(np.stack([c.apply(raw[r]) for r in range(len(raw))])).mean(axis=0)[out].mean()
        for c, out in zip(calibrators, outside, strict=True)
    ]
    return np.array(costs)


def _learn(lesson: Teacher, raw: Link, weights: Floats) -> list[Calibrator]:
    """Calibrators from the rows of all repeats: links (R, n, ...), row weights (B, n)."""
    repeats = len(raw)
    flat = raw.reshape(repeats * raw.shape[1], *raw.shape[2:])
    return lesson.tiled(repeats).fit_many(flat, np.tile(weights, (1, repeats)) / repeats)


def lower_bound(difference: Floats, *, shrink: float = SHRINK, share: float = 0.05) -> float:
    """One-sided 95 % lower bound of a mean difference from its draws, shrunk where they are out-of-bag."""
    d = difference[np.isfinite(difference)]
    return float(d.mean() + shrink * (np.quantile(d, share) - d.mean()))


REFERENCES = (
    ("null", "no usable signal", "TB240", "the null model"),
    ("age_sex", "no better than age and sex", "TB230", "age and sex"),
)


def verdict(gains: Mapping[str, Floats], *, shrink: float = SHRINK) -> tuple[str, tuple[Finding, ...]]:
    """`useful`, `no better than age and sex` or `no usable signal`, by the loss of unseen patients.

    `gains` holds draws (B,) of loss(reference) - loss(final). Useful means that their one-sided 95 % lower bound is
    above 0 for every reference.
    """
    for name, word, code, title in REFERENCES:
        if name not in gains:
            continue
        bound = lower_bound(gains[name], shrink=shrink)
        if bound <= 0:
            said = f"mean loss against {title} falls by {np.nanmean(gains[name]):.4f}, 95 % lower bound {bound:.4f}"
            return word, (finding(code, said),)
    return "useful", ()
